"""Goldens of VQModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/vq_model.py                        # writes tests/golden/vq_model/*
    python tests/golden/vq_model.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with
- golden.safetensors: `latents` and the `output` decoded after rounding to the codebook;
- encode.safetensors: `sample` and, as `output`, its latents before rounding;
- unrounded.safetensors: `latents` and the `output` decoded without rounding;
- codes.safetensors: `indices` into the codebook [N, H, W] and the `output` decoded from their codes.
"""

import argparse
import json
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import VQModel
from safetensors.torch import save_file

TINY = dict(block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2, down_block_types=["DownEncoderBlock2D"] * 2,
            up_block_types=["UpDecoderBlock2D"] * 2, latent_channels=3, num_vq_embeddings=16)

CASES = {
    "plain": dict(),
    "wide_codes": dict(vq_embed_dim=5, in_channels=1, out_channels=2, latent_channels=4, mid_block_add_attention=False, act_fn="gelu"),
    "attn_blocks": dict(down_block_types=["DownEncoderBlock2D", "AttnDownEncoderBlock2D"], num_vq_embeddings=40,
                        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"], lookup_from_codebook=True),
    "spatial": dict(block_out_channels=[32], down_block_types=["DownEncoderBlock2D"], up_block_types=["UpDecoderBlock2D"],
                    norm_type="spatial", latent_channels=2, mid_block_add_attention=False, norm_num_groups=8),
}
# A decoder steered by latents has 32 groups, so one with attention and two sizes is only among the random configurations.


def write(folder, config, seed, batch, latent_size, size):
    torch.manual_seed(seed)
    model = VQModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
        # Codes start within 1/n of zero, nearer to one another than the rounding of distances to common latents.
        model.quantize.embedding.weight.normal_()
    # Kept in half the space: every parameter is one that bfloat16 holds.
    torch.nn.Module.to(torch.nn.Module.to(model, torch.bfloat16), torch.float32)
    dim = model.quantize.vq_embed_dim
    latents = torch.randn(batch, dim, *latent_size)
    sample = torch.rand(batch, model.config.in_channels, *size) * 2 - 1
    indices = torch.randint(0, model.config.num_vq_embeddings, (batch, *latent_size))
    with torch.no_grad():
        rounded = model.decode(latents).sample
        encoded = model.encode(sample).latents
        model.register_to_config(lookup_from_codebook=False)
        unrounded = model.decode(latents, force_not_quantize=True).sample
        model.register_to_config(lookup_from_codebook=True)
        decoded = model.decode(indices, force_not_quantize=True, shape=(batch, *latent_size, dim)).sample
        model.register_to_config(lookup_from_codebook=config.get("lookup_from_codebook", False))
    shutil.rmtree(folder, ignore_errors=True)
    torch.nn.Module.to(model, torch.bfloat16).save_pretrained(folder)
    save(folder / "golden.safetensors", latents=latents, output=rounded)
    save(folder / "encode.safetensors", sample=sample, output=encoded)
    save(folder / "unrounded.safetensors", latents=latents, output=unrounded)
    save(folder / "codes.safetensors", indices=indices, output=decoded)


def save(path, **tensors):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def random_config(rng):
    """A configuration that diffusers can run, small enough for a second of CPU time."""
    levels = rng.choice([1, 2, 2, 3])
    spatial = rng.random() < 0.5
    latents = rng.choice([1, 3, 4, 8])
    return dict(
        in_channels=rng.choice([1, 3, 4]), out_channels=rng.choice([1, 3, 4]), latent_channels=latents,
        block_out_channels=[rng.choice([32, 64] if spatial else [8, 16, 24, 32, 40, 64]) for _ in range(levels)],
        down_block_types=[rng.choice(["DownEncoderBlock2D"] * 2 + ["AttnDownEncoderBlock2D"]) for _ in range(levels)],
        up_block_types=[rng.choice(["UpDecoderBlock2D"] * 2 + ["AttnUpDecoderBlock2D"]) for _ in range(levels)],
        layers_per_block=rng.choice([1, 2, 2]), act_fn=rng.choice(["silu", "silu", "swish", "mish", "gelu", "relu"]),
        num_vq_embeddings=rng.choice([1, 7, 64, 256, 1024]), norm_num_groups=rng.choice([1, 2, 4, 8]),
        vq_embed_dim=None if spatial else rng.choice([None, 2, 5]), norm_type="spatial" if spatial else "group",
        mid_block_add_attention=rng.random() < 0.7, lookup_from_codebook=rng.random() < 0.3,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "vq_model")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    for i in range(arguments.random):
        rng = random.Random(arguments.seed * 1000 + i)
        config = random_config(rng)
        unit = 2 ** (len(config["block_out_channels"]) - 1)
        size = tuple(unit * rng.choice([2, 3, 5]) + rng.choice([0, 0, 1]) for _ in range(2))
        # No fewer latents: a group of one channel and two pixels that are almost alike is normalised to rounding errors.
        try:
            write(arguments.out / f"random_{arguments.seed}_{i}", config, i,
                  rng.choice([1, 2, 3]), (rng.choice([3, 4]), rng.choice([2, 5])), size)
        except (RuntimeError, ValueError, ZeroDivisionError) as error:
            print(i, "diffusers refuses:", error, json.dumps(config))
    if arguments.random:
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 1 + seed % 2, (3, 4), (9, 6) if seed % 2 else (8, 12))


if __name__ == "__main__":
    main()
