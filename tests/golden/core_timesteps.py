"""Writes crates/core/tests/golden/timesteps.txt: the timesteps that DDIM visits by spacing and number of steps.

    python tests/golden/core_timesteps.py        (diffusers 0.42.1)

Spacings leading, trailing and linspace are those of diffusers' DDIMScheduler; quadratic is that of the DDIM paper's
experiments, the squares of even numbers from 0 to sqrt(0.8 T), cut to integers, where they are distinct.
Each line is "SPACING T N" and then the timesteps from the noisiest; for more than 12 steps "sums" and, for robustness
against any single change, the sums of i * t_i and of i * t_i^2, i counting from 1.
"""

from pathlib import Path

import diffusers
import numpy as np

TOTALS = [1000, 250, 37]
COUNTS = [1, 2, 3, 7, 10, 12, 15, 30, 37, 49, 50, 64, 99, 100, 125, 150, 177, 250, 333, 400, 501, 600, 667, 750, 999, 1000]

lines = [f"# DDIM timesteps of diffusers {diffusers.__version__}, by tests/golden/core_timesteps.py"]


def write(spacing, total, count, timesteps):
    assert len(timesteps) == count and min(timesteps) >= 0, (spacing, total, count)
    if count <= 12:
        numbers = " ".join(str(t) for t in timesteps)
    else:
        first = sum(i * t for i, t in enumerate(timesteps, 1))
        second = sum(i * t * t for i, t in enumerate(timesteps, 1))
        numbers = f"sums {first} {second}"
    lines.append(f"{spacing} {total} {count} {numbers}")


for total in TOTALS:
    for count in (n for n in COUNTS if n <= total):
        for spacing in ["leading", "trailing", "linspace"]:
            scheduler = diffusers.DDIMScheduler(num_train_timesteps=total, timestep_spacing=spacing)
            scheduler.set_timesteps(count)
            write(spacing, total, count, scheduler.timesteps.tolist())
        quadratic = [int(s) for s in np.linspace(0, np.sqrt(0.8 * total), count) ** 2][::-1]
        if len(set(quadratic)) == count:
            write("quadratic", total, count, quadratic)

path = Path(__file__).parents[2] / "crates/core/tests/golden/timesteps.txt"
path.write_text("\n".join(lines) + "\n")
