"""Goldens of schedulers that begin in the middle of their way, as pipelines that start from a picture make them.

    python tests/golden/scheduler_starts.py --write crates/schedulers/tests/golden_starts --count 2
    python tests/golden/scheduler_starts.py --write DIR --count 100     # many; SCHEDULER_STARTS=DIR cargo test -p langevin-schedulers

Known data `clean` are noised to the first timestep that is left, `set_begin_index` says which one that is (or `strength`
thins the list of a distilled class), and where there is a `mask`, what is known is put back after each step, noised to the
next timestep, as the pipelines for inpainting do it. Network, noise and configurations are those of schedulers.py, and as
there a configuration counts only where diffusers agrees with itself in f64 and f32.
"""

import argparse
import inspect
import json
from pathlib import Path

import numpy as np
import torch

import schedulers as base

CLASSES = ["DDPM", "DDIM", "PNDM", "LCM", "TCD", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete", "KDPM2AncestralDiscrete",
           "LMSDiscrete", "DPMSolverMultistep", "DPMSolverSinglestep", "DPMSolverSDE", "DEISMultistep", "UniPCMultistep", "SASolver", "EDMEuler",
           "EDMDPMSolverMultistep", "FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete", "FlowMatchLCM"]


class Started(base.Run):
    """One trajectory of diffusers from known data."""

    def __init__(self, job, dtype):
        numpy = np.float32 if dtype == torch.float32 else np.float64
        super().__init__(job["class"], job["config"], job["steps"], job["clean"].astype(numpy), job["mixture"], job["eta"], job["seed"], dtype)
        self.job = job
        self.clean, self.noise, self.mask = (torch.from_numpy(job[key].astype(numpy)).reshape(self.shape) for key in ("clean", "noise", "mask"))

    def noised(self, timestep):
        s = self.scheduler
        if hasattr(s, "scale_noise"):
            return s.scale_noise(self.clean, timestep, self.noise)
        return s.add_noise(self.clean, self.noise, timestep)

    def plain(self):
        s, job = self.scheduler, self.job
        options = base.shifting(s)
        first = job["after"] * s.order
        if job["share"] is not None:
            options["strength"], first = job["share"], 0
        s.set_timesteps(self.steps, **options)
        if hasattr(s, "set_begin_index") and job["share"] is None:
            s.set_begin_index(first)
        timesteps = s.timesteps[first:]
        self.states = []
        self.record(self.noised(timesteps[:1]))
        accepted = inspect.signature(s.step).parameters
        options = {"generator": self.generator} if "generator" in accepted else {}
        if self.eta is not None and "eta" in accepted:
            options["eta"] = self.eta
        for i, t in enumerate(timesteps):
            x = s.step(self.network(t), t, self.x, **options).prev_sample
            known = self.noised(timesteps[i + 1:i + 2]) if i < len(timesteps) - 1 else self.clean
            self.record((1 - self.mask) * known + self.mask * x)
        return timesteps, None


def random_job(name, rng):
    job = base.random_job(name, rng)
    shape = job.pop("x").shape
    job["clean"], job["noise"] = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    # Half of all jobs know nothing of the later states.
    job["mask"] = np.float32(rng.uniform(0, 1, shape) < 0.5) if rng.uniform() < 0.5 else np.ones(shape, np.float32)
    job["steps"] = min(job["steps"], int(rng.integers(1, 30)))
    job["after"], job["share"] = int(rng.integers(0, job["steps"])), None
    if name in ("LCMScheduler", "TCDScheduler") and rng.uniform() < 0.5:
        job["after"], job["share"] = 0, float(rng.uniform(0.2, 1))
    return job


def write(name, options):
    name = f"{name}Scheduler"
    rng, cases, dropped = np.random.default_rng([options.seed, *name.encode()]), [], 0
    for _ in range(40 * options.count):
        if len(cases) >= options.count:
            break
        job = random_job(name, rng)
        try:
            exact, single = (Started(job, dtype).run() for dtype in (torch.float64, torch.float32))
        except Exception:  # whatever diffusers raises
            continue
        states = exact["trajectory"]
        if not np.isfinite(states).all() or base.distance(single["trajectory"], states) > base.OWN:
            dropped += 1
            continue
        if options.small and (states.size > 60 or len(json.dumps(job["config"])) > 500):
            continue
        numbers = {key: np.float64(job[key]).tolist() for key in ("clean", "noise", "mask")}
        cases.append({
            "scheduler": job["config"], "mixture": job["mixture"].json, "steps": job["steps"], "after": job["after"], "share": job["share"],
            "eta": job["eta"], "seed": job["seed"], **numbers, "trajectory": states.round(7).tolist(), "timesteps": exact["timesteps"].round(7).tolist(),
        })
    folder = Path(options.write)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    print(f"{name}: {len(cases)}, {dropped} dropped", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", default=",".join(CLASSES))
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", required=True)
    parser.add_argument("--small", action="store_true", help="only cases small enough for the repository")
    options = parser.parse_args()
    for name in options.classes.split(","):
        write(name, options)
