"""Goldens of DiTTransformer2DModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/dit.py                        # writes tests/golden/dit/*
    python tests/golden/dit.py --random 30 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep` and `class_labels`, and the `output`.
One case also has gradients.safetensors: `target` and, for `loss = mean((output - target)^2)`, the gradient of every
parameter under the parameter's name.
One case is spelled as files of before diffusers 0.28 were: the class is called Transformer2DModel there.
"""

import argparse
import json
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import DiTTransformer2DModel
from safetensors.torch import save_file

TINY = dict(num_attention_heads=2, attention_head_dim=4, in_channels=3, num_layers=2, sample_size=8, num_embeds_ada_norm=5)

CASES = {
    "plain": dict(),
    "learned_sigma": dict(in_channels=4, out_channels=8, activation_fn="gelu-approximate"),
    "affine": dict(norm_elementwise_affine=True, norm_eps=1e-2, attention_bias=False, activation_fn="gelu"),
    "geglu": dict(num_layers=1, activation_fn="geglu", patch_size=4),
    "geglu_approximate": dict(num_layers=1, activation_fn="geglu-approximate", patch_size=1),
    "swiglu": dict(num_layers=1, activation_fn="swiglu", sample_size=6),
    "linear_silu": dict(num_layers=1, activation_fn="linear-silu", out_channels=1, sample_size=16),
    "older": dict(num_attention_heads=1, attention_head_dim=8, in_channels=4, out_channels=8),
}
WITH_GRADIENTS = "affine"
OLDER_KEYS = dict(cross_attention_dim=None, double_self_attention=False, num_vector_embeds=None, only_cross_attention=False,
                  use_linear_projection=False)


def write(folder, config, seed, batch, side):
    torch.manual_seed(seed)
    model = DiTTransformer2DModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if "norm3" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    sample = torch.randn(batch, model.config.in_channels, side, side)
    timestep = torch.randint(0, 1000, (batch,)) if seed % 2 else torch.rand(batch) * 999
    # The last row of the table stands for no class.
    labels = torch.randint(0, model.config.num_embeds_ada_norm + 1, (batch,))
    labels[0] = model.config.num_embeds_ada_norm
    with torch.no_grad():
        output = model(sample, timestep, class_labels=labels).sample
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    inputs = {"sample": sample, "timestep": timestep, "class_labels": labels}
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")
    return model, inputs, output


def write_gradients(folder, model, inputs, output):
    target = torch.randn(output.shape, generator=torch.Generator().manual_seed(7))
    loss = (model(inputs["sample"], inputs["timestep"], class_labels=inputs["class_labels"]).sample - target).square().mean()
    loss.backward()
    gradients = {name: p.grad.contiguous() for name, p in model.named_parameters()}
    save_file({"target": target, **gradients}, folder / "gradients.safetensors")


def respell(folder):
    config = json.loads((folder / "config.json").read_text())
    config["_class_name"] = "Transformer2DModel"
    (folder / "config.json").write_text(json.dumps({**config, **OLDER_KEYS}, indent=2, sort_keys=True) + "\n")


def random_config(rng):
    return dict(
        num_attention_heads=rng.choice([1, 2, 4, 6]), attention_head_dim=rng.choice([4, 8, 12, 20, 64]),
        in_channels=rng.choice([1, 3, 4]), out_channels=rng.choice([None, 2, 8]), num_layers=rng.choice([1, 2, 3, 4]),
        attention_bias=rng.random() < 0.7, sample_size=rng.choice([8, 12, 32]), patch_size=rng.choice([1, 2, 4]),
        activation_fn=rng.choice(["gelu-approximate"] * 3 + ["gelu", "geglu", "geglu-approximate", "swiglu", "linear-silu"]),
        num_embeds_ada_norm=rng.choice([1, 10, 1000]), norm_elementwise_affine=rng.random() < 0.3,
        norm_eps=rng.choice([1e-5, 1e-6, 1e-3]), upcast_attention=rng.random() < 0.3, dropout=rng.choice([0.0, 0.1]),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "dit")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            rng = random.Random(arguments.seed * 1000 + i)
            config = random_config(rng)
            side = config["patch_size"] * rng.choice([2, 4, 5, 8])
            write(arguments.out / f"random_{arguments.seed}_{i}", config, i, rng.choice([1, 2, 3]), side)
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        # Of these sides, 8 is the one that the tiny network was made for.
        made = write(arguments.out / name, {**TINY, **changes}, seed, 2, 8 if seed % 2 else 12)
        if name == WITH_GRADIENTS:
            write_gradients(arguments.out / name, *made)
    respell(arguments.out / "older")


if __name__ == "__main__":
    main()
