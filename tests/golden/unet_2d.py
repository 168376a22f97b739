"""Goldens of UNet2DModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/unet_2d.py                        # writes tests/golden/unet_2d/*
    python tests/golden/unet_2d.py --random 40 --out DIR  # writes many larger random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep` and, where the network has them, `class_labels`, and its `output`.
One case also has gradients.safetensors: `target` and, for `loss = mean((output - target)^2)`, the gradient of every
parameter under the parameter's name.
"""

import argparse
import json
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import UNet2DModel
from safetensors.torch import save_file

TINY = dict(in_channels=1, out_channels=1, block_out_channels=[8, 12], layers_per_block=1, norm_num_groups=4,
            down_block_types=["DownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "UpBlock2D"],
            add_attention=False, attention_head_dim=4, sample_size=8)

CASES = {
    "plain": dict(),
    "mid_attention": dict(add_attention=True, attn_norm_num_groups=2, mid_block_scale_factor=1.5, num_class_embeds=5),
    "attn_blocks": dict(down_block_types=["DownBlock2D", "AttnDownBlock2D"], add_attention=True, in_channels=3, out_channels=2,
                        up_block_types=["AttnUpBlock2D", "UpBlock2D"], attention_head_dim=None, layers_per_block=2),
    "attn_resample_resnet": dict(down_block_types=["AttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "AttnUpBlock2D"],
                                 block_out_channels=[8, 8], downsample_type="resnet", upsample_type="resnet", attention_head_dim=3),
    "attn_resample_up": dict(down_block_types=["AttnDownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "AttnUpBlock2D"],
                             downsample_type="resnet", upsample_type="resnet", resnet_time_scale_shift="scale_shift"),
    "scale_shift": dict(resnet_time_scale_shift="scale_shift", add_attention=True, num_class_embeds=3, act_fn="mish"),
    "ddpm_style": dict(center_input_sample=True, downsample_padding=0, freq_shift=1, flip_sin_to_cos=False, norm_eps=1e-6,
                       block_out_channels=[8, 8, 12], down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
                       up_block_types=["UpBlock2D", "AttnUpBlock2D", "UpBlock2D"], add_attention=True, act_fn="swish"),
    "resnet_resample": dict(down_block_types=["ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D"], act_fn="gelu",
                            up_block_types=["ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"], class_embed_type="timestep"),
    "fourier": dict(time_embedding_type="fourier", class_embed_type="identity", time_embedding_dim=20),
    "learned": dict(time_embedding_type="learned", num_train_timesteps=50, mid_block_type=None, act_fn="relu"),
    "skip": dict(time_embedding_type="fourier", in_channels=3, out_channels=3, block_out_channels=[8, 12, 16],
                 down_block_types=["SkipDownBlock2D"] * 3, up_block_types=["SkipUpBlock2D"] * 3, norm_num_groups=None),
    "attn_skip_down": dict(in_channels=3, out_channels=3, block_out_channels=[8, 32], attention_head_dim=8, norm_eps=1e-6,
                           down_block_types=["SkipDownBlock2D", "AttnSkipDownBlock2D"], up_block_types=["SkipUpBlock2D"] * 2),
    "attn_skip_up": dict(block_out_channels=[32], time_embedding_dim=16, layers_per_block=1, mid_block_type=None,
                         down_block_types=["AttnSkipDownBlock2D"], up_block_types=["AttnSkipUpBlock2D"]),
}
WITH_GRADIENTS = "mid_attention"


def write(folder, config, seed, batch, size):
    torch.manual_seed(seed)
    model = UNet2DModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    sample = torch.randn(batch, model.config.in_channels, *size)
    timestep = times(model.config, batch, seed)
    inputs = {"sample": sample, "timestep": timestep}
    labels = class_labels(model, batch, seed)
    if labels is not None:
        inputs["class_labels"] = labels
    with torch.no_grad():
        output = model(sample, timestep, class_labels=labels).sample
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")
    return model, inputs, output


def times(config, batch, seed):
    high = config.num_train_timesteps or 1000
    generator = torch.Generator().manual_seed(seed)
    if config.time_embedding_type == "learned":
        return torch.randint(0, high, (batch,), generator=generator)
    if seed % 3 == 0:
        return torch.tensor(float(torch.randint(1, high, (), generator=generator)) + 0.5)
    if seed % 3 == 1:
        return torch.randint(1, high, (batch,), generator=generator)
    return torch.rand(batch, generator=generator) * (high - 1) + 0.01


def class_labels(model, batch, seed):
    config, generator = model.config, torch.Generator().manual_seed(seed + 1)
    if config.class_embed_type == "timestep":
        high = config.num_train_timesteps or 1000
        return torch.randint(1, high, (batch,), generator=generator)
    if config.class_embed_type == "identity":
        return torch.randn(batch, model.time_embedding.linear_2.out_features, generator=generator)
    if config.num_class_embeds is not None:
        return torch.randint(0, config.num_class_embeds, (batch,), generator=generator)
    return None


def write_gradients(folder, model, inputs, output):
    target = torch.randn(output.shape, generator=torch.Generator().manual_seed(7))
    model.zero_grad()
    loss = (model(inputs["sample"], inputs["timestep"], class_labels=inputs.get("class_labels")).sample - target).square().mean()
    loss.backward()
    gradients = {name: p.grad.contiguous() for name, p in model.named_parameters() if p.grad is not None}
    save_file({"target": target, **gradients}, folder / "gradients.safetensors")


def random_config(rng):
    """A configuration of the kinds that diffusers can run, small enough for a second of CPU time."""
    levels = rng.choice([1, 2, 2, 3, 3, 4])
    skip = rng.random() < 0.25
    groups = rng.choice([1, 2, 4, 8])
    widths = [rng.choice([8, 16, 24, 32, 40, 64]) for _ in range(levels)]
    if skip:
        widths = [rng.choice([32, 64]) for _ in range(levels)]
        down = [rng.choice(["SkipDownBlock2D", "AttnSkipDownBlock2D"]) for _ in range(levels)]
        up = [rng.choice(["SkipUpBlock2D", "AttnSkipUpBlock2D"]) for _ in range(levels)]
    else:
        down = [rng.choice(["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"]) for _ in range(levels)]
        up = [rng.choice(["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"]) for _ in range(levels)]
    channels = 3 if skip else rng.choice([1, 2, 3, 4])
    config = dict(
        in_channels=channels, out_channels=3 if skip else rng.choice([1, 2, 3, 6]), block_out_channels=widths,
        down_block_types=down, up_block_types=up, layers_per_block=rng.choice([1, 2, 2, 3]), norm_num_groups=groups,
        mid_block_type=rng.choice(["UNetMidBlock2D"] * 4 + [None]), add_attention=rng.random() < 0.7,
        attention_head_dim=rng.choice([None, 1, 2, 4, 5, 8]), center_input_sample=rng.random() < 0.3,
        time_embedding_type=rng.choice(["positional"] * 3 + ["fourier", "learned"]), freq_shift=rng.choice([0, 0, 1]),
        flip_sin_to_cos=rng.random() < 0.5, time_embedding_dim=rng.choice([None, None, 33]),
        mid_block_scale_factor=rng.choice([1, 1, 2.0, 1.4142135]), downsample_padding=rng.choice([0, 1]),
        downsample_type=rng.choice(["conv", "resnet"]), upsample_type=rng.choice(["conv", "resnet"]),
        dropout=rng.choice([0.0, 0.1]), act_fn=rng.choice(["silu", "silu", "swish", "mish", "gelu", "relu"]),
        attn_norm_num_groups=rng.choice([None, None, 2]), norm_eps=rng.choice([1e-5, 1e-6]),
        resnet_time_scale_shift=rng.choice(["default", "scale_shift"]),
        class_embed_type=rng.choice([None, None, "timestep", "identity"]), num_class_embeds=rng.choice([None, 7]),
    )
    if config["time_embedding_type"] == "learned":
        config["num_train_timesteps"] = 200
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "unet_2d")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            rng = random.Random(arguments.seed * 1000 + i)
            config = random_config(rng)
            unit = 2 ** (len(config["block_out_channels"]) - 1)
            size = (unit * rng.choice([2, 3, 4]), unit * rng.choice([2, 4, 5]))
            folder = arguments.out / f"random_{arguments.seed}_{i}"
            try:
                write_gradients(folder, *write(folder, config, i, rng.choice([1, 2, 3]), size))
            except (RuntimeError, ValueError, ZeroDivisionError) as error:
                print(i, "diffusers refuses:", error, json.dumps(config))
        return
    for seed, (name, changes) in enumerate(CASES.items()):
        folder = arguments.out / name
        model, inputs, output = write(folder, {**TINY, **changes}, seed, 2 + seed % 2, (8, 8 if seed % 2 else 12))
        if name == WITH_GRADIENTS:
            write_gradients(folder, model, inputs, output)


if __name__ == "__main__":
    main()
