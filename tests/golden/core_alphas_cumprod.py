"""Writes crates/core/tests/golden/alphas_cumprod.txt: the alphas_cumprod of diffusers' beta schedules.

    python tests/golden/core_alphas_cumprod.py        (diffusers 0.42.1)

A line "schedule NAME STEPS BETA_START BETA_END" starts a schedule; each line after it is a timestep and its value,
printed so that it is read back as the same f32.
"""

from pathlib import Path

import diffusers

CASES = [
    ("linear", 1000, 1e-4, 0.02),
    ("scaled_linear", 1000, 0.00085, 0.012),
    ("squaredcos_cap_v2", 1000, 1e-4, 0.02),
    ("linear", 37, 0.001, 0.3),
    ("scaled_linear", 37, 0.001, 0.3),
    ("squaredcos_cap_v2", 37, 0.001, 0.3),
]

lines = [f"# alphas_cumprod of diffusers {diffusers.__version__}, by tests/golden/core_alphas_cumprod.py"]
for name, steps, start, end in CASES:
    scheduler = diffusers.DDPMScheduler(
        num_train_timesteps=steps, beta_start=start, beta_end=end, beta_schedule=name
    )
    lines.append(f"schedule {name} {steps} {start} {end}")
    indices = sorted({0, 1, 2, steps // 7, steps // 3, steps // 2, steps - 100, steps - 10, steps - 2, steps - 1})
    for index in (i for i in indices if i >= 0):
        lines.append(f"{index} {scheduler.alphas_cumprod[index].item():.9g}")

path = Path(__file__).parents[2] / "crates/core/tests/golden/alphas_cumprod.txt"
path.write_text("\n".join(lines) + "\n")
