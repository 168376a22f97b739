"""Writes the reference files beside this script with PyTorch, safetensors and diffusers.

Run with the versions named in the test's header: python make_golden.py
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import DDPMPipeline, DPMSolverMultistepScheduler, UNet2DModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from safetensors.torch import save_file

HERE = Path(__file__).parent


class Toy(ModelMixin, ConfigMixin):
    """A network small enough to commit."""

    @register_to_config
    def __init__(self, width: int = 4, rate: float = 1e-5, limits: tuple = (1, 2.5), note: str = "é \"quoted\""):
        super().__init__()
        self.enter = torch.nn.Linear(3, width)
        self.leave = torch.nn.Linear(width, 3, bias=False)


def types() -> None:
    """One tensor of each element type, and its values as the bits of the nearest f32."""
    torch.manual_seed(1)
    special = torch.tensor([0.0, -0.0, 1.5, -2.75, 1e-3, 65504.0, 6e-8, float("inf"), float("-inf"), float("nan")])
    normal = torch.randn(4, 5, dtype=torch.float64)
    tensors = {
        "f64": normal,
        "f32": normal.float(),
        "f32_special": special,
        "f16": normal.half(),
        "f16_special": special.half(),
        "bf16": normal.bfloat16(),
        "bf16_special": special.bfloat16(),
        "i64": torch.tensor([[-(2**62) - 1, -1, 0], [1, 16777217, 2**62 + 1]]),
        "i32": torch.tensor([-(2**31), -7, 0, 2**31 - 1], dtype=torch.int32),
        "i16": torch.tensor([-32768, 3, 32767], dtype=torch.int16),
        "i8": torch.tensor([-128, 0, 127], dtype=torch.int8),
        "u8": torch.tensor([0, 1, 128, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(3.25),
        "empty": torch.zeros(0, 3),
    }
    save_file(tensors, HERE / "types.safetensors", metadata={"format": "pt"})
    expected = {
        name: {"shape": list(t.shape), "bits": t.float().view(torch.int32).reshape(-1).tolist()}
        for name, t in tensors.items()
    }
    (HERE / "types.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def networks() -> None:
    """The toy whole, in shards, and in shards as a variant."""
    torch.manual_seed(2)
    toy = Toy()
    toy.save_pretrained(HERE / "whole")
    toy.save_pretrained(HERE / "shards", max_shard_size=64)
    toy.half().save_pretrained(HERE / "shards-fp16", max_shard_size=40, variant="fp16")


def pipeline() -> None:
    """The JSON files of a pipeline; its weights would be too large to commit."""
    unet = UNet2DModel(
        sample_size=4,
        block_out_channels=(8, 8),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
        norm_eps=1e-6,
    )
    with tempfile.TemporaryDirectory() as folder:
        DDPMPipeline(unet, DPMSolverMultistepScheduler()).save_pretrained(folder)
        for name in ["model_index.json", "unet/config.json", "scheduler/scheduler_config.json"]:
            target = HERE / "pipeline" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder) / name, target)


if __name__ == "__main__":
    types()
    networks()
    pipeline()
