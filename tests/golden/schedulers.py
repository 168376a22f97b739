"""Compares `trace` with diffusers' schedulers on random configurations, every state of every trajectory.

    python tests/golden/schedulers.py [--classes DDIMScheduler,PNDMScheduler] [--count 300] [--seed 0]
                                      [--trace target/release/examples/trace | --langevin target/release/langevin]
    python tests/golden/schedulers.py --write crates/schedulers/tests/golden --count 2

Needs torch, numpy, scipy, safetensors and diffusers 0.42.1; runs on the CPU.

The denoiser is the exact one of a Gaussian mixture, so that the network's output of any prediction type is known in
closed form at any level. The level is the one the scheduler keeps: `sigmas[step_index]` in the class's own coordinates
(variance preserving, flow, EDM), `alphas_cumprod[t]` where there are no sigmas, `discrete_sigmas` for ScoreSdeVe.
Schedulers that scale the model's input get the scaled input; EDM classes and consistency models get the output whose
denoised value is exact.

Each configuration is run by diffusers in f64 and f32. It counts only where the two agree to 1e-5 of the state's scale
and every number is finite. Noise is drawn in f32 from a CPU generator in both. Where diffusers raises, we have to
refuse. A configuration passes where every state agrees to 1e-4 of max(1, max |state|), and timesteps and sigmas to
1e-5 of max(1, their size).

torch's float32 `log`, `exp` and `sqrt` are not correctly rounded, and which results are off depends on the processor.
For each failure diffusers is run once more with correctly rounded ones. Where that moves its own states by more than
1e-5, the failure is counted apart: no program gives the numbers of all processors there. So is the one case in which a
class divides by a level that is rounding alone (`divides_by_rounding`).
"""

import argparse
import contextlib
import inspect
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import diffusers
import diffusers.schedulers.deprecated
import numpy as np
import torch
from diffusers.utils import torch_utils
from safetensors.numpy import load_file, save_file

diffusers.utils.logging.set_verbosity_error()
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

OWN = 1e-5
TOLERANCE = 1e-4
# Seeds and draws that once showed a fault, written as goldens too. In this one diffusers' float32 leaves of the level
# before the noise what the last places of both ends decide.
FAULTS = {"DPMSolverSDEScheduler": [(47, 607)]}


# --- Noise: the same numbers in f64 and f32 ---------------------------------------------------------------------------

_randn_tensor = torch_utils.randn_tensor


def randn_tensor(shape, generator=None, device=None, dtype=None, layout=None):
    """diffusers' own, but drawn in f32 also where f64 is asked for: torch draws other numbers there."""
    return _randn_tensor(shape, generator, device, torch.float32, layout).to(dtype or torch.float32)


def scheduler_class(name):
    """The class of this name, with its module's noise replaced."""
    found = getattr(diffusers.schedulers, name, None) or getattr(diffusers.schedulers.deprecated, name)
    module = sys.modules.get(found.__module__)
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = randn_tensor
    return found


# --- The exact network ------------------------------------------------------------------------------------------------


class Mixture:
    """Exact expectations for data drawn from a mixture of diagonal Gaussians."""

    def __init__(self, weights, means, stds):
        self.json = {"weights": weights, "means": means, "stds": stds}
        self.log_weights = np.log(np.array(weights) / sum(weights))
        self.means, self.stds = np.array(means), np.array(stds)

    def expect(self, x, alpha, sigma):
        """E[clean | x] and E[noise | x] of x = alpha · clean + sigma · noise."""
        variance = (alpha * self.stds) ** 2 + sigma**2
        off = x[:, None, :] - alpha * self.means
        logs = self.log_weights - 0.5 * (off**2 / variance + np.log(variance)).sum(-1)
        shares = np.exp(logs - logs.max(1, keepdims=True))
        shares = (shares / shares.sum(1, keepdims=True))[:, :, None]
        clean = (shares * (self.means + alpha * self.stds**2 / variance * off)).sum(1)
        noise = (shares * (sigma * off / variance)).sum(1)
        return clean, noise


def vp(sigma):
    alpha = 1 / math.sqrt(1 + sigma * sigma)
    return alpha, sigma * alpha


def alpha_bar(scheduler, t):
    value = float(scheduler.alphas_cumprod[int(t)])
    return math.sqrt(value), math.sqrt(1 - value)


def shifting(scheduler):
    """`mu` of the flow classes that ask for it: the base shift."""
    config = scheduler.config
    asks = "base_shift" in config or type(scheduler).__name__ == "LTXEulerAncestralRFScheduler"
    return {"mu": config.get("base_shift", 0.5)} if config.get("use_dynamic_shifting", False) and asks else {}


FLOW = ["FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete", "FlowMatchLCM", "FlowMapEulerDiscrete", "LTXEulerAncestralRF", "MiniMaxH3"]
EDM = ["EDMEuler", "EDMDPMSolverMultistep", "CosineDPMSolverMultistep"]


class Run:
    """One trajectory of diffusers."""

    def __init__(self, name, config, steps, x, mixture, eta, seed, dtype):
        self.name, self.mixture, self.dtype, self.eta, self.steps = name.removesuffix("Scheduler"), mixture, dtype, eta, steps
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self.shape = (*x.shape, 1, 1)
        self.scheduler = scheduler_class(name).from_config(dict(config))
        self.states = []
        self.x = torch.from_numpy(x).to(dtype).reshape(self.shape)
        self.record(self.x)

    def record(self, x):
        self.x = x
        self.states.append(x.detach().to(torch.float64).reshape(self.shape[:2]).numpy().copy())

    def expect(self, x, alpha, sigma):
        return self.mixture.expect(x.to(torch.float64).reshape(self.shape[:2]).numpy(), alpha, sigma)

    def tensor(self, values):
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.dtype).reshape(self.shape)

    def output(self, x, alpha, sigma, prediction):
        clean, noise = self.expect(x, alpha, sigma)
        return self.tensor({
            "epsilon": lambda: noise,
            "sample": lambda: clean,
            "v_prediction": lambda: alpha * noise - sigma * clean,
            "flow_prediction": lambda: noise - clean,
            "data_velocity": lambda: clean - noise,
            "score": lambda: -noise / sigma,
        }[prediction]())

    def step_index(self, t):
        s = self.scheduler
        if s.step_index is None:
            if hasattr(s, "_init_step_index"):
                s._init_step_index(t)
            else:
                s._step_index = s.index_for_timestep(t)
        return s.step_index

    def preconditioned(self, x, c_skip, c_out, clean):
        with np.errstate(all="ignore"):
            return self.tensor((clean - c_skip * x.to(torch.float64).reshape(self.shape[:2]).numpy()) / c_out)

    def network(self, t):
        """The exact output at the scheduler's level for its prediction type."""
        s, x = self.scheduler, self.x
        if self.name in EDM:
            sigma = s.sigmas[self.step_index(t)]
            one, zero = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
            skip, out = (float(s.precondition_outputs(a, b, sigma.double())) for a, b in [(one, zero), (zero, one)])
            return self.preconditioned(x, skip, out, self.expect(x, 1.0, float(sigma))[0])
        if self.name == "CMStochasticIterative":
            s.scale_model_input(x, t)
            sigma = s.sigmas[s.step_index]
            skip, out = s.get_scalings_for_boundary_condition(sigma)
            if out == 0:  # at sigma_min the state is its own estimate, whatever the network says
                return torch.zeros_like(x)
            return self.preconditioned(x, float(skip), float(out), self.expect(x, 1.0, float(sigma))[0])
        if self.name == "ConsistencyDecoder":
            level = float(s.sqrt_alphas_cumprod[t]), float(s.sqrt_one_minus_alphas_cumprod[t])
            return self.preconditioned(x, float(s.c_skip[t]), float(s.c_out[t]), self.expect(x, *level)[0])
        if hasattr(s, "scale_model_input"):
            x = s.scale_model_input(x, t)
        prediction = s.config.get("prediction_type", "epsilon")
        if self.name in FLOW:
            sigma = float(s.sigmas[self.step_index(t)])
            return self.output(x, 1 - sigma, sigma, "data_velocity" if self.name == "MiniMaxH3" else "flow_prediction")
        if hasattr(s, "sigmas"):
            sigma = float(s.sigmas[self.step_index(t)])
            flow = s.config.get("use_flow_sigmas", False)
            return self.output(x, *((1 - sigma, sigma) if flow else vp(sigma)), prediction)
        return self.output(x, *alpha_bar(s, t), prediction)

    def plain(self):
        s = self.scheduler
        options = shifting(s)
        s.set_timesteps(self.steps, **options)
        accepted = inspect.signature(s.step).parameters
        options = {"generator": self.generator} if "generator" in accepted else {}
        if self.eta is not None and "eta" in accepted:
            options["eta"] = self.eta
        timesteps = s.timesteps
        for t in timesteps:
            self.record(s.step(self.network(t), t, self.x, **options).prev_sample)
        return timesteps, getattr(s, "sigmas", None)

    def wuerstchen(self):
        s = self.scheduler
        s.set_timesteps(self.steps)
        for t in s.timesteps[:-1]:
            t = t.expand(self.shape[0])
            bar = float(s._alpha_cumprod(t[:1], "cpu"))
            output = self.output(self.x, math.sqrt(bar), math.sqrt(1 - bar), "epsilon")
            self.record(s.step(output, t, self.x, generator=self.generator).prev_sample)
        return s.timesteps, None

    def scm(self):
        s = self.scheduler
        s.set_timesteps(self.steps, intermediate_timesteps=1.3 if self.steps == 2 else None)
        for t in s.timesteps[:-1]:
            alpha, sin, data = math.cos(float(t)), math.sin(float(t)), s.config.sigma_data
            clean, noise = self.expect(self.x, alpha, sin * data)
            output = self.tensor(alpha * data * noise - sin * clean)
            self.record(s.step(output, t, self.x, generator=self.generator).prev_sample)
        return s.timesteps, None

    def sde_ve(self):
        s = self.scheduler
        s.set_timesteps(self.steps)
        s.set_sigmas(self.steps)
        for t in s.timesteps:
            index = int((t * torch.ones(1) * (len(s.timesteps) - 1)).long())
            sigma = float(s.discrete_sigmas[index])
            for _ in range(s.config.correct_steps):
                self.x = s.step_correct(self.output(self.x, 1.0, sigma, "score"), self.x, generator=self.generator).prev_sample
            output = self.output(self.x, 1.0, sigma, "score")
            self.record(s.step_pred(output, t, self.x, generator=self.generator).prev_sample)
        return s.timesteps, s.sigmas

    def sde_vp(self):
        s = self.scheduler
        s.set_timesteps(self.steps)
        low, high = s.config.beta_min, s.config.beta_max
        for t in s.timesteps:
            time = float(t)
            log_alpha = -0.25 * time * time * (high - low) - 0.5 * time * low
            level = math.exp(log_alpha), math.sqrt(-math.expm1(2 * log_alpha))
            self.record(s.step_pred(self.output(self.x, *level, "epsilon"), self.x, t, generator=self.generator)[0])
        return s.timesteps, None

    def karras_ve(self):
        s = self.scheduler
        s.set_timesteps(self.steps)
        for t in s.timesteps:
            sigma = s.schedule[t]
            sigma_prev = s.schedule[t - 1] if t > 0 else torch.tensor(0.0)
            x, sigma_hat = s.add_noise_to_input(self.x, sigma, generator=self.generator)
            score = self.output(x, 1.0, float(sigma_hat), "score") * float(sigma_hat)
            step = s.step(score, sigma_hat, sigma_prev, x)
            if sigma_prev != 0:
                score = self.output(step.prev_sample, 1.0, float(sigma_prev), "score") * float(sigma_prev)
                step = s.step_correct(score, sigma_hat, sigma_prev, x, step.prev_sample, step.derivative)
            self.record(step.prev_sample)
        return s.timesteps, None

    def repaint(self):
        """Nothing is known: the mask is 0. Jumps back are made as the pipeline makes them."""
        s = self.scheduler
        s.set_timesteps(self.steps)
        zero = torch.zeros_like(self.x)
        last = s.timesteps[0] + 1
        for t in s.timesteps:
            if t < last:
                output = self.output(self.x, *alpha_bar(s, t), "epsilon")
                self.record(s.step(output, t, self.x, zero, zero, self.generator).prev_sample)
            else:
                self.x = s.undo_step(self.x, last, self.generator)
            last = t
        return s.timesteps, None

    def cog_dpm(self):
        s = self.scheduler
        s.set_timesteps(self.steps)
        old, back = None, None
        for t in s.timesteps:
            output = self.output(self.x, *alpha_bar(s, t), s.config.prediction_type)
            options = {} if self.eta is None else {"eta": self.eta}
            x, old = s.step(output, old, t, back, self.x, generator=self.generator, return_dict=False, **options)
            self.record(x)
            back = t
        return s.timesteps, None

    def run(self):
        method = {
            "DDPMWuerstchen": self.wuerstchen,
            "SCM": self.scm,
            "ScoreSdeVe": self.sde_ve,
            "ScoreSdeVp": self.sde_vp,
            "KarrasVe": self.karras_ve,
            "RePaint": self.repaint,
            "CogVideoXDPM": self.cog_dpm,
        }.get(self.name, self.plain)
        timesteps, sigmas = method()
        result = {"trajectory": np.stack(self.states), "timesteps": np.asarray(timesteps, dtype=np.float64)}
        if sigmas is not None:
            result["sigmas"] = np.asarray(sigmas, dtype=np.float64)
        return result


def reference(job, dtype):
    x = job["x"] if dtype == torch.float32 else job["x"].astype(np.float64)
    return Run(job["class"], job["config"], job["steps"], x, job["mixture"], job["eta"], job["seed"], dtype).run()


@contextlib.contextmanager
def correctly_rounded():
    """`log`, `exp`, `expm1`, `sqrt` and powers of float32 tensors by way of float64."""
    patched = []

    def patch(owner, name, function):
        patched.append((owner, name, getattr(owner, name)))
        setattr(owner, name, function)

    def through_double(original):
        def function(x, *arguments, **options):
            if isinstance(x, torch.Tensor) and x.dtype == torch.float32 and not arguments and not options:
                return original(x.double()).float()
            return original(x, *arguments, **options)

        return function

    for name in ["log", "exp", "expm1", "sqrt"]:
        for owner in [torch, torch.Tensor]:
            patch(owner, name, through_double(getattr(owner, name)))
    power = torch.Tensor.__pow__

    def rounded_power(x, exponent):
        if x.dtype != torch.float32 or not isinstance(exponent, float):
            return power(x, exponent)
        return power(x.double(), float(np.float32(exponent))).float()

    patch(torch.Tensor, "__pow__", rounded_power)
    try:
        yield
    finally:
        for owner, name, original in reversed(patched):
            setattr(owner, name, original)


def moved_by_rounding(job):
    """How far diffusers' own states move with correctly rounded functions."""
    with correctly_rounded():
        return distance(reference(job, torch.float64)["trajectory"], job["reference"]["trajectory"])


# --- Random configurations --------------------------------------------------------------------------------------------


class Draw:
    """Random fields of a configuration."""

    def __init__(self, rng):
        self.rng, self.config = rng, {}

    def chance(self, p):
        return self.rng.random() < p

    def log(self, low, high):
        return float(math.exp(self.rng.uniform(math.log(low), math.log(high))))

    def pick(self, *values):
        return values[self.rng.integers(len(values))]

    def set(self, name, value, p=1.0):
        if self.chance(p):
            self.config[name] = value

    def maybe(self, p=0.5, **values):
        """Each field with probability p; a missing field means the class's default."""
        for name, value in values.items():
            self.set(name, value, p)

    def betas(self, schedules):
        total = 1000 if self.chance(0.6) else int(self.log(10, 2000))
        self.set("num_train_timesteps", total, 1.0 if total != 1000 else 0.5)
        kind = self.pick(*schedules)
        self.set("beta_schedule", kind, 0.8)
        if self.chance(0.4):
            self.set("beta_start", self.pick(0.0001, 0.00085, 0.001, self.log(1e-5, 2e-3)))
            self.set("beta_end", self.pick(0.02, 0.012, 0.002, self.log(3e-3, 5e-2)))
        if self.chance(0.1):
            count = total if self.chance(0.8) else total + int(self.rng.integers(1, 50))
            ends = self.log(1e-5, 1e-3), self.log(3e-3, 0.05)
            self.config["trained_betas"] = [float(b) for b in np.linspace(*ends, count) ** self.pick(1, 1, 1.2)]

    def spacing(self, spacings=("leading", "trailing", "linspace")):
        self.maybe(0.8, timestep_spacing=self.pick(*spacings))
        self.maybe(0.5, steps_offset=self.pick(0, 1, 1, int(self.rng.integers(0, 5))))

    def sigmas(self):
        kind = self.pick(None, None, "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
        if kind:
            self.config[kind] = True

    def threshold(self, p=0.15):
        if self.chance(p):
            self.config["thresholding"] = True
            self.maybe(0.7, dynamic_thresholding_ratio=float(self.rng.uniform(0.5, 1)), sample_max_value=self.log(1, 4))

    def clip(self):
        self.maybe(0.7, clip_sample=bool(self.chance(0.5)))
        self.maybe(0.4, clip_sample_range=self.log(0.5, 4))

    def prediction(self, *kinds):
        self.maybe(0.85, prediction_type=self.pick(*kinds))

    def flow(self):
        self.maybe(0.3, num_train_timesteps=int(self.log(10, 2000)))
        self.maybe(0.6, shift=self.pick(1.0, 3.0, self.log(0.3, 12)))
        if self.chance(0.25):
            self.config["use_dynamic_shifting"] = True
            self.maybe(0.5, base_shift=float(self.rng.uniform(0.1, 2)), max_shift=1.15)
        self.maybe(0.3, time_shift_type=self.pick("exponential", "linear"))
        self.maybe(0.15, invert_sigmas=True)
        self.maybe(0.2, shift_terminal=self.pick(0.1, 0.02, self.log(0.01, 0.4)))
        self.maybe(0.1, base_image_seq_len=256, max_image_seq_len=4096)
        self.sigmas()

    def dpm(self):
        self.maybe(0.7, solver_order=self.pick(1, 2, 3))
        self.maybe(0.7, lower_order_final=bool(self.chance(0.5)))
        self.threshold()

    def flow_sigmas(self):
        if self.chance(0.2):
            self.config["use_flow_sigmas"] = True
            self.config["prediction_type"] = "flow_prediction"
            self.maybe(0.7, flow_shift=self.pick(1.0, 3.0, self.log(0.3, 12)))


THREE = ("epsilon", "sample", "v_prediction")
SIMPLE = ("linear", "scaled_linear", "squaredcos_cap_v2")


def ddim(d):
    d.betas(SIMPLE)
    d.clip()
    d.prediction(*THREE)
    d.threshold()
    d.spacing()
    d.maybe(0.5, set_alpha_to_one=bool(d.chance(0.5)), rescale_betas_zero_snr=bool(d.chance(0.5)))


def ddim_inverse(d):
    d.betas(SIMPLE)
    d.clip()
    d.prediction(*THREE)
    d.spacing(("leading", "trailing"))
    d.maybe(0.5, set_alpha_to_one=bool(d.chance(0.5)), rescale_betas_zero_snr=bool(d.chance(0.3)))


def ddpm(d):
    d.betas((*SIMPLE, "sigmoid", "laplace"))
    d.clip()
    d.prediction(*THREE)
    d.threshold()
    d.spacing()
    d.maybe(0.8, variance_type=d.pick("fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range", "fixed_small", "fixed_large"))
    d.maybe(0.3, rescale_betas_zero_snr=bool(d.chance(0.5)))


def pndm(d):
    d.betas(SIMPLE)
    d.prediction("epsilon", "v_prediction")
    d.spacing()
    d.maybe(0.7, skip_prk_steps=bool(d.chance(0.7)), set_alpha_to_one=bool(d.chance(0.5)))


def lcm(d):
    d.betas(SIMPLE)
    d.clip()
    d.prediction(*THREE)
    d.threshold()
    d.spacing()
    total = d.config.get("num_train_timesteps", 1000)
    d.maybe(0.6, original_inference_steps=min(total, int(d.log(1, 1000))))
    d.maybe(0.4, timestep_scaling=d.log(0.01, 30))
    d.maybe(0.5, set_alpha_to_one=bool(d.chance(0.5)), rescale_betas_zero_snr=bool(d.chance(0.3)))


def flow_euler(d):
    d.flow()
    d.maybe(0.25, stochastic_sampling=True)


def flow_heun(d):
    d.maybe(0.3, num_train_timesteps=int(d.log(10, 2000)))
    d.maybe(0.7, shift=d.pick(1.0, 3.0, d.log(0.3, 12)))


def flow_lcm(d):
    d.flow()
    d.maybe(0.1, upscale_mode="bilinear")


def sde_ve(d):
    d.maybe(0.5, num_train_timesteps=int(d.log(10, 2000)), snr=d.log(0.01, 0.5), sigma_min=d.log(1e-3, 0.1), sigma_max=d.log(5, 2000))
    d.maybe(0.4, sampling_eps=d.log(1e-6, 1e-2), correct_steps=d.pick(0, 1, 2, 3))


def sde_vp(d):
    d.maybe(0.5, num_train_timesteps=int(d.log(10, 2000)), beta_min=d.log(0.01, 1), beta_max=d.log(5, 40), sampling_eps=d.log(1e-5, 1e-2))


def karras_ve(d):
    d.maybe(0.5, sigma_min=d.log(1e-3, 0.1), sigma_max=d.log(5, 200), s_noise=d.log(0.9, 1.1))
    d.maybe(0.5, s_churn=d.pick(0, 80, d.log(1, 300)), s_min=d.log(0.01, 1), s_max=d.log(2, 100))


def cm(d):
    d.maybe(0.6, num_train_timesteps=int(d.log(2, 1000)))
    d.maybe(0.5, sigma_min=d.log(1e-3, 0.1), sigma_max=d.log(5, 200), sigma_data=d.log(0.1, 2))
    d.maybe(0.5, s_noise=d.log(0.5, 1.5), rho=d.log(2, 15), clip_denoised=bool(d.chance(0.5)))


def scm(d):
    d.maybe(0.5, num_train_timesteps=int(d.log(2, 2000)), sigma_data=d.log(0.1, 2), prediction_type="trigflow")


def unclip(d):
    d.maybe(0.4, num_train_timesteps=int(d.log(10, 2000)), beta_schedule="squaredcos_cap_v2")
    d.maybe(0.5, variance_type=d.pick("fixed_small_log", "fixed_small_log", "learned_range"))
    d.prediction("epsilon", "sample")
    d.clip()


def repaint(d):
    d.betas((*SIMPLE, "sigmoid"))
    d.maybe(0.6, eta=float(d.rng.uniform(0, 1)), clip_sample=bool(d.chance(0.5)))


def cog(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.clip()
    d.maybe(0.5, set_alpha_to_one=bool(d.chance(0.5)), rescale_betas_zero_snr=bool(d.chance(0.5)), snr_shift_scale=d.pick(1.0, 3.0, d.log(0.3, 5)))


def wuerstchen(d):
    d.maybe(0.6, scaler=d.pick(1.0, d.log(0.3, 3)), s=d.log(1e-3, 0.05))


def ltx(d):
    d.maybe(0.3, num_train_timesteps=int(d.log(10, 2000)))
    if d.chance(0.4):  # keys of the class that makes its levels
        d.flow()
    d.maybe(0.6, eta=d.pick(0.0, 1.0, float(d.rng.uniform(0, 1))), s_noise=d.pick(0.0, 1.0, d.log(0.5, 1.5)))


def minimax(d):
    d.maybe(0.7, shift=d.log(0.3, 20))


def decoder(d):
    d.maybe(0.5, sigma_data=d.log(0.1, 2), num_train_timesteps=d.pick(1024, 1009, 2000))


def ipndm(d):
    d.maybe(0.5, num_train_timesteps=int(d.log(10, 2000)))


def euler(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.maybe(0.3, interpolation_type=d.pick("linear", "log_linear"), final_sigmas_type=d.pick("zero", "sigma_min"))
    d.maybe(0.2, timestep_type=d.pick("discrete", "continuous"), sigma_min=d.log(0.005, 0.1), sigma_max=d.log(5, 50))
    d.maybe(0.3, rescale_betas_zero_snr=bool(d.chance(0.5)))


def ancestral(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.maybe(0.3, rescale_betas_zero_snr=bool(d.chance(0.5)))


def karras(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()


def heun(d):
    d.betas((*SIMPLE, "exp"))
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.clip()


def dpm_multistep(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    if d.chance(0.1):
        d.config["use_lu_lambdas"] = True
    d.dpm()
    d.maybe(0.8, algorithm_type=d.pick("dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++", "deis"))
    d.maybe(0.6, solver_type=d.pick("midpoint", "heun", "logrho"))
    d.maybe(0.4, euler_at_final=bool(d.chance(0.5)), final_sigmas_type=d.pick("zero", "sigma_min"))
    if d.config.get("algorithm_type") in ("dpmsolver", "sde-dpmsolver"):
        d.set("final_sigmas_type", "sigma_min", 0.9)
    d.maybe(0.2, lambda_min_clipped=d.pick(-5.1, float(d.rng.uniform(-6, -1))), rescale_betas_zero_snr=True)
    d.maybe(0.05, variance_type=d.pick("learned", "learned_range"))
    d.flow_sigmas()
    if d.config.get("use_flow_sigmas") and d.chance(0.3):
        d.config["use_dynamic_shifting"] = True


def dpm_inverse(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.dpm()
    d.maybe(0.8, algorithm_type=d.pick("dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++", "deis"))
    d.maybe(0.6, solver_type=d.pick("midpoint", "heun", "logrho"))
    d.maybe(0.4, euler_at_final=bool(d.chance(0.5)))
    d.maybe(0.2, lambda_min_clipped=d.pick(-5.1, float(d.rng.uniform(-6, -1))))
    d.flow_sigmas()


def dpm_singlestep(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.sigmas()
    d.dpm()
    d.maybe(0.8, algorithm_type=d.pick("dpmsolver", "dpmsolver++", "sde-dpmsolver++", "deis"))
    d.maybe(0.6, solver_type=d.pick("midpoint", "heun", "logrho"), final_sigmas_type=d.pick("zero", "sigma_min"))
    if d.config.get("algorithm_type") == "dpmsolver":
        d.set("final_sigmas_type", "sigma_min", 0.9)
    d.maybe(0.2, lambda_min_clipped=d.pick(-5.1, float(d.rng.uniform(-6, -1))))
    d.flow_sigmas()


def dpm_sde(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.maybe(1.0, noise_sampler_seed=int(d.rng.integers(0, 1000)))


def deis(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.dpm()
    d.maybe(0.5, algorithm_type=d.pick("deis", "dpmsolver", "dpmsolver++"), solver_type=d.pick("logrho", "midpoint", "heun", "bh1", "bh2"))
    d.flow_sigmas()


def unipc(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.dpm()
    d.maybe(0.6, predict_x0=bool(d.chance(0.6)), solver_type=d.pick("bh1", "bh2", "midpoint", "heun", "logrho"))
    d.maybe(0.3, disable_corrector=[int(i) for i in d.rng.integers(0, 10, d.rng.integers(0, 4))])
    d.maybe(0.4, final_sigmas_type=d.pick("zero", "sigma_min"), rescale_betas_zero_snr=bool(d.chance(0.3)))
    d.flow_sigmas()


def sa_solver(d):
    d.betas(SIMPLE)
    d.prediction(*THREE)
    d.spacing()
    d.sigmas()
    d.threshold()
    d.maybe(0.6, predictor_order=d.pick(1, 2, 3), corrector_order=d.pick(0, 1, 2, 3), algorithm_type=d.pick("data_prediction", "noise_prediction"))
    d.maybe(0.5, lower_order_final=bool(d.chance(0.5)))
    d.flow_sigmas()


def edm(d):
    d.maybe(0.5, sigma_min=d.log(1e-3, 0.1), sigma_max=d.log(5, 200), sigma_data=d.log(0.1, 2), rho=d.log(2, 15))
    d.maybe(0.5, sigma_schedule=d.pick("karras", "exponential"), final_sigmas_type=d.pick("zero", "sigma_min"))
    d.maybe(0.3, num_train_timesteps=int(d.log(10, 2000)))
    d.prediction("epsilon", "v_prediction")


def edm_dpm(d):
    edm(d)
    d.dpm()
    d.maybe(0.6, algorithm_type=d.pick("dpmsolver++", "sde-dpmsolver++", "deis"), solver_type=d.pick("midpoint", "heun", "logrho"))
    d.maybe(0.4, euler_at_final=bool(d.chance(0.5)))


def cosine_dpm(d):
    d.maybe(0.5, sigma_min=d.log(0.01, 0.5), sigma_max=d.log(5, 600), sigma_data=d.log(0.1, 2), rho=d.log(2, 15))
    d.maybe(0.5, sigma_schedule=d.pick("karras", "exponential"), final_sigmas_type=d.pick("zero", "sigma_min"))
    d.maybe(0.6, solver_order=d.pick(1, 2), solver_type=d.pick("midpoint", "heun"), lower_order_final=bool(d.chance(0.5)), euler_at_final=bool(d.chance(0.5)))
    d.prediction("epsilon", "v_prediction")


CLASSES = {
    "DDPMScheduler": ddpm, "DDPMParallelScheduler": ddpm, "DDIMScheduler": ddim, "DDIMParallelScheduler": ddim,
    "DDIMInverseScheduler": ddim_inverse, "PNDMScheduler": pndm, "LCMScheduler": lcm, "TCDScheduler": lcm,
    "FlowMatchEulerDiscreteScheduler": flow_euler, "FlowMatchHeunDiscreteScheduler": flow_heun,
    "FlowMatchLCMScheduler": flow_lcm, "FlowMapEulerDiscreteScheduler": flow_heun, "LTXEulerAncestralRFScheduler": ltx,
    "MiniMaxH3Scheduler": minimax, "ScoreSdeVeScheduler": sde_ve, "ScoreSdeVpScheduler": sde_vp,
    "KarrasVeScheduler": karras_ve, "CMStochasticIterativeScheduler": cm, "ConsistencyDecoderScheduler": decoder,
    "SCMScheduler": scm, "UnCLIPScheduler": unclip, "RePaintScheduler": repaint, "CogVideoXDDIMScheduler": cog,
    "CogVideoXDPMScheduler": cog, "DDPMWuerstchenScheduler": wuerstchen,
    "EulerDiscreteScheduler": euler, "EulerAncestralDiscreteScheduler": ancestral, "HeunDiscreteScheduler": heun,
    "KDPM2DiscreteScheduler": karras, "KDPM2AncestralDiscreteScheduler": karras, "LMSDiscreteScheduler": karras,
    "DPMSolverMultistepScheduler": dpm_multistep, "DPMSolverMultistepInverseScheduler": dpm_inverse,
    "DPMSolverSinglestepScheduler": dpm_singlestep, "DPMSolverSDEScheduler": dpm_sde, "DEISMultistepScheduler": deis,
    "UniPCMultistepScheduler": unipc, "SASolverScheduler": sa_solver, "EDMEulerScheduler": edm,
    "EDMDPMSolverMultistepScheduler": edm_dpm, "CosineDPMSolverMultistepScheduler": cosine_dpm,
}

ETA = ["DDIMScheduler", "DDIMParallelScheduler", "TCDScheduler", "CogVideoXDDIMScheduler", "CogVideoXDPMScheduler"]

# Steps that a class accepts, where few of 1 to 1000 would be.
STEPS = {
    "RePaintScheduler": lambda d: int(d.log(1, 200)),
    "ConsistencyDecoderScheduler": lambda d: 2,
    "LCMScheduler": lambda d: int(d.log(1, 1.3 * min(1000, d.config.get("original_inference_steps", 50)))),
    "TCDScheduler": lambda d: int(d.log(1, 1.3 * min(1000, d.config.get("original_inference_steps", 50)))),
    "CMStochasticIterativeScheduler": lambda d: int(d.log(1, 1.3 * d.config.get("num_train_timesteps", 40))),
}


def random_job(name, rng):
    d = Draw(rng)
    CLASSES[name](d)
    d.maybe(0.05, an_unknown_key=1)
    total = d.config.get("num_train_timesteps", 1000)
    steps = STEPS[name](d) if name in STEPS else int(round(d.log(1, min(1000, 1.05 * total))))
    eta = None
    if name in ETA:
        eta = d.pick(None, 0.0, 1.0, float(rng.uniform(0, 1)))
    n, k = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    dimension = int(rng.integers(2, 5))
    numbers = lambda low, high, *shape: [[float(v) for v in row] for row in rng.uniform(low, high, shape)]
    mixture = Mixture([float(w) for w in rng.uniform(0.2, 1, k)], numbers(-1.5, 1.5, k, dimension), numbers(0.05, 0.6, k, dimension))
    x = rng.standard_normal((n, dimension))
    return {
        "class": name, "config": {"_class_name": name, "_diffusers_version": diffusers.__version__, **d.config},
        "steps": max(steps, 1), "eta": eta, "seed": int(rng.integers(0, 2**32)), "mixture": mixture, "x": x,
    }


def scale_start(job):
    """x at the scheduler's initial noise level."""
    scheduler = scheduler_class(job["class"]).from_config(dict(job["config"]))
    options = {}
    if job["class"] == "SCMScheduler":
        options = {"intermediate_timesteps": None if job["steps"] != 2 else 1.3}
    options.update(shifting(scheduler))
    scheduler.set_timesteps(job["steps"], **options)
    return (job["x"] * float(getattr(scheduler, "init_noise_sigma", 1.0))).astype(np.float32)


# --- Comparison -------------------------------------------------------------------------------------------------------


def distance(a, b):
    """Largest difference of two trajectories, each state relative to its scale."""
    if a.shape != b.shape:
        return math.inf
    worst = 0.0
    for p, q in zip(a, b):
        error = np.abs(p - q).max() / max(1.0, np.abs(q).max())
        worst = max(worst, error) if error == error else math.inf
    return float(worst)


def close(a, b):
    if a.shape != b.shape:
        return False
    same = a == b
    with np.errstate(invalid="ignore"):
        return bool(np.all(same | (np.abs(a - b) <= OWN * np.maximum(np.abs(b), 1))))


def sentence(error):
    first = str(error).splitlines()[0][:70] if str(error) else ""
    return f"{type(error).__name__}: {re.sub('[0-9]+', 'n', first)}"


def collect(name, count, rng):
    """Configurations that count, those that diffusers refuses, and why others were dropped."""
    jobs, raised, dropped = [], [], Counter()
    for _ in range(6 * count):
        if len(jobs) >= count:
            break
        job = random_job(name, rng)
        try:
            job["x"] = scale_start(job)
            job["reference"] = reference(job, torch.float64)
            other = reference(job, torch.float32)
        except Exception as error:  # whatever diffusers raises
            job["x"] = job["x"].astype(np.float32)
            job["raised"] = sentence(error)
            raised.append(job)
            continue
        if not np.isfinite(job["reference"]["trajectory"]).all():
            dropped["not finite"] += 1
        elif distance(other["trajectory"], job["reference"]["trajectory"]) > OWN:
            dropped["f32 and f64 differ"] += 1
        else:
            jobs.append(job)
    return jobs, raised, dropped


def write_job(job, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scheduler_config.json").write_text(json.dumps(job["config"]))
    (folder / "mixture.json").write_text(json.dumps(job["mixture"].json))
    save_file({"x": np.ascontiguousarray(job["x"], dtype=np.float32)}, folder / "x.safetensors")
    line = {
        "scheduler": str(folder / "scheduler_config.json"), "mixture": str(folder / "mixture.json"),
        "steps": job["steps"], "init": str(folder / "x.safetensors"), "out": str(folder / "t.safetensors"),
        "eta": job["eta"], "rng": "torch", "seed": job["seed"],
    }
    (folder / "job.json").write_text(json.dumps(line))
    return line


def run_ours(lines, options, folder):
    if options.langevin:
        results = []
        for line in lines:
            command = [options.langevin, "trace"]
            for key in ["scheduler", "mixture", "steps", "init", "out", "rng", "seed"]:
                command += [f"--{key}", str(line[key])]
            if line["eta"] is not None:
                command += ["--eta", str(line["eta"])]
            done = subprocess.run([*command, "--json"], capture_output=True, text=True)
            results.append({"ok": True} if done.returncode == 0 else {"error": done.stderr.strip()})
        return results
    jobs = folder / "jobs.jsonl"
    jobs.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = subprocess.run([options.trace, str(jobs)], stdout=subprocess.PIPE, text=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    if len(results) != len(lines):
        sys.exit(f"{options.trace} answered {len(results)} of {len(lines)} jobs (exit code {done.returncode})")
    return results


def judge(job, line, result):
    """What is wrong with our answer, and the error of the states."""
    if "error" in result:
        return f"refused: {result['error']}", None
    ours = {key: value.astype(np.float64) for key, value in load_file(line["out"]).items()}
    error = distance(ours["trajectory"], job["reference"]["trajectory"])
    for key in ["timesteps", "sigmas"]:
        wanted = job["reference"].get(key)
        if wanted is not None and (key not in ours or not close(ours[key], wanted)):
            return f"{key} differ", error
    if error > TOLERANCE:
        return f"states differ by {error:.1e}", error
    return None, error


def divides_by_rounding(name, job):
    """LTXEulerAncestralRF steps in float32 whatever the state's type, so that its own two runs agree. Where inverted
    levels begin at the rounding of 1 - 1, its first step divides the rounding of the state by that level."""
    return name == "LTXEulerAncestralRFScheduler" and np.abs(job["reference"]["sigmas"][:-1]).min() < 1e-6


def compare(name, options, rng):
    jobs, raised, dropped = collect(name, options.count, rng)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lines = [write_job(job, folder / str(i)) for i, job in enumerate(jobs + raised)]
        results = run_ours(lines, options, folder)
        failures, apart, worst, worst_job = [], 0, 0.0, None
        for job, line, result in zip(jobs, lines, results):
            wrong, error = judge(job, line, result)
            if wrong:
                moved = 0.0 if "error" in result else moved_by_rounding(job)
                if divides_by_rounding(name, job):
                    moved = math.inf
                apart += moved > OWN
                # Those that are wrong come before those that are apart.
                if moved > OWN:
                    failures.append((job, f"{wrong}, diffusers moves by {moved:.0e}"))
                else:
                    failures.insert(0, (job, wrong))
            elif error > worst:
                worst, worst_job = error, job
        not_refused = [job for job, result in zip(raised, results[len(jobs):]) if "error" not in result]
    failed = len(failures) - apart
    share = 100 * failed / max(len(jobs), 1)
    print(f"{name}: {len(jobs)} configurations, {failed} failures ({share:.2f} %), worst error of the others {worst:.1e}")
    if apart:
        print(f"    apart: {apart} more that differ where diffusers' own states are rounding or depend on the processor")
    if worst > 0.2 * TOLERANCE:
        write_job(worst_job, Path(options.failures) / name / "worst")
        save_file(worst_job["reference"], Path(options.failures) / name / "worst" / "reference.safetensors")
        print(f"    worst: steps {worst_job['steps']} eta {worst_job['eta']} {json.dumps(worst_job['config'])[:400]}")
    for reason, times in dropped.items():
        print(f"    dropped {times}: {reason}")
    for reason, times in Counter(job["raised"] for job in raised).most_common():
        print(f"    diffusers raises {times}: {reason}")
    if raised:
        print(f"    of {len(raised)} that diffusers raises on, not refused: {len(not_refused)}")
    for job in not_refused[:2]:
        print(f"    not refused: steps {job['steps']} {json.dumps(job['config'])[:300]} ({job['raised']})")
    for i, (job, wrong) in enumerate(failures[: options.dump]):
        target = Path(options.failures) / name / str(i)
        line = write_job(job, target)
        save_file(job["reference"], target / "reference.safetensors")
        short = {key: value for key, value in job["config"].items() if not key.startswith("_") and key != "trained_betas"}
        print(f"    {target}: {wrong} | steps {line['steps']} eta {line['eta']} {json.dumps(short)}")
    sys.stdout.flush()
    return failed


def class_rng(name, seed):
    return np.random.default_rng([seed, *name.encode()])


def golden(job):
    return {
        "scheduler": job["config"], "mixture": job["mixture"].json, "steps": job["steps"], "eta": job["eta"],
        "seed": job["seed"], "x": np.float64(job["x"]).tolist(),
        **{key: np.asarray(value).round(7).tolist() for key, value in job["reference"].items()},
    }


def write_goldens(name, options, rng):
    """A few short configurations in one file: what the tests of the crate read."""
    cases = []
    for _ in range(400):
        if len(cases) >= options.count:
            break
        found, _, _ = collect(name, 1, rng)
        if not found:
            break
        job = found[0]
        states = job["reference"]["trajectory"]
        if states.size > 100 or len(json.dumps(job["config"])) > 600 or moved_by_rounding(job) > OWN:
            continue
        cases.append(golden(job))
    for seed, draw in FAULTS.get(name, []):
        rng = class_rng(name, seed)
        job = [random_job(name, rng) for _ in range(draw + 1)][draw]
        job["x"] = scale_start(job)
        job["reference"] = reference(job, torch.float64)
        cases.append(golden(job))
    folder = Path(options.write)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", default=",".join(CLASSES), help="class names, separated by commas")
    parser.add_argument("--count", type=int, default=300, help="configurations per class that count")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trace", default="target/release/examples/trace", help="the example that takes many jobs")
    parser.add_argument("--langevin", help="use this binary's verb `trace` instead")
    parser.add_argument("--failures", default="target/scheduler-failures", help="where failing configurations go")
    parser.add_argument("--dump", type=int, default=5, help="how many of them per class")
    parser.add_argument("--write", help="write goldens to this folder instead of comparing")
    options = parser.parse_args()
    failures = 0
    for name in options.classes.split(","):
        name = name if name.endswith("Scheduler") else f"{name}Scheduler"
        rng = class_rng(name, options.seed)
        if options.write:
            write_goldens(name, options, rng)
        else:
            failures += compare(name, options, rng)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
