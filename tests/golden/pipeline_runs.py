"""What the scripts that record pipelines share: their options, their loop, and the comparison with the binary's own run."""

import argparse
import json
import pathlib
import random
import subprocess
import sys

import numpy as np
from safetensors.numpy import load_file

# Of the latents' scale, and of 255.
LATENTS, PIXELS = 1e-3, 1.0


def compare(langevin, folder, arguments):
    """The largest difference of the states, over their scale, and the mean one of the pictures; or what went wrong."""
    call = json.loads((folder / "call.json").read_text())
    out = folder / "ours.safetensors"
    command = [langevin, "sample", folder, "--steps", call["steps"], "--seed", call["seed"], "--rng", "torch", "--trajectory", out,
               "--out", folder / "ours.png", *arguments(call)]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    return difference(folder)


def difference(folder):
    """As `compare`, between ours.safetensors and golden.safetensors of a folder."""
    ours, theirs = load_file(folder / "ours.safetensors"), load_file(folder / "golden.safetensors")
    for name in ("trajectory", "sample"):
        if ours[name].shape != theirs[name].shape:
            return f"{name} of shape {ours[name].shape}, not {theirs[name].shape}"
    scale = max(1.0, np.abs(theirs["trajectory"]).max())
    states = np.abs(ours["trajectory"] - theirs["trajectory"]).max() / scale
    pixels = np.abs(np.clip(ours["sample"], -1, 1) - theirs["sample"]).mean() * 127.5
    return (states, pixels)


def main(name, cases, draw, build, record, arguments, refusals=(ValueError, IndexError)):
    """Writes `cases()`, or random ones by `draw(rng, i)`; each is a name, a kind, a scheduler, what `build` needs and a call.

    `build` writes the folder, `record` diffusers' run, `arguments` are the binary's for a call; `refusals` are errors of
    diffusers' own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out")
    parser.add_argument("--langevin", help="compare this binary's pictures, too")
    options = parser.parse_args()
    out = pathlib.Path(options.out or pathlib.Path(__file__).parent / name)
    rng, failed = random.Random(options.seed), 0
    todo = (draw(rng, i) for i in range(options.random)) if options.random else cases()
    for i, (case, kind, scheduler, keys, call) in enumerate(todo):
        folder = out / case
        pipeline = build(kind, scheduler, keys, folder, 10 * i)
        try:
            record(pipeline, kind, call, folder)
        except refusals as error:
            print(f"{case}: diffusers fails: {error}")
            continue
        if options.langevin:
            found = compare(options.langevin, folder, arguments)
            # Written so that what is no number fails.
            good = not isinstance(found, str) and found[0] <= LATENTS and found[1] <= PIXELS
            failed += not good
            shown = found if isinstance(found, str) else f"states {found[0]:.1e}, pixels {found[1]:.1e}"
            print(f"{case} {'' if good else 'FAILS '}{kind} {type(scheduler).__name__} {call['steps']}: {shown}", flush=True)
    if options.langevin:
        print(f"{failed} failures")
        sys.exit(failed > 0)
