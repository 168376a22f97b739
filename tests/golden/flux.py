"""Goldens of FluxTransformer2DModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/flux.py                        # writes tests/golden/flux/*
    python tests/golden/flux.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep`, `encoder_hidden_states`, `pooled_projections`, `img_ids`, `txt_ids` and, where the network has it,
`guidance`, and the `output`.
"""

import argparse
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import save_file

TINY = dict(in_channels=6, num_layers=1, num_single_layers=1, attention_head_dim=8, num_attention_heads=2,
            joint_attention_dim=5, pooled_projection_dim=7, axes_dims_rope=[2, 2, 4])

CASES = {
    "schnell": dict(),
    "dev": dict(guidance_embeds=True, num_layers=2, num_single_layers=2, out_channels=4),
    "double": dict(num_single_layers=0, num_attention_heads=1, patch_size=2),
    "single": dict(num_layers=0, num_single_layers=2, axes_dims_rope=[4, 4], guidance_embeds=True),
}


def write(folder, config, seed, batch, size, words):
    torch.manual_seed(seed)
    model = FluxTransformer2DModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one, which would hide that they were left out.
        for name, parameter in model.named_parameters():
            if any(part in name for part in ["norm_q", "norm_k", "norm_added"]):
                parameter.add_(0.2 * torch.randn_like(parameter))
    axes, tokens = len(config["axes_dims_rope"]), size[0] * size[1]
    img_ids, txt_ids = torch.zeros(tokens, axes), torch.zeros(words, axes)
    img_ids[:, -2] = torch.arange(tokens) // size[1]
    img_ids[:, -1] = torch.arange(tokens) % size[1]
    if seed % 2:
        img_ids[:, 0] += 1
        txt_ids = torch.randint(-5, 200, (words, axes)).float()
    inputs = {
        "sample": torch.randn(batch, tokens, config["in_channels"]),
        "timestep": torch.rand(batch),
        "encoder_hidden_states": torch.randn(batch, words, config["joint_attention_dim"]),
        "pooled_projections": torch.randn(batch, config["pooled_projection_dim"]),
        "img_ids": img_ids,
        "txt_ids": txt_ids,
    }
    if config.get("guidance_embeds"):
        inputs["guidance"] = 1 + 6 * torch.rand(batch)
    named = {("hidden_states" if name == "sample" else name): value for name, value in inputs.items()}
    with torch.no_grad():
        output = model(**named).sample
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")


def random_config(rng):
    axes = [2 * rng.choice([1, 2, 3, 8]) for _ in range(rng.choice([2, 3, 3, 4]))]
    return dict(
        patch_size=rng.choice([1, 1, 2]), in_channels=rng.choice([4, 16, 64]), out_channels=rng.choice([None, None, 3]),
        num_layers=rng.choice([0, 1, 2, 3]), num_single_layers=rng.choice([0, 1, 2, 4]), attention_head_dim=sum(axes),
        num_attention_heads=rng.choice([1, 2, 3, 6]), joint_attention_dim=rng.choice([5, 32, 80]),
        pooled_projection_dim=rng.choice([7, 64]), guidance_embeds=rng.random() < 0.5, axes_dims_rope=axes,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "flux")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            rng = random.Random(arguments.seed * 1000 + i)
            config = random_config(rng)
            size = [rng.choice([1, 3, 5, 8]) for _ in range(2)]
            batch, words = rng.choice([1, 2, 3]), rng.choice([1, 4, 21])
            write(arguments.out / f"random_{arguments.seed}_{i}", config, i, batch, size, words)
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 2, (3, 4), 5 - seed % 2)


if __name__ == "__main__":
    main()
