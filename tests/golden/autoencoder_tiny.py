"""Goldens of AutoencoderTiny, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/autoencoder_tiny.py                        # writes tests/golden/autoencoder_tiny/*
    python tests/golden/autoencoder_tiny.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with
- golden.safetensors: `latents` and the decoded `output`;
- encode.safetensors: `sample` and, as `output`, its latents;
- bytes.safetensors: `latents`, the same `scaled` to [0, 1], and `output`, scaled back.
"""

import argparse
import json
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

TINY = dict(encoder_block_out_channels=[6, 6], decoder_block_out_channels=[6, 6], num_encoder_blocks=[1, 1],
            num_decoder_blocks=[1, 1])

CASES = {
    "plain": dict(),
    "uneven": dict(in_channels=1, out_channels=2, latent_channels=3, encoder_block_out_channels=[4, 4, 4], num_encoder_blocks=[0, 2, 1],
                   decoder_block_out_channels=[8, 8], num_decoder_blocks=[2, 0], act_fn="silu"),
    "tripled": dict(upsampling_scaling_factor=3, act_fn="gelu", latent_magnitude=2, latent_shift=0.25, scaling_factor=0.5),
    "one_stage": dict(encoder_block_out_channels=[4], decoder_block_out_channels=[4], num_encoder_blocks=[1], num_decoder_blocks=[1],
                      act_fn="MISH", shift_factor=0.1),
}


def write(folder, config, seed, batch, latent_size, size):
    torch.manual_seed(seed)
    model = AutoencoderTiny(**config).eval()
    latents = 2 * torch.randn(batch, model.config.latent_channels, *latent_size)
    sample = torch.rand(batch, model.config.in_channels, *size) * 2 - 1
    with torch.no_grad():
        decoded = model.decode(latents).sample
        encoded = model.encode(sample).latents
        scaled = model.scale_latents(2 * latents)
        unscaled = model.unscale_latents(scaled)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({"latents": latents, "output": decoded.contiguous()}, folder / "golden.safetensors")
    save_file({"sample": sample, "output": encoded.contiguous()}, folder / "encode.safetensors")
    save_file({"latents": 2 * latents, "scaled": scaled, "output": unscaled}, folder / "bytes.safetensors")


def random_config(rng):
    """A configuration that diffusers can run, small enough for a second of CPU time."""
    down, up = rng.choice([1, 2, 3, 4]), rng.choice([1, 2, 3, 4])
    return dict(
        in_channels=rng.choice([1, 3, 4]), out_channels=rng.choice([1, 3, 4]), latent_channels=rng.choice([1, 3, 4, 16]),
        encoder_block_out_channels=[rng.choice([4, 8, 13, 32, 64])] * down, decoder_block_out_channels=[rng.choice([4, 8, 13, 32, 64])] * up,
        num_encoder_blocks=[rng.choice([0, 1, 2, 3]) for _ in range(down)], num_decoder_blocks=[rng.choice([0, 1, 2, 3]) for _ in range(up)],
        act_fn=rng.choice(["relu", "relu", "silu", "swish", "mish", "gelu"]), upsampling_scaling_factor=rng.choice([2, 2, 1, 3]),
        latent_magnitude=rng.choice([3, 2]), latent_shift=rng.choice([0.5, 0.25]), scaling_factor=rng.choice([1.0, 0.18215]),
        upsample_fn=rng.choice(["nearest", "nearest", "nearest-exact"]),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "autoencoder_tiny")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    for i in range(arguments.random):
        rng = random.Random(arguments.seed * 1000 + i)
        config = random_config(rng)
        sizes = [tuple(rng.choice([1, 2, 5, 8]) for _ in range(2)), tuple(rng.choice([7, 16, 24]) for _ in range(2))]
        try:
            write(arguments.out / f"random_{arguments.seed}_{i}", config, i, rng.choice([1, 2, 3]), *sizes)
        except (RuntimeError, ValueError, ZeroDivisionError) as error:
            print(i, "diffusers refuses:", error, json.dumps(config))
    if arguments.random:
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 1 + seed % 2, (3, 4), (9, 6) if seed % 2 else (8, 12))


if __name__ == "__main__":
    main()
