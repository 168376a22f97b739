"""Goldens of SD3Transformer2DModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/sd3.py                        # writes tests/golden/sd3/*
    python tests/golden/sd3.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep`, `encoder_hidden_states` and `pooled_projections`, and the `output`.
"""

import argparse
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import SD3Transformer2DModel
from safetensors.torch import save_file

TINY = dict(sample_size=8, in_channels=3, num_layers=2, attention_head_dim=4, num_attention_heads=2, joint_attention_dim=6,
            caption_projection_dim=8, pooled_projection_dim=10, out_channels=3, pos_embed_max_size=6)

CASES = {
    "sd3": dict(),
    "sd35": dict(qk_norm="rms_norm", dual_attention_layers=[0], num_layers=3, out_channels=None),
    "layer_norm": dict(qk_norm="layer_norm", dual_attention_layers=[1], patch_size=1, pos_embed_max_size=13),
    "plain_layer_norm": dict(qk_norm="fp32_layer_norm", num_layers=1, patch_size=4, pos_embed_max_size=3, out_channels=6),
    "computed_places": dict(pos_embed_max_size=None, num_layers=1, sample_size=12),
    "dual_alone": dict(num_layers=1, dual_attention_layers=[0, 5], sample_size=16),
}


def write(folder, config, seed, batch, size, words):
    torch.manual_seed(seed)
    model = SD3Transformer2DModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if any(part in name for part in ["norm_q", "norm_k", "norm_added"]):
                parameter.add_(0.2 * torch.randn_like(parameter))
        if config["pos_embed_max_size"] is not None:
            # The file's own places are what counts, not those that a reader would compute.
            model.pos_embed.pos_embed.add_(0.2 * torch.randn_like(model.pos_embed.pos_embed))
    inputs = {
        "sample": torch.randn(batch, config["in_channels"], *size),
        "timestep": torch.randint(0, 1000, (batch,)) if seed % 2 else torch.rand(batch) * 1000,
        "encoder_hidden_states": torch.randn(batch, words, config["joint_attention_dim"]),
        "pooled_projections": torch.randn(batch, config["pooled_projection_dim"]),
    }
    named = {("hidden_states" if name == "sample" else name): value for name, value in inputs.items()}
    with torch.no_grad():
        output = model(**named).sample
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")


def random_config(rng):
    heads, head_dim, layers = rng.choice([1, 2, 3, 6]), rng.choice([4, 8, 12, 64]), rng.choice([1, 2, 3, 4])
    return dict(
        sample_size=rng.choice([8, 16, 128]), patch_size=rng.choice([1, 2, 2, 4]), in_channels=rng.choice([1, 4, 16]),
        num_layers=layers, attention_head_dim=head_dim, num_attention_heads=heads, joint_attention_dim=rng.choice([5, 32, 80]),
        caption_projection_dim=heads * head_dim, pooled_projection_dim=rng.choice([7, 64]),
        out_channels=rng.choice([None, 2, 16]), pos_embed_max_size=rng.choice([None, 9, 12, 24]),
        dual_attention_layers=[i for i in range(layers) if rng.random() < 0.4],
        qk_norm=rng.choice([None, "rms_norm", "rms_norm", "layer_norm", "fp32_layer_norm"]),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "sd3")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            rng = random.Random(arguments.seed * 1000 + i)
            config = random_config(rng)
            size = [config["patch_size"] * rng.choice([2, 3, 5, 8, 9]) for _ in range(2)]
            batch, words = rng.choice([1, 2, 3]), rng.choice([1, 4, 21])
            write(arguments.out / f"random_{arguments.seed}_{i}", config, i, batch, size, words)
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        size = (8, 8 if seed % 2 else 12)
        write(arguments.out / name, {**TINY, **changes}, seed, 2, size, 5 - seed % 2)


if __name__ == "__main__":
    main()
