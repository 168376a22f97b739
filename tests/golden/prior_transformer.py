"""Goldens of PriorTransformer, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/prior_transformer.py                        # writes tests/golden/prior_transformer/*
    python tests/golden/prior_transformer.py --random 30 --out DIR  # writes many random configurations, not for the repository

Each case is a component folder (config.json, diffusion_pytorch_model.safetensors) with golden.safetensors: the inputs
`sample`, `timestep`, `proj_embedding` and, in some, `encoder_hidden_states` and `attention_mask`, and the `output`.
"""

import argparse
import pathlib
import random
import shutil

import diffusers
import torch
from diffusers import PriorTransformer
from safetensors.torch import save_file

TINY = dict(num_attention_heads=2, attention_head_dim=4, num_layers=2, embedding_dim=6, num_embeddings=5)

# The keys of a case, and how it is called: `samples` tokens in the noisy embedding, None for a plain vector; `tokens` of
# the caption, None for none; `mask` hides padding.
CASES = {
    "plain": (dict(time_embed_dim=10), dict(mask=True)),
    "open": (dict(clip_embed_dim=9, embedding_proj_dim=7, time_embed_act_fn="gelu"), dict()),
    "norms": (dict(norm_in_type="layer", embedding_proj_norm_type="layer", num_attention_heads=1, attention_head_dim=9),
              dict(mask=True)),
    "several": (dict(added_emb_type=None, encoder_hid_proj_type=None, num_embeddings=3, additional_embeddings=0),
                dict(samples=3, tokens=None)),
    "reader": (dict(num_embeddings=1, additional_embeddings=5, num_layers=1), dict(samples=2, tokens=1)),
    "placed": (dict(num_embeddings=2, additional_embeddings=0, num_layers=1), dict(samples=2, tokens=3)),
}


def stir(model, generator):
    """PyTorch starts norms at one and zero, diffusers the vectors of places at zero, which would hide exchanges."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or "embedding" in name and parameter.dim() == 3 or name.startswith("clip_"):
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))


def write(folder, keys, seed, batch, samples=None, tokens="all", mask=False):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = PriorTransformer(**keys).eval()
    stir(model, generator)
    config = model.config
    shape = (batch, config.embedding_dim) if samples is None else (batch, samples, config.embedding_dim)
    times = [torch.tensor(7.25), torch.randint(0, 1000, (batch,), generator=generator), torch.rand(batch, generator=generator)]
    inputs = dict(sample=torch.randn(shape, generator=generator), timestep=times[seed % 3],
                  proj_embedding=torch.randn(batch, config.embedding_proj_dim or config.embedding_dim, generator=generator))
    tokens = config.num_embeddings if tokens == "all" else tokens
    if tokens:
        width = config.embedding_dim if config.encoder_hid_proj_type else config.num_attention_heads * config.attention_head_dim
        inputs["encoder_hidden_states"] = torch.randn(batch, tokens, width, generator=generator)
    if mask:
        lengths = torch.randint(1, config.num_embeddings + 1, (batch, 1), generator=generator)
        inputs["attention_mask"] = (torch.arange(config.num_embeddings)[None] < lengths).float()
    arguments = {"hidden_states" if name == "sample" else name: tensor for name, tensor in inputs.items()}
    with torch.no_grad():
        output = model(**arguments).predicted_image_embedding
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    save_file({**inputs, "output": output.contiguous()}, folder / "golden.safetensors")


def random_case(rng):
    reader = rng.choice(["prd", "prd", None])
    samples, tokens = rng.choice([None, None, 1, 3]), rng.choice([1, 4, 20])
    wanted = (1 if samples is None else samples) + tokens + 2 + (reader is not None)
    extra = wanted - tokens
    keys = dict(num_attention_heads=rng.choice([1, 2, 3, 8]), attention_head_dim=rng.choice([2, 4, 5, 32]),
                num_layers=rng.choice([1, 2, 4]), embedding_dim=rng.choice([3, 8, 40]), num_embeddings=tokens,
                additional_embeddings=extra, time_embed_act_fn=rng.choice(["silu", "silu", "gelu", "mish", "relu"]),
                norm_in_type=rng.choice([None, "layer"]), embedding_proj_norm_type=rng.choice([None, "layer"]),
                encoder_hid_proj_type=rng.choice(["linear", "linear", None]), added_emb_type=reader,
                time_embed_dim=rng.choice([None, 7, 64]), embedding_proj_dim=rng.choice([None, 4, 9]),
                clip_embed_dim=rng.choice([None, 5, 33]), dropout=rng.choice([0.0, 0.1]))
    return keys, dict(samples=samples, mask=rng.random() < 0.6), rng.choice([1, 2, 5])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "prior_transformer")
    arguments = parser.parse_args()
    assert diffusers.__version__ == "0.42.1", diffusers.__version__
    torch.set_num_threads(1)
    if arguments.random:
        for i in range(arguments.random):
            keys, call, batch = random_case(random.Random(arguments.seed * 1000 + i))
            write(arguments.out / f"random_{arguments.seed}_{i}", keys, i, batch, **call)
        return
    for seed, (name, (changes, call)) in enumerate(CASES.items()):
        write(arguments.out / name, {**TINY, **changes}, seed, 2 + seed % 2, **call)


if __name__ == "__main__":
    main()
