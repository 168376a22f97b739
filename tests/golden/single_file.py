"""Files that `langevin convert` writes and reads, compared with diffusers 0.42.1, transformers and PyTorch on the CPU.

    python tests/golden/single_file.py --langevin target/release/langevin --out DIR

Small pipelines of Stable Diffusion 1, 2 and XL are built whose shapes tell their configurations as those of the real ones do
(32 groups, heads of 64 channels or 8 of them). For each:

- the folder as one file: diffusers' own conversion of that file gives the folder's tensors, bit for bit, and
  `from_single_file` the same pictures;
- the file without its metadata as a folder again: the same tensors, the same settings;
- of XL's refiner the tensors and settings, there and back;
- pictures that `langevin sample` draws from the file, from the folder in half precision, in shards, as a variant, and as
  PyTorch's files, compared with diffusers' on the same weights.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys

import diffusers
import numpy as np
import stable_diffusion as sd
import torch
from diffusers.loaders import single_file_utils as utils
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

# What `stable_diffusion` adds for `clip_skip` misleads diffusers' reader of single files.
if isinstance(vars(CLIPTextModel).get("text_model"), property):
    del CLIPTextModel.text_model

failed = 0


def check(name, good, shown=""):
    global failed
    failed += not good
    print(f"{'' if good else 'FAILS '}{name} {shown}", flush=True)


def run(langevin, *arguments):
    done = subprocess.run([str(part) for part in (langevin, *arguments)], capture_output=True, text=True)
    if done.returncode:
        check(" ".join(map(str, arguments)), False, done.stderr.strip())
    return done


def text_encoder(vocabulary, width, layers, projected, act, seed):
    torch.manual_seed(seed)
    config = CLIPTextConfig(vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
                            num_attention_heads=width // 64, max_position_embeddings=77, projection_dim=width, hidden_act=act,
                            bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1)
    model = (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def build(kind, rng, folder, seed):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made, vocabulary = sd.tokenizer(folder / "tokenizer", None)
    xl, two = kind == "xl", kind == "sd2"
    levels = rng.choice([2, 3]) if not xl else 3
    channels = [64 * rng.choice([1, 2]) for _ in range(levels)]
    layers = rng.choice([1, 2])
    attends = [True] * (levels - 1) + [False] if not xl else [False, True, True]
    depths = [1] * levels if not xl else [1, 1, 2]
    unet = dict(sample_size=64 if kind == "sd1" else 96 if two else 128, in_channels=4, out_channels=4, block_out_channels=channels,
                layers_per_block=layers, norm_num_groups=32, use_linear_projection=kind != "sd1",
                down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
                up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
                cross_attention_dim=64 if not xl else 192, attention_head_dim=8 if kind == "sd1" else [c // 64 for c in channels],
                transformer_layers_per_block=depths if xl else 1)
    if xl:
        unet.update(addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=6 * 256 + 128)
    torch.manual_seed(seed)
    unet = sd.stir(diffusers.UNet2DConditionModel(**unet), seed)
    blocks = rng.choice([2, 3])
    vae = sd.stir(diffusers.AutoencoderKL(
        block_out_channels=[32 * rng.choice([1, 2]) for _ in range(blocks)], down_block_types=["DownEncoderBlock2D"] * blocks,
        up_block_types=["UpDecoderBlock2D"] * blocks, latent_channels=4, layers_per_block=rng.choice([1, 2]),
        sample_size=512, scaling_factor=0.13025 if xl else 0.18215, force_upcast=True), seed + 1)
    if xl:
        scheduler = sd.scheduler("EulerDiscreteScheduler", timestep_spacing="leading", steps_offset=1)
    elif two:
        scheduler = sd.scheduler("DDIMScheduler", prediction_type="v_prediction", set_alpha_to_one=False, steps_offset=1, clip_sample=False)
    else:
        scheduler = sd.scheduler("PNDMScheduler", skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)
    parts = dict(unet=unet, vae=vae, tokenizer=made, scheduler=scheduler)
    act = "gelu" if two else "quick_gelu"
    parts["text_encoder"] = text_encoder(vocabulary, 64, rng.choice([2, 3]), False, act, seed + 2)
    if xl:
        second, _ = sd.tokenizer(folder / "tokenizer_2", None)
        parts.update(tokenizer_2=second, text_encoder_2=text_encoder(vocabulary, 128, 2, True, "gelu", seed + 3))
        pipeline = diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        pipeline = diffusers.StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, image_encoder=None,
                                                     requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline


def pictures(pipeline, call):
    """The latents at the end of diffusers' own run."""
    generator = torch.Generator().manual_seed(call["seed"])
    side = call["side"] * 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
    return pipeline(prompt=call["prompt"], num_inference_steps=call["steps"], guidance_scale=5.0, height=side, width=side,
                    generator=generator, output_type="latent").images, side


def compare(langevin, name, model, call, side, expected, tolerance, *more):
    out = model.parent / "states.safetensors"
    done = run(langevin, "sample", model, "--prompt", call["prompt"], "--steps", call["steps"], "--guidance", "5", "--size", f"{side}x{side}",
               "--seed", call["seed"], "--rng", "torch", "--trajectory", out, "--out", model.parent / "o.png", *more)
    if done.returncode:
        return
    ours = load_file(out)["trajectory"][-1]
    error = (ours - expected).abs().max().item() / max(1.0, expected.abs().max().item())
    check(name, error <= tolerance, f"{error:.1e}")


def equal(name, ours, theirs):
    """Whether two dictionaries of tensors are the same, bit for bit."""
    def named(tensors):
        return {key.removeprefix("text_model."): value for key, value in tensors.items() if not key.endswith("position_ids")}
    ours, theirs = named(ours), named(theirs)
    missing = sorted(set(theirs) ^ set(ours))
    wrong = [key for key in theirs if key in ours and not (ours[key].shape == theirs[key].shape and torch.equal(ours[key], theirs[key]))]
    check(name, not missing and not wrong, f"{len(theirs)} tensors {missing[:3]} {wrong[:3]}")


def weights(folder):
    (path,) = folder.glob("*.safetensors")
    return load_file(path)


def converted(kind, pipeline, tensors, expected):
    """What diffusers' own functions make of the file."""
    equal(f"{kind} unet", utils.convert_ldm_unet_checkpoint(dict(tensors), pipeline.unet.config), expected["unet"])
    equal(f"{kind} vae", utils.convert_ldm_vae_checkpoint(dict(tensors), pipeline.vae.config), expected["vae"])
    if kind == "sd2":
        equal("sd2 text", utils.convert_open_clip_checkpoint(pipeline.text_encoder, dict(tensors)), expected["text_encoder"])
    else:
        equal(f"{kind} text", utils.convert_ldm_clip_checkpoint(dict(tensors)), expected["text_encoder"])
    if kind == "xl":
        second = utils.convert_open_clip_checkpoint(pipeline.text_encoder_2, dict(tensors), "conditioner.embedders.1.model.")
        equal("xl text 2", second, expected["text_encoder_2"])


def settings(name, ours, theirs):
    """Whether the settings that shapes tell are those of the folder; what is not written is the class's default."""
    ignored = {"_name_or_path", "_diffusers_version", "transformers_version", "dtype", "torch_dtype", "architectures", "bos_token_id",
               "eos_token_id", "pad_token_id", "projection_dim", "sample_size"}
    wrong = {}
    for key in set(ours) & set(theirs) - ignored:
        a, b = ours[key], theirs[key]
        if isinstance(b, list) and not isinstance(a, list):
            a = [a] * len(b)
        if a != b:
            wrong[key] = (a, b)
    check(name, not wrong, str(wrong) if wrong else "")


def case(langevin, kind, rng, out, seed):
    folder = out / f"{kind}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = build(kind, rng, folder / "model", seed)
    model, work = folder / "model", folder
    parts = ["unet", "vae", "text_encoder"] + (["text_encoder_2"] if kind == "xl" else [])
    expected = {part: weights(model / part) for part in parts}
    call = dict(prompt="a red fox at dawn", steps=3, seed=seed, side=8)
    latents, side = pictures(pipeline, call)

    run(langevin, "convert", model, work / "one.safetensors")
    tensors = load_file(work / "one.safetensors")
    converted(kind, pipeline, tensors, expected)
    named = type(pipeline)
    again = named.from_single_file(str(work / "one.safetensors"), config=str(model), local_files_only=True)
    again.set_progress_bar_config(disable=True)
    check(f"{kind} from_single_file", torch.equal(pictures(again, call)[0], latents))
    compare(langevin, f"{kind} sample one file", work / "one.safetensors", call, side, latents, 1e-3, "--tokenizer", model)

    # Nothing but the names and shapes of the tensors.
    save_file(tensors, work / "bare.safetensors")
    run(langevin, "convert", work / "bare.safetensors", work / "again", "--tokenizer", model)
    for part in parts:
        equal(f"{kind} back {part}", weights(work / "again" / part), expected[part])
        read = lambda folder: json.loads((folder / part / "config.json").read_text())
        settings(f"{kind} settings {part}", read(work / "again"), read(model))
    compare(langevin, f"{kind} sample bare file", work / "bare.safetensors", call, side, latents, 1e-3, "--tokenizer", model)
    torch.save({"state_dict": tensors, "epoch": 3}, work / "bare.ckpt")
    compare(langevin, f"{kind} sample checkpoint", work / "bare.ckpt", call, side, latents, 1e-3, "--tokenizer", model)
    opened = named.from_pretrained(work / "again")
    opened.set_progress_bar_config(disable=True)
    check(f"{kind} from_pretrained", torch.equal(pictures(opened, call)[0], latents))

    # Folders.
    run(langevin, "convert", model, work / "half", "--dtype", "f16", "--variant", "fp16", "--shard-size", "200KB")
    half = named.from_pretrained(work / "half", variant="fp16", torch_dtype=torch.float32)
    half.set_progress_bar_config(disable=True)
    for part in parts:
        rounded = {key: value.half().float() for key, value in expected[part].items()}
        equal(f"{kind} half {part}", getattr(half, part).state_dict(), rounded)
    compare(langevin, f"{kind} sample half", work / "half", call, side, pictures(half, call)[0], 1e-3)
    for ending, legacy in (("bin", False), ("legacy", True)):
        shutil.copytree(model, work / ending, dirs_exist_ok=True)
        for part in parts:
            (path,) = (work / ending / part).glob("*.safetensors")
            stem = "pytorch_model" if path.name.startswith("model") else "diffusion_pytorch_model"
            torch.save(load_file(path), path.with_name(f"{stem}.bin"), _use_new_zipfile_serialization=not legacy)
            path.unlink()
        compare(langevin, f"{kind} sample {ending}", work / ending, call, side, latents, 1e-3)
        run(langevin, "convert", work / ending, work / f"{ending}-back")
        for part in parts:
            equal(f"{kind} {ending} {part}", weights(work / f"{ending}-back" / part), expected[part])
    shutil.rmtree(folder)


def refiner(langevin, rng, out, seed):
    """The refiner of XL, whose only text encoder is the second: its tensors and settings, there and back."""
    work = out / f"refiner-{seed}"
    shutil.rmtree(work, ignore_errors=True)
    xl = build("xl", rng, work / "xl", seed)
    config = {key: value for key, value in xl.unet.config.items() if not key.startswith("_")}
    config.update(cross_attention_dim=128, projection_class_embeddings_input_dim=5 * 256 + 128)
    torch.manual_seed(seed)
    pipeline = diffusers.StableDiffusionXLImg2ImgPipeline(
        unet=sd.stir(diffusers.UNet2DConditionModel(**config), seed), vae=xl.vae, scheduler=xl.scheduler, text_encoder=None, tokenizer=None,
        text_encoder_2=xl.text_encoder_2, tokenizer_2=xl.tokenizer_2, requires_aesthetics_score=True, add_watermarker=False)
    model, parts = work / "model", ["unet", "vae", "text_encoder_2"]
    pipeline.save_pretrained(model)
    expected = {part: weights(model / part) for part in parts}
    run(langevin, "convert", model, work / "one.safetensors")
    tensors = load_file(work / "one.safetensors")
    equal("refiner unet", utils.convert_ldm_unet_checkpoint(dict(tensors), pipeline.unet.config), expected["unet"])
    equal("refiner vae", utils.convert_ldm_vae_checkpoint(dict(tensors), pipeline.vae.config), expected["vae"])
    second = utils.convert_open_clip_checkpoint(pipeline.text_encoder_2, dict(tensors), "conditioner.embedders.0.model.")
    equal("refiner text 2", second, expected["text_encoder_2"])
    save_file(tensors, work / "bare.safetensors")
    run(langevin, "convert", work / "bare.safetensors", work / "again", "--tokenizer", model)
    for part in parts:
        equal(f"refiner back {part}", weights(work / "again" / part), expected[part])
        settings(f"refiner settings {part}", *(json.loads((at / part / "config.json").read_text()) for at in (work / "again", model)))
    index = json.loads((work / "again" / "model_index.json").read_text())
    check("refiner index", index["_class_name"] == "StableDiffusionXLImg2ImgPipeline" and index["requires_aesthetics_score"] is True
          and index["text_encoder"] == [None, None], index)
    opened = diffusers.StableDiffusionXLImg2ImgPipeline.from_pretrained(work / "again")
    equal("refiner from_pretrained", opened.unet.state_dict(), expected["unet"])
    shutil.rmtree(work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True)
    parser.add_argument("--langevin", required=True)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for i in range(options.random):
        for kind in ("sd1", "sd2", "xl"):
            case(options.langevin, kind, rng, pathlib.Path(options.out), options.seed + i)
        refiner(options.langevin, rng, pathlib.Path(options.out), options.seed + i)
    print(f"{failed} failures")
    sys.exit(failed > 0)
