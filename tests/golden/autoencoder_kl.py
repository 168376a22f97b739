"""Goldens of AutoencoderKL, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/autoencoder_kl.py                        # writes tests/golden/autoencoder_kl/*
    python tests/golden/autoencoder_kl.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with
- golden.safetensors: `latents` and the decoded `output`;
- encode.safetensors: `sample` and, as `output`, the mean of its latents;
- posterior.safetensors: `sample`, `log_variance`, `noise` of N(0, 1), and the draw `output`;
- for some, tiled_decode.safetensors and tiled_encode.safetensors: as the first two, in tiles.
"""

import argparse
import json
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

TINY = dict(in_channels=3, out_channels=3, block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2,
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, latent_channels=4, sample_size=16)

CASES = {
    "plain": dict(),
    "three_levels": dict(in_channels=1, out_channels=2, block_out_channels=[4, 4, 8], layers_per_block=2,
                         down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3, act_fn="mish",
                         latent_channels=3, latents_mean=[0.1, -0.2, 0.3], latents_std=[1.5, 0.5, 2.0], sample_size=[24, 32]),
    "no_attention": dict(mid_block_add_attention=False, act_fn="gelu", shift_factor=0.0609, scaling_factor=1.5305, latent_channels=2),
    "no_quant_conv": dict(use_quant_conv=False, use_post_quant_conv=False, force_upcast=False, act_fn="SiLU"),
    "attn_blocks": dict(down_block_types=["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
                        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"]),
    "one_level": dict(block_out_channels=[4], down_block_types=["DownEncoderBlock2D"], up_block_types=["UpDecoderBlock2D"],
                      act_fn="relu"),
    "older_names": dict(block_out_channels=[4, 4]),
    "tiles": dict(block_out_channels=[4, 4]),
    "uneven_tiles": dict(block_out_channels=[4, 4], sample_size=22),
}
TILED = {"tiles": ((9, 14), (40, 34)), "uneven_tiles": ((23, 9), (20, 47))}


def build(config, seed):
    torch.manual_seed(seed)
    model = AutoencoderKL(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
        # Some logarithms of variances beyond their bounds.
        last = model.encoder.conv_out if model.quant_conv is None else model.quant_conv
        last.bias[-1] += 25
        last.bias[-2] -= 32
    return model


def write(folder, config, seed, batch, latent_size, size):
    model = build(config, seed)
    latents = torch.randn(batch, model.config.latent_channels, *latent_size)
    sample = torch.rand(batch, model.config.in_channels, *size) * 2 - 1
    with torch.no_grad():
        decoded = model.decode(latents).sample
        posterior = model.encode(sample).latent_dist
    noise = torch.randn(posterior.mean.shape)
    drawn = posterior.mean + posterior.std * noise
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save(folder / "golden.safetensors", latents=latents, output=decoded)
    save(folder / "encode.safetensors", sample=sample, output=posterior.mean)
    save(folder / "posterior.safetensors", sample=sample, log_variance=posterior.logvar, noise=noise, output=drawn)
    return model


def write_tiled(folder, model, latent_size, size):
    model.enable_tiling()
    latents = torch.randn(1, model.config.latent_channels, *latent_size)
    sample = torch.rand(1, model.config.in_channels, *size) * 2 - 1
    with torch.no_grad():
        decoded, encoded = model.decode(latents).sample, model.encode(sample).latent_dist.mean
    save(folder / "tiled_decode.safetensors", latents=latents, output=decoded)
    save(folder / "tiled_encode.safetensors", sample=sample, output=encoded)


def save(path, **tensors):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def rename_attention(folder):
    """Writes the weights as files from before diffusers 0.17 have them: other names, and 1x1 convolutions."""
    path = folder / "diffusion_pytorch_model.safetensors"
    older = {}
    for name, tensor in load_file(path).items():
        for now, before in [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]:
            if f".{now}." in name:
                name = name.replace(now, before)
                tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        older[name] = tensor.contiguous()
    save_file(older, path)


def random_config(rng):
    """A configuration that diffusers can run, small enough for a second of CPU time."""
    levels = rng.choice([1, 2, 2, 3, 3, 4])
    groups = rng.choice([1, 2, 4, 8])
    latents = rng.choice([1, 3, 4, 8])
    statistics = rng.random() < 0.2
    return dict(
        in_channels=rng.choice([1, 3, 4]), out_channels=rng.choice([1, 3, 4]), latent_channels=latents,
        block_out_channels=[rng.choice([8, 16, 24, 32, 40, 64]) for _ in range(levels)], norm_num_groups=groups,
        down_block_types=[rng.choice(["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D"]) for _ in range(levels)],
        up_block_types=[rng.choice(["UpDecoderBlock2D"] * 3 + ["AttnUpDecoderBlock2D"]) for _ in range(levels)],
        layers_per_block=rng.choice([1, 2, 2, 3]), act_fn=rng.choice(["silu", "silu", "swish", "mish", "gelu", "relu"]),
        sample_size=rng.choice([16, 24, 32, 33]), scaling_factor=rng.choice([0.18215, 0.13025, 1.5305]),
        shift_factor=rng.choice([None, 0.0609]), latents_mean=[0.1] * latents if statistics else None,
        latents_std=[1.5] * latents if statistics else None, force_upcast=rng.random() < 0.5,
        use_quant_conv=rng.random() < 0.6, use_post_quant_conv=rng.random() < 0.6, mid_block_add_attention=rng.random() < 0.7,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "autoencoder_kl")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    for i in range(arguments.random):
        rng = random.Random(arguments.seed * 1000 + i)
        config = random_config(rng)
        folder = arguments.out / f"random_{arguments.seed}_{i}"
        unit = 2 ** (len(config["block_out_channels"]) - 1)
        size = tuple(unit * rng.choice([2, 3, 5]) + rng.choice([0, 0, 1]) for _ in range(2))
        try:
            model = write(folder, config, i, rng.choice([1, 2, 3]), (rng.choice([1, 3, 4]), rng.choice([2, 5])), size)
            tile = config["sample_size"] // unit
            if tile >= 2:
                stride = int(config["sample_size"] * 0.75)
                whole = tuple(stride * rng.choice([1, 2]) + rng.choice([unit, stride]) for _ in range(2))
                write_tiled(folder, model, (tile + rng.choice([1, 3]), 2 * tile), whole)
        except (RuntimeError, ValueError, ZeroDivisionError) as error:
            print(i, "diffusers refuses:", error, json.dumps(config))
    if arguments.random:
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        folder = arguments.out / name
        size = (13, 10) if name == "three_levels" else (8, 12)
        model = write(folder, {**TINY, **changes}, seed, 2 - seed % 2, (3, 4), size)
        if name in TILED:
            write_tiled(folder, model, *TILED[name])
        if name == "older_names":
            rename_attention(folder)


if __name__ == "__main__":
    main()
