"""Goldens of CLIPVisionModel and CLIPVisionModelWithProjection, made with transformers 5.24.0 and PyTorch on the CPU.

    python tests/golden/clip_vision.py                        # writes tests/golden/clip_vision/*
    python tests/golden/clip_vision.py --random 30 --out DIR  # writes many random configurations, not for the repository

Each case is a component folder (config.json, model.safetensors) with golden.safetensors: the input `pixel_values` and the
`output`, the last hidden state or, with a projection, the image embedding.
states.safetensors has the rest: `hidden_states`, stacked, `last_hidden_state` and `pooled`.
"""

import argparse
import json
import pathlib
import random
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModel, CLIPVisionModelWithProjection

TINY = dict(hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4,
            projection_dim=7)

# The keys of a case, and how its files are written, as in clip_text.py.
CASES = {
    "plain": (dict(), dict()),
    "old_names": (dict(hidden_act="gelu", num_channels=1), dict(names="old")),
    "projection": (dict(num_attention_heads=3, layer_norm_eps=1e-3, patch_size=2), dict(projection=True)),
    "uneven": (dict(image_size=11, patch_size=3, num_hidden_layers=3), dict(projection=True, names="old")),
    "nested": (dict(intermediate_size=33, patch_size=8, hidden_act="gelu_new"), dict(projection=True, nested=True)),
}


def stir(model, generator):
    """PyTorch starts norms at one and zero, and CLIP its biases at zero, which would hide exchanges and omissions."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.3 * noise)
            else:
                parameter.copy_(noise * parameter[0].numel() ** -0.5)


def write(folder, keys, seed, batch, projection=False, names="new", nested=False):
    generator = torch.Generator().manual_seed(seed)
    config = CLIPVisionConfig(**keys)
    model = (CLIPVisionModelWithProjection if projection else CLIPVisionModel)(config).eval()
    stir(model, generator)
    pixels = torch.randn(batch, config.num_channels, config.image_size, config.image_size, generator=generator)
    inner = model.vision_model if projection else model
    with torch.no_grad():
        states = inner(pixels, output_hidden_states=True)
        output = model(pixels).image_embeds if projection else states.last_hidden_state
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    if names == "old":
        weights = load_file(folder / "model.safetensors")
        prefix = "" if projection else "vision_model."
        weights = {prefix + name: tensor for name, tensor in weights.items()}
        positions = weights["vision_model.embeddings.position_embedding.weight"].shape[0]
        weights["vision_model.embeddings.position_ids"] = torch.arange(positions)[None]
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if nested:
        inner = json.loads((folder / "config.json").read_text())
        outer = dict(architectures=inner.pop("architectures"), model_type="clip", projection_dim=99,
                     text_config=dict(hidden_size=5), vision_config=inner, logit_scale_init_value=2.6592)
        (folder / "config.json").write_text(json.dumps(outer, indent=2) + "\n")
    save_file({"pixel_values": pixels, "output": output.contiguous()}, folder / "golden.safetensors")
    rest = dict(hidden_states=torch.stack(states.hidden_states), last_hidden_state=states.last_hidden_state,
                pooled=states.pooler_output)
    save_file({name: tensor.contiguous() for name, tensor in rest.items()}, folder / "states.safetensors")


def random_case(rng):
    heads, patch = rng.choice([1, 2, 3, 4, 8]), rng.choice([1, 2, 4, 7, 14])
    keys = dict(hidden_size=heads * rng.choice([2, 5, 8, 16, 40]), intermediate_size=rng.choice([8, 31, 64, 256]),
                num_hidden_layers=rng.choice([1, 2, 3, 5]), num_attention_heads=heads, num_channels=rng.choice([1, 3, 3, 4]),
                image_size=patch * rng.choice([1, 2, 3, 6]) + rng.randrange(patch), patch_size=patch,
                projection_dim=rng.choice([1, 9, 64]), hidden_act=rng.choice(["quick_gelu", "quick_gelu", "gelu"]),
                layer_norm_eps=rng.choice([1e-5, 1e-6, 1e-3]))
    files = dict(projection=rng.random() < 0.5, names=rng.choice(["new", "old"]), nested=rng.random() < 0.2)
    return keys, files, rng.choice([1, 2, 5])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "clip_vision")
    arguments = parser.parse_args()
    assert transformers.__version__ == "5.24.0", transformers.__version__
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            keys, files, batch = random_case(random.Random(arguments.seed * 1000 + i))
            write(arguments.out / f"random_{arguments.seed}_{i}", keys, i, batch, **files)
        return
    for seed, (name, (changes, files)) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 1 + seed % 2, **files)


if __name__ == "__main__":
    main()
