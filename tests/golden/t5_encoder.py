"""Goldens of T5EncoderModel, made with transformers 5.24.0 and PyTorch on the CPU.

    python tests/golden/t5_encoder.py                        # writes tests/golden/t5_encoder/*
    python tests/golden/t5_encoder.py --random 30 --out DIR  # writes many random configurations, not for the repository

Each case is a component folder (config.json, model.safetensors) with golden.safetensors: the inputs `input_ids` and, in
some, `attention_mask`, and the `output`, the last hidden state.
"""

import argparse
import json
import pathlib
import random
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5EncoderModel

TINY = dict(vocab_size=30, d_model=12, d_kv=5, d_ff=20, num_layers=2, num_heads=3, relative_attention_num_buckets=8,
            relative_attention_max_distance=10)

# The keys of a case, and how it is made: `table` says which names of the table of tokens the file holds, `mask` whether
# padding is hidden, `decoder` whether the file has the tensors of a decoder too, `old` drops the keys that transformers
# writes beside `feed_forward_proj`.
CASES = {
    "relu": (dict(), dict()),
    "gated_gelu": (dict(feed_forward_proj="gated-gelu", num_layers=3), dict(table="embed_tokens", mask=True, old=True)),
    "gated_silu": (dict(feed_forward_proj="gated-silu", relative_attention_num_buckets=9, layer_norm_epsilon=1e-3),
                   dict(table="both", decoder=True)),
    "gelu_written": (dict(feed_forward_proj="relu", dense_act_fn="gelu", num_layers=1, num_heads=1), dict(mask=True)),
    "gated_written": (dict(feed_forward_proj="relu", is_gated_act=True, relative_attention_num_buckets=4,
                           relative_attention_max_distance=2), dict()),
}


def stir(model, generator):
    """PyTorch starts norms at one; T5 the numbers of distances at almost nothing."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.3 * noise)
            elif "relative_attention_bias" in name or "shared" in name:
                parameter.copy_(noise)
            elif ".q." in name:
                parameter.copy_(noise * (parameter.shape[1] * model.config.d_kv) ** -0.5)
            else:
                parameter.copy_(noise * parameter.shape[1] ** -0.5)


def write(folder, keys, seed, batch, length, table="shared", mask=False, decoder=False, old=False):
    generator = torch.Generator().manual_seed(seed)
    config = T5Config(**keys)
    model = T5EncoderModel(config).eval()
    stir(model, generator)
    inputs = {"input_ids": torch.randint(0, config.vocab_size, (batch, length), generator=generator)}
    if mask:
        lengths = torch.randint(1, length + 1, (batch, 1), generator=generator)
        inputs["attention_mask"] = (torch.arange(length)[None] < lengths).long()
    with torch.no_grad():
        output = model(**inputs).last_hidden_state
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    if table != "shared":
        weights["encoder.embed_tokens.weight"] = weights["shared.weight"].clone()
    if table == "embed_tokens":
        del weights["shared.weight"]
    if decoder:
        weights["decoder.final_layer_norm.weight"] = torch.ones(config.d_model)
        weights["lm_head.weight"] = torch.ones(config.vocab_size, config.d_model)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if old:
        written = json.loads((folder / "config.json").read_text())
        written = {key: value for key, value in written.items() if key not in ("dense_act_fn", "is_gated_act")}
        (folder / "config.json").write_text(json.dumps(written, indent=2) + "\n")
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")


def random_case(rng):
    buckets = rng.choice([4, 7, 8, 32, 32, 40])
    keys = dict(vocab_size=rng.choice([10, 100, 1000]), d_model=rng.choice([3, 8, 32, 96]), d_kv=rng.choice([1, 4, 8, 64]),
                d_ff=rng.choice([8, 31, 128]), num_layers=rng.choice([1, 2, 3, 5]), num_heads=rng.choice([1, 2, 3, 8]),
                relative_attention_num_buckets=buckets,
                relative_attention_max_distance=buckets // 4 + rng.choice([1, 2, 20, 120]),
                feed_forward_proj=rng.choice(["relu", "gated-gelu", "gated-silu", "gated-gelu", "gelu", "gated-relu"]),
                layer_norm_epsilon=rng.choice([1e-6, 1e-5, 1e-3]))
    making = dict(table=rng.choice(["shared", "embed_tokens", "both"]), mask=rng.random() < 0.5,
                  decoder=rng.random() < 0.2, old=rng.random() < 0.3)
    return keys, making, rng.choice([1, 2, 5]), rng.choice([1, 2, 17, 77, 300])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "t5_encoder")
    arguments = parser.parse_args()
    assert transformers.__version__ == "5.24.0", transformers.__version__
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            keys, making, batch, length = random_case(random.Random(arguments.seed * 1000 + i))
            write(arguments.out / f"random_{arguments.seed}_{i}", keys, i, batch, length, **making)
        return
    for seed, (name, (changes, making)) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 2, 20 + seed, **making)


if __name__ == "__main__":
    main()
