"""Goldens of CLIPTextModel and CLIPTextModelWithProjection, made with transformers 5.24.0 and PyTorch on the CPU.

    python tests/golden/clip_text.py                        # writes tests/golden/clip_text/*
    python tests/golden/clip_text.py --random 30 --out DIR  # writes many random configurations, not for the repository

Each case is a component folder (config.json, model.safetensors) with golden.safetensors: the input `input_ids` and the
`output`, the last hidden state or, with a projection, the text embedding.
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
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

TINY = dict(vocab_size=40, hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2,
            max_position_embeddings=9, projection_dim=7, bos_token_id=38, eos_token_id=39, pad_token_id=1)

# The keys of a case, and how its files are written: `projection` chooses the class, `names` the names of tensors (as
# transformers 5 writes them, or with the prefix and the buffer of older versions), `nested` puts the settings into a
# `text_config`.
CASES = {
    "plain": (dict(), dict()),
    "old_names": (dict(hidden_act="gelu"), dict(names="old")),
    "projection": (dict(num_attention_heads=3, layer_norm_eps=1e-3), dict(projection=True)),
    "largest_token": (dict(eos_token_id=2, bos_token_id=0), dict(projection=True, names="old")),
    "nested": (dict(intermediate_size=33, hidden_act="gelu_new"), dict(projection=True, nested=True)),
    "one_head": (dict(num_attention_heads=1, num_hidden_layers=1, projection_dim=None, hidden_act="relu"), dict()),
}


def stir(model, generator):
    """PyTorch starts norms at one and zero, and CLIP its biases at zero, which would hide exchanges and omissions."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.3 * noise)
            else:
                parameter.copy_(noise * parameter.shape[-1] ** -0.5)


def tokens(config, batch, length, generator):
    """Random tokens; the end comes in the middle, twice or never, and padding after it."""
    ids = torch.randint(3, config.vocab_size - 1, (batch, length), generator=generator)
    for i in range(batch):
        end = int(torch.randint(0, length, (), generator=generator))
        if i % 3 != 2:
            ids[i, end] = config.vocab_size - 1
            ids[i, end + 1:] = config.vocab_size - 1 if i % 3 == 0 else 1
    return ids


def write(folder, keys, seed, batch, length, projection=False, names="new", nested=False):
    generator = torch.Generator().manual_seed(seed)
    config = CLIPTextConfig(**keys)
    model = (CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval()
    stir(model, generator)
    ids = tokens(config, batch, length, generator)
    inner = model.text_model if projection else model
    with torch.no_grad():
        states = inner(ids, output_hidden_states=True)
        output = model(ids).text_embeds if projection else states.last_hidden_state
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    if names == "old":
        weights = load_file(folder / "model.safetensors")
        prefix = "" if projection else "text_model."
        weights = {prefix + name: tensor for name, tensor in weights.items()}
        weights["text_model.embeddings.position_ids"] = torch.arange(config.max_position_embeddings)[None]
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if nested:
        inner = json.loads((folder / "config.json").read_text())
        outer = dict(architectures=inner.pop("architectures"), model_type="clip", projection_dim=99, text_config=inner,
                     vision_config=dict(hidden_size=5), logit_scale_init_value=2.6592)
        (folder / "config.json").write_text(json.dumps(outer, indent=2) + "\n")
    save_file({"input_ids": ids, "output": output.contiguous()}, folder / "golden.safetensors")
    rest = dict(hidden_states=torch.stack(states.hidden_states), last_hidden_state=states.last_hidden_state,
                pooled=states.pooler_output)
    save_file({name: tensor.contiguous() for name, tensor in rest.items()}, folder / "states.safetensors")


def random_case(rng):
    heads = rng.choice([1, 2, 3, 4, 8])
    vocabulary = rng.choice([16, 100, 1000])
    keys = dict(vocab_size=vocabulary, hidden_size=heads * rng.choice([2, 5, 8, 16, 64]),
                intermediate_size=rng.choice([8, 31, 64, 256]), num_hidden_layers=rng.choice([1, 2, 3, 6]),
                num_attention_heads=heads, max_position_embeddings=rng.choice([5, 16, 77, 100]),
                projection_dim=rng.choice([1, 9, 64]), hidden_act=rng.choice(["quick_gelu", "quick_gelu", "gelu"]),
                layer_norm_eps=rng.choice([1e-5, 1e-6, 1e-3]), eos_token_id=rng.choice([2, vocabulary - 1, vocabulary - 1, 5]),
                bos_token_id=rng.choice([0, vocabulary - 2]), pad_token_id=rng.choice([0, 1, vocabulary - 1]))
    files = dict(projection=rng.random() < 0.5, names=rng.choice(["new", "old"]), nested=rng.random() < 0.2)
    return keys, files, rng.choice([1, 2, 5]), rng.randint(1, keys["max_position_embeddings"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "clip_text")
    arguments = parser.parse_args()
    assert transformers.__version__ == "5.24.0", transformers.__version__
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            keys, files, batch, length = random_case(random.Random(arguments.seed * 1000 + i))
            write(arguments.out / f"random_{arguments.seed}_{i}", keys, i, batch, length, **files)
        return
    for seed, (name, (changes, files)) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 3, 9 - seed % 3, **files)


if __name__ == "__main__":
    main()
