"""Goldens of UNet2DConditionModel, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/unet_2d_condition.py                        # writes tests/golden/unet_2d_condition/*
    python tests/golden/unet_2d_condition.py --random 40 --out DIR  # many random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep`, `encoder_hidden_states` and, where the network has them, `class_labels`, `timestep_cond`,
`text_embeds` and `time_ids`, and its `output`.
"""

import argparse
import pathlib
import random
import shutil

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

TINY = dict(in_channels=2, out_channels=2, block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2, sample_size=8,
            down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
            cross_attention_dim=6, attention_head_dim=2)

CASES = {
    "plain": dict(),
    "linear": dict(use_linear_projection=True, attention_head_dim=[2, 3], cross_attention_dim=[6, 6],
                   down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
                   mid_block_scale_factor=1.5, freq_shift=1, flip_sin_to_cos=False, act_fn="gelu"),
    "text_time": dict(addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=31,
                      transformer_layers_per_block=[1, 2], use_linear_projection=True, class_embed_type=None),
    "classes": dict(num_class_embeds=5, mid_block_type=None, only_cross_attention=[True, False], center_input_sample=True),
    "projection": dict(class_embed_type="projection", projection_class_embeddings_input_dim=7, class_embeddings_concat=True,
                       resnet_time_scale_shift="scale_shift", downsample_padding=0),
    "simple_projection": dict(class_embed_type="simple_projection", projection_class_embeddings_input_dim=7,
                              time_embedding_act_fn="silu", mid_block_type="UNetMidBlock2D", norm_eps=1e-6),
    "timestep": dict(class_embed_type="timestep", time_cond_proj_dim=5, timestep_post_act="silu", encoder_hid_dim=9,
                     conv_in_kernel=1, conv_out_kernel=1),
    "identity": dict(class_embed_type="identity", time_embedding_dim=20, layers_per_block=[1, 2], act_fn="mish",
                     transformer_layers_per_block=[2, 1], reverse_transformer_layers_per_block=[1, 2]),
    "odd_size": dict(block_out_channels=[4, 4, 4], down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
                     up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]),
}
SIZES = {"odd_size": (7, 10)}


def write(folder, config, seed, batch, size):
    torch.manual_seed(seed)
    model = UNet2DConditionModel(**config).eval()
    with torch.no_grad():
        # PyTorch starts norms at one and zero, which would hide an exchange of the two.
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    c = model.config
    context = c.encoder_hid_dim or (c.cross_attention_dim if isinstance(c.cross_attention_dim, int) else c.cross_attention_dim[0])
    inputs = {
        "sample": torch.randn(batch, c.in_channels, *size),
        "timestep": torch.rand(batch) * 999,
        "encoder_hidden_states": torch.randn(batch, 3 + seed % 4, context),
    }
    added = None
    if c.addition_embed_type == "text_time":
        text = c.projection_class_embeddings_input_dim - 6 * c.addition_time_embed_dim
        inputs["text_embeds"] = torch.randn(batch, text)
        inputs["time_ids"] = torch.tensor([[64.0, 96.0, 0.0, 8.0, 512.0, 1024.0]]).repeat(batch, 1)
        added = {"text_embeds": inputs["text_embeds"], "time_ids": inputs["time_ids"]}
    if c.class_embed_type in ("projection", "simple_projection"):
        inputs["class_labels"] = torch.randn(batch, c.projection_class_embeddings_input_dim)
    elif c.class_embed_type == "timestep":
        inputs["class_labels"] = torch.rand(batch) * 10
    elif c.class_embed_type == "identity":
        inputs["class_labels"] = torch.randn(batch, c.time_embedding_dim or 4 * c.block_out_channels[0])
    elif c.num_class_embeds is not None:
        inputs["class_labels"] = torch.randint(0, c.num_class_embeds, (batch,))
    if c.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = torch.randn(batch, c.time_cond_proj_dim)
    with torch.no_grad():
        output = model(inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"],
                       class_labels=inputs.get("class_labels"), timestep_cond=inputs.get("timestep_cond"),
                       added_cond_kwargs=added).sample
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")


def draw(rng):
    levels = rng.randint(1, 3)
    attend = [rng.random() < 0.6 for _ in range(levels)]
    heads = [rng.choice([1, 2, 4]) for _ in range(levels)]
    config = dict(
        TINY,
        block_out_channels=[rng.choice([8, 16, 24]) for _ in range(levels)],
        down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attend],
        up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attend)],
        attention_head_dim=heads if rng.random() < 0.5 else heads[0],
        layers_per_block=rng.randint(1, 2),
        transformer_layers_per_block=[rng.randint(1, 2) for _ in range(levels)],
        use_linear_projection=rng.random() < 0.5,
        resnet_time_scale_shift=rng.choice(["default", "scale_shift"]),
        act_fn=rng.choice(["silu", "gelu", "mish"]),
        mid_block_type=rng.choice(["UNetMidBlock2DCrossAttn", "UNetMidBlock2DCrossAttn", None]),
        in_channels=rng.choice([1, 4, 9]),
        downsample_padding=rng.choice([0, 1]),
    )
    config.update(rng.choice([
        dict(), dict(num_class_embeds=7), dict(class_embed_type="projection", projection_class_embeddings_input_dim=10),
        dict(addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=64),
        dict(time_cond_proj_dim=6), dict(encoder_hid_dim=5),
    ]))
    return config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int)
    parser.add_argument("--out")
    options = parser.parse_args()
    if options.random:
        rng = random.Random(0)
        for i in range(options.random):
            size = (rng.choice([8, 9, 12]), rng.choice([8, 11, 16]))
            write(pathlib.Path(options.out) / f"{i:03}", draw(rng), i, 2, size)
        return
    out = pathlib.Path(options.out or pathlib.Path(__file__).parent / "unet_2d_condition")
    for i, (name, config) in enumerate(CASES.items()):
        write(out / name, {**TINY, **config}, i, 2, SIZES.get(name, (8, 8)))


if __name__ == "__main__":
    main()
