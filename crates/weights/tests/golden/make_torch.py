"""Writes torch/* beside this script: the tensors of types.safetensors as torch.save writes them, and files like those of training frameworks.

Run with PyTorch 2.15: python make_torch.py
"""

import collections
import json
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file

HERE = Path(__file__).parent
OUT = HERE / "torch"


def strided() -> dict:
    """Tensors whose numbers lie in another order, share storages, or start within them."""
    numbers = torch.arange(48, dtype=torch.float32)
    matrix = numbers[:24].reshape(4, 6)
    return {
        "transposed": matrix.t(),
        "permuted": matrix.reshape(2, 2, 6).permute(2, 0, 1),
        "columns": matrix[:, 1:5:2],
        "offset": numbers[24:],
        "channels_last": matrix.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
        "shared": numbers,
        "scalar": numbers[7],
        "parameter": torch.nn.Parameter(matrix[1].half()),
    }


def checkpoint() -> dict:
    """As training frameworks keep them: the network among other things."""
    return {
        "epoch": 3,
        "global_step": numpy.float64(7.5),
        "version": "1.9",
        "callbacks": {"best": {"score": torch.tensor(0.5), "path": "x.ckpt"}},
        "state_dict": collections.OrderedDict(a=torch.arange(3.0), b=torch.tensor([[1, 2]])),
        "optimizer_states": [{"state": {0: {"step": 5, "exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.99)}]}],
        "hyper_parameters": None,
    }


def embedding() -> dict:
    """A textual inversion of the web interface."""
    return {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": {"*": torch.arange(8.0).reshape(2, 4)}, "name": "word", "step": 9}


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    types = load_file(HERE / "types.safetensors")
    torch.save(types, OUT / "types.bin")
    torch.save(types, OUT / "types-legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(strided(), OUT / "strided.pt")
    torch.save(strided(), OUT / "strided-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(checkpoint(), OUT / "nested.ckpt")
    torch.save(embedding(), OUT / "embedding.pt")
    torch.save(embedding(), OUT / "protocol-5.pt", pickle_protocol=5)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    torch.manual_seed(3)
    torch.nn.init.normal_(module[0].weight)
    torch.save(module.state_dict(), OUT / "module.pth")
    expected = {name: [list(t.shape), t.detach().float().reshape(-1).tolist()] for name, t in strided().items()}
    expected |= {name: [list(t.shape), t.float().reshape(-1).tolist()] for name, t in module.state_dict().items()}
    (OUT / "expected.json").write_text(json.dumps(expected, sort_keys=True) + "\n")
    shards = OUT / "shards"
    shards.mkdir(exist_ok=True)
    torch.save({"a": torch.arange(3.0)}, shards / "pytorch_model-00001-of-00002.bin")
    torch.save({"b": torch.tensor([[1, 2]])}, shards / "pytorch_model-00002-of-00002.bin")
    index = {"metadata": {"total_size": 28}, "weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    (shards / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (shards / "config.json").write_text('{"architectures": ["Toy"]}\n')
