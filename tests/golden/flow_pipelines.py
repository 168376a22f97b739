"""Goldens of the pipelines of Stable Diffusion 3 and Flux, made with diffusers 0.42.1, transformers and PyTorch on the CPU.

    python tests/golden/flow_pipelines.py                                   # writes tests/golden/flow_pipelines/*
    python tests/golden/flow_pipelines.py --random 30 --out DIR             # many random folders, not for the repository
    python tests/golden/flow_pipelines.py --random 30 --out DIR --langevin target/release/langevin   # and compares

Each case is a folder as those of stable_diffusion.py are. The states of Flux are unpacked to [1, C, h, w], as they are
before the pipeline packs them.
"""

import json
import random
import shutil

import numpy as np
import pipeline_runs
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler, FluxPipeline, FluxTransformer2DModel, \
    SD3Transformer2DModel, StableDiffusion3Pipeline
from safetensors.numpy import save_file
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

import stable_diffusion as sd

PIECES = ["▁", "▁the", "▁a", "light", "house", "▁light", "▁at", "▁of", "s", "t", "e", "a", "r", "d", "▁red", "fox", "'", "▁sea", ",", "1", "2", "f", "o",
          "x", "n", "w", "▁dawn", "▁photo", "é", "i", "l", "u", "c", "▁b", "P", "A", "C", "."]


def t5_tokenizer(folder, rng):
    scores = [(piece, -2.0 - 6 * rng.random()) for piece in PIECES]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *scores, *((f"<extra_id_{i}>", 0.0) for i in range(9, -1, -1))]
    made = T5TokenizerFast(vocab=vocabulary, extra_ids=10, model_max_length=512)
    made.save_pretrained(folder)
    return made, len(vocabulary)


def t5_encoder(vocabulary, width, layers, seed):
    torch.manual_seed(seed)
    config = T5Config(vocab_size=vocabulary, d_model=width, d_kv=4, d_ff=2 * width, num_layers=layers, num_heads=2, relative_attention_num_buckets=8,
                      relative_attention_max_distance=20, feed_forward_proj="gated-gelu")
    model = T5EncoderModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 1.0 if parameter.dim() == 1 else 2 * parameter.shape[-1] ** -0.5
            parameter.add_(0.3 * scale * torch.randn_like(parameter))
    return model


def autoencoder(channels, width, seed, **keys):
    torch.manual_seed(seed)
    model = AutoencoderKL(block_out_channels=[width, width], layers_per_block=1, down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                          latent_channels=channels, norm_num_groups=2, sample_size=16, use_quant_conv=False, use_post_quant_conv=False, **keys)
    return sd.stir(model, seed)


def build(kind, scheduler, options, folder, seed):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng, width, layers, channels = random.Random(seed), options["width"], options["layers"], options["channels"]
    made, vocabulary = sd.tokenizer(folder / "tokenizer", None)
    words, known = t5_tokenizer(folder / "t5", rng)
    shutil.rmtree(folder / "t5")
    joint = options["joint"]
    t5 = t5_encoder(known, joint, layers, seed + 4)
    torch.manual_seed(seed)
    if kind == "sd3":
        transformer = SD3Transformer2DModel(sample_size=8, patch_size=options.get("patch", 2),
                                            in_channels=options.get("in_channels", channels), out_channels=channels, num_layers=layers,
                                            attention_head_dim=4, num_attention_heads=2, joint_attention_dim=joint, caption_projection_dim=8,
                                            pooled_projection_dim=2 * width, pos_embed_max_size=options["places"], qk_norm=options.get("qk_norm"),
                                            dual_attention_layers=options.get("dual", []))
        vae = autoencoder(channels, width // 2, seed + 1, scaling_factor=1.5305, shift_factor=0.0609)
        second, _ = sd.tokenizer(folder / "tokenizer_2", None)
        second.pad_token = "!"
        pipeline = StableDiffusion3Pipeline(
            transformer=sd.stir(transformer, seed), scheduler=scheduler, vae=vae, tokenizer=made, tokenizer_2=second,
            text_encoder=sd.text_encoder(vocabulary, width, True, seed + 2), text_encoder_2=sd.text_encoder(vocabulary, width, True, seed + 3),
            text_encoder_3=t5 if options.get("t5", True) else None, tokenizer_3=words if options.get("t5", True) else None)
    else:
        transformer = FluxTransformer2DModel(in_channels=4 * channels, num_layers=layers, num_single_layers=layers, attention_head_dim=8,
                                             num_attention_heads=layers,
                                             joint_attention_dim=joint, pooled_projection_dim=width, axes_dims_rope=[2, 2, 4],
                                             guidance_embeds=kind == "dev")
        vae = autoencoder(channels, width // 2, seed + 1, scaling_factor=0.3611, shift_factor=0.1159)
        pipeline = FluxPipeline(transformer=sd.stir(transformer, seed), scheduler=scheduler, vae=vae, tokenizer=made, tokenizer_2=words,
                                text_encoder=sd.text_encoder(vocabulary, width, False, seed + 2), text_encoder_2=t5)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline


def record(pipeline, kind, call, folder):
    height, width = call["size"]
    states, flux = [], kind != "sd3"

    def told(pipe, step, timestep, values):
        latents = values["latents"].detach().float()
        if flux:
            latents = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
        states.append(latents.numpy().copy())
        return values

    arguments = dict(prompt=call["prompt"], num_inference_steps=call["steps"], guidance_scale=call["guidance"], height=height, width=width,
                     generator=torch.Generator().manual_seed(call["seed"]), output_type="pt", callback_on_step_end=told)
    if call.get("negative") is not None:
        arguments["negative_prompt"] = call["negative"]
    if call.get("clip_skip"):
        arguments["clip_skip"] = call["clip_skip"]
    picture = pipeline(**arguments).images
    channels = pipeline.vae.config.latent_channels
    start = torch.randn((1, channels, height // 2, width // 2), generator=torch.Generator().manual_seed(call["seed"]))
    trajectory = np.stack([start.numpy(), *states])
    (folder / "call.json").write_text(json.dumps(call, indent=2) + "\n")
    save_file({"trajectory": trajectory.astype(np.float32), "sample": (picture * 2 - 1).numpy().astype(np.float32)}, folder / "golden.safetensors")


SMALL = dict(channels=4, width=4, layers=1, joint=12, places=8)


def cases():
    euler, small = FlowMatchEulerDiscreteScheduler, SMALL
    yield "sd3", "sd3", euler(shift=3.0), small, dict(
        prompt="A red fox's photo of the lighthouse", negative="blue sea", steps=4, guidance=7.0, seed=3, size=[16, 16])
    yield "sd3_without_t5", "sd3", euler(use_dynamic_shifting=True), dict(small, t5=False, dual=[0], qk_norm="rms_norm"), dict(
        prompt="Café at dawn, " + "blue sea, " * 40, steps=3, guidance=4.5, seed=11, size=[16, 24], clip_skip=1)
    yield "flux_dev", "dev", euler(shift=3.0, use_dynamic_shifting=True), small, dict(
        prompt="the lighthouse, a photo", steps=4, guidance=3.5, seed=5, size=[16, 24])


def draw(rng, i):
    kind = rng.choice(["sd3", "sd3", "dev", "schnell"])
    keys = dict(shift=rng.choice([1.0, 3.0, 2.2]))
    if rng.random() < 0.5:
        keys.update(use_dynamic_shifting=True, base_shift=rng.choice([0.5, 0.3]), max_shift=rng.choice([1.15, 2.0]),
                    time_shift_type=rng.choice(["exponential", "linear"]))
    if rng.random() < 0.2:
        keys[rng.choice(["use_karras_sigmas", "use_exponential_sigmas"])] = True
    if rng.random() < 0.2:
        keys["shift_terminal"] = 0.1
    scheduler = FlowMatchEulerDiscreteScheduler(**keys)
    if kind == "sd3" and rng.random() < 0.15:
        scheduler = FlowMatchHeunDiscreteScheduler(shift=keys["shift"])
    options = dict(channels=rng.choice([4, 16]), width=8, layers=2, places=24, joint=rng.choice([16, 20, 32]))
    call = dict(prompt=" ".join(rng.choice(sd.WORDS) for _ in range(rng.choice([1, 5, 30, 90, 400]))), steps=rng.randint(2, 12), seed=rng.randint(0, 10**6),
                guidance=rng.choice([1.0, 3.5, 7.0]), size=[8 * rng.randint(1, 4), 8 * rng.randint(1, 4)])
    if kind == "sd3":
        options.update(t5=rng.random() < 0.6, patch=rng.choice([1, 2, 4]), qk_norm=rng.choice([None, "rms_norm"]), dual=rng.choice([[], [0]]))
        if rng.random() < 0.5:
            call["negative"] = " ".join(rng.choice(sd.WORDS) for _ in range(3))
        if rng.random() < 0.3:
            call["clip_skip"] = 1
    return f"{i:03}", kind, scheduler, options, call


if __name__ == "__main__":
    pipeline_runs.main("flow_pipelines", cases, draw, build, record, sd.arguments)
