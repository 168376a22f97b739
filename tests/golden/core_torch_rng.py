"""Writes crates/core/tests/golden/torch_randn.txt: what torch.randn draws on the CPU.

    python tests/golden/core_torch_rng.py        (torch 2.15.0)

A line "seed S" starts a generator; each line after it is one draw of it, its numbers printed so that they are
read back as the same f32.
"""

from pathlib import Path

import torch

SIZES = [1, 5, 15, 16, 17, 100, 784]
CASES = [
    # Each size alone, then draws that follow each other: short draws of odd length leave a number waiting, also
    # across long draws, and the uniform numbers of different widths make the draws end anywhere in the state.
    *((0, [size]) for size in SIZES),
    (0, SIZES),
    (42, [1, 1, 2, 16, 1, 17, 3, 15, 31, 32, 33]),
    (42, [3, 784, 1, 0, 100, 2]),
    # Only the low 32 bits of a seed count: 2^32 + 42 draws as 42 does.
    (2**32 + 42, [1, 1, 2, 16]),
    (2**40 + 123_456_789, [100, 7, 784, 7]),
    (2**64 - 1, [17, 5, 5, 700]),
]

lines = [f"# torch.randn on the CPU, torch {torch.__version__.split('+')[0]}, by tests/golden/core_torch_rng.py"]
for seed, sizes in CASES:
    generator = torch.Generator("cpu").manual_seed(seed)
    lines.append(f"seed {seed}")
    for size in sizes:
        numbers = torch.randn(size, generator=generator)
        lines.append(" ".join(["draw", *(f"{number:.9g}" for number in numbers.tolist())]))

path = Path(__file__).parents[2] / "crates/core/tests/golden/torch_randn.txt"
path.write_text("\n".join(lines) + "\n")
