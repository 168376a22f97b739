"""A folder of the sizes of Stable Diffusion 1.5 with random weights, and what diffusers and the binary make of it, in turns.

    python tests/golden/full_size.py FOLDER                                      # makes it, unless it is there: 4.1 GB
    python tests/golden/full_size.py FOLDER --langevin target/release/langevin   # and compares pictures, time and memory

Three pictures are made: from words, from a picture, and from a picture with a mask. Each side is a process of its own, from
its start to the picture on disk, with as many threads as --threads; its memory is the most that was resident. The tokenizer
is that of stable_diffusion.py, whose tokens are the first of the vocabulary of CLIP.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import diffusers
import numpy as np
import PIL.Image
import pipeline_runs
import torch
from safetensors.numpy import save_file
from transformers import CLIPTextConfig, CLIPTextModel

import from_pictures
import stable_diffusion as sd

CLASSES = dict(text="StableDiffusionPipeline", picture="StableDiffusionImg2ImgPipeline", mask="StableDiffusionInpaintPipeline")


def build(folder):
    """The configurations of the published folder, which diffusers' defaults hold in part."""
    made, _ = sd.tokenizer(folder / "tokenizer", None)
    torch.manual_seed(0)
    text = CLIPTextModel(CLIPTextConfig(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                                        max_position_embeddings=77, projection_dim=768)).eval()
    unet = diffusers.UNet2DConditionModel(sample_size=64, block_out_channels=[320, 640, 1280, 1280], cross_attention_dim=768, attention_head_dim=8)
    blocks = dict(down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)
    vae = diffusers.AutoencoderKL(block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512, **blocks)
    scheduler = sd.scheduler("PNDMScheduler", skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False)
    diffusers.StableDiffusionPipeline(
        unet=sd.stir(unet, 1), vae=sd.stir(vae, 2), text_encoder=text, tokenizer=made, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, image_encoder=None, requires_safety_checker=False).save_pretrained(folder)


def record(folder, call, out):
    """Diffusers' run, with every state of the latents."""
    torch.set_num_threads(call["threads"])
    pipeline = getattr(diffusers, CLASSES[call["task"]]).from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    states, prepare = [], pipeline.prepare_latents

    def prepared(*args, **keys):
        made = prepare(*args, **keys)
        states.append((made[0] if isinstance(made, tuple) else made).numpy().copy())
        return made

    def told(pipe, step, timestep, values):
        states.append(values["latents"].numpy().copy())
        return values

    pipeline.prepare_latents = prepared
    arguments = dict(prompt=call["prompt"], num_inference_steps=call["steps"], guidance_scale=7.5, output_type="pt", callback_on_step_end=told,
                     generator=torch.Generator().manual_seed(call["seed"]), height=call["size"], width=call["size"])
    if call["task"] != "text":
        arguments.update(image=PIL.Image.open(out / "init.png"), strength=call["strength"])
        if call["task"] == "picture":
            # It takes the size of the picture.
            del arguments["height"], arguments["width"]
    if call["task"] == "mask":
        arguments["mask_image"] = PIL.Image.open(out / "mask.png")
    picture = pipeline(**arguments).images
    save_file({"trajectory": np.stack(states), "sample": (picture * 2 - 1).numpy()}, out / "golden.safetensors")


def command(langevin, folder, call, out):
    made = [langevin, "sample", folder, "--prompt", call["prompt"], "--steps", call["steps"], "--seed", call["seed"], "--guidance", 7.5,
            "--rng", "torch", "--threads", call["threads"], "--trajectory", out / "ours.safetensors", "--out", out / "ours.png"]
    if call["task"] != "picture":
        made += ["--size", "x".join([str(call["size"])] * 2)]
    if call["task"] != "text":
        made += ["--init", out / "init.png", "--strength", call["strength"]]
    if call["task"] == "mask":
        made += ["--mask", out / "mask.png"]
    return made


def measured(command):
    """The seconds and the most resident MiB of a process that must succeed."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} fails")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--langevin", help="compare this binary")
    parser.add_argument("--tasks", nargs="+", choices=list(CLASSES), default=list(CLASSES))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--record", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder
    if options.record:
        out = pathlib.Path(options.record)
        return record(folder, json.loads((out / "call.json").read_text()), out)
    if not (folder / "model_index.json").exists():
        build(folder)
    failed = 0
    for task in options.tasks if options.langevin else []:
        out = folder / "runs" / task
        out.mkdir(parents=True, exist_ok=True)
        call = dict(task=task, prompt="a red fox's photo of the lighthouse at dawn", steps=options.steps, seed=7, strength=0.75, size=options.size,
                    threads=options.threads)
        (out / "call.json").write_text(json.dumps(call, indent=2) + "\n")
        rng = random.Random(3)
        from_pictures.picture(rng, options.size, options.size, 3).save(out / "init.png")
        from_pictures.picture(rng, options.size, options.size, 1).save(out / "mask.png")
        theirs = measured([sys.executable, __file__, folder, "--record", out])
        ours = measured(command(options.langevin, folder, call, out))
        found = pipeline_runs.difference(out)
        if isinstance(found, str):
            sys.exit(found)
        states, pixels = found
        good = states <= pipeline_runs.LATENTS and pixels <= pipeline_runs.PIXELS
        failed += not good
        print(f"{task} {'' if good else 'FAILS '}states {states:.1e}, pixels {pixels:.1e}; ours {ours[0]:.1f} s, {ours[1]:.0f} MiB; "
              f"diffusers {theirs[0]:.1f} s, {theirs[1]:.0f} MiB; ratios {theirs[0] / ours[0]:.2f}, {ours[1] / theirs[1]:.2f}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
