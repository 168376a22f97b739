"""Goldens of the pipelines without prompts, made with diffusers 0.42.1 and PyTorch on the CPU.

    python tests/golden/unprompted.py                                   # writes tests/golden/unprompted/*
    python tests/golden/unprompted.py --random 30 --out DIR             # many random folders, not for the repository
    python tests/golden/unprompted.py --random 30 --out DIR --langevin target/release/langevin   # and compares

Kinds: DiTPipeline and LDMPipeline, in latents, and DDPMPipeline, DDIMPipeline and ScoreSdeVePipeline, in pixels.
Each case is a pipeline's folder with random weights, `call.json` (class, steps, guidance, eta, seed) and
golden.safetensors: `trajectory` [steps + 1, 1, C, h, w], the states from the start and after each step, drawn with
PyTorch's generator, and `sample` [1, 3, H, W], the picture from -1 to 1, clamped as Python clamps it.
"""

import functools
import inspect
import json
import shutil

import diffusers
import numpy as np
import pipeline_runs
import torch
from diffusers import AutoencoderKL, DiTTransformer2DModel, UNet2DModel, VQModel
from safetensors.numpy import save_file

ORDINARY = ["DDIMScheduler", "DPMSolverMultistepScheduler", "PNDMScheduler", "EulerDiscreteScheduler", "LMSDiscreteScheduler",
            "UniPCMultistepScheduler", "HeunDiscreteScheduler", "DEISMultistepScheduler", "KDPM2DiscreteScheduler"]
NOISY = ["DDPMScheduler", "EulerAncestralDiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "LCMScheduler"]
KINDS = ["dit", "dit", "ldm", "ddpm", "ddim", "ve"]


def stir(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or "proj_out" in name or name.endswith("linear.weight"):
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def unet(seed, channels, **keys):
    torch.manual_seed(seed)
    keys = dict(in_channels=channels, out_channels=channels, block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2,
                down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
                attention_head_dim=4, sample_size=8) | keys
    return stir(UNet2DModel(**keys), seed)


def autoencoder(seed, quantised):
    torch.manual_seed(seed)
    keys = dict(block_out_channels=[4, 4], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                norm_num_groups=2, sample_size=16)
    if quantised:
        return stir(VQModel(**keys, latent_channels=3, num_vq_embeddings=64, scaling_factor=0.7), seed)
    return stir(AutoencoderKL(**keys, latent_channels=4, scaling_factor=0.18215), seed)


def build(kind, scheduler, options, folder, seed):
    shutil.rmtree(folder, ignore_errors=True)
    if kind == "dit":
        torch.manual_seed(seed)
        keys = dict(num_attention_heads=2, attention_head_dim=4, in_channels=4, out_channels=8, num_layers=2, sample_size=8, patch_size=2,
                    num_embeds_ada_norm=1000, norm_type="ada_norm_zero", activation_fn="gelu-approximate", attention_bias=True)
        transformer = stir(DiTTransformer2DModel(**keys | options.get("network", {})), seed)
        pipeline = diffusers.DiTPipeline(transformer, autoencoder(seed + 1, False), scheduler)
    elif kind == "ldm":
        pipeline = diffusers.LDMPipeline(autoencoder(seed + 1, True), unet(seed, 3, **options.get("network", {})), scheduler)
    else:
        named = dict(ddpm="DDPMPipeline", ddim="DDIMPipeline", ve="ScoreSdeVePipeline")[kind]
        pipeline = getattr(diffusers, named)(unet(seed, 3, **options.get("network", {})), scheduler)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    if kind == "dit":
        # Published folders hold the names of the classes, which diffusers reads and does not write.
        index = json.loads((folder / "model_index.json").read_text())
        index["id2label"] = {"0": "tench, Tinca tinca", "1": "goldfish"}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    if kind == "ddim":
        # The pipeline has made a DDIMScheduler of it; a folder may hold what it was.
        scheduler.save_pretrained(folder / "scheduler")
        index = json.loads((folder / "model_index.json").read_text())
        index["scheduler"] = ["diffusers", type(scheduler).__name__]
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
        pipeline = diffusers.DDIMPipeline.from_pretrained(folder)
        pipeline.set_progress_bar_config(disable=True)
    return pipeline


def record(pipeline, kind, call, folder):
    generator = torch.Generator().manual_seed(call["seed"])
    states, scheduler = [], pipeline.scheduler
    name = "step_pred" if kind == "ve" else "step"
    original = getattr(scheduler, name)
    takes = inspect.signature(original).parameters

    @functools.wraps(original)
    def told(*values, **keys):
        if "generator" in takes:
            # Some pipelines leave the noise of the steps to the generator of the whole process.
            keys.setdefault("generator", generator)
        result = original(*values, **keys)
        states.append(result.prev_sample[:1].detach().float().numpy().copy())
        return result

    setattr(scheduler, name, told)
    arguments = dict(num_inference_steps=call["steps"], generator=generator, output_type="np")
    if kind == "dit":
        arguments.update(class_labels=[call["class"]], guidance_scale=call["guidance"])
        shape, size = (1, 4, 8, 8), 1.0
    else:
        shape = (1, 3, 8, 8)
        size = scheduler.init_noise_sigma if kind in ("ldm", "ve") else 1.0
    if call.get("eta"):
        arguments["eta"] = call["eta"]
    start = torch.randn(shape, generator=torch.Generator().manual_seed(call["seed"])) * size
    picture = pipeline(**arguments).images
    trajectory = np.stack([start.numpy(), *states])
    if not np.isfinite(trajectory).all():
        raise ValueError("not finite")
    sample = np.ascontiguousarray(picture.transpose(0, 3, 1, 2) * 2 - 1)
    (folder / "call.json").write_text(json.dumps(call, indent=2) + "\n")
    save_file({"trajectory": trajectory.astype(np.float32), "sample": sample.astype(np.float32)}, folder / "golden.safetensors")


def cases():
    small = dict(block_out_channels=[4], down_block_types=["AttnDownBlock2D"], up_block_types=["AttnUpBlock2D"])
    yield "dit", "dit", diffusers.DDIMScheduler(clip_sample=False), dict(network=dict(num_layers=1)), dict(
        steps=4, guidance=4.0, seed=3, **{"class": 207})
    yield "dit_scaled", "dit", diffusers.EulerDiscreteScheduler(), dict(network=dict(num_layers=1, out_channels=4, num_embeds_ada_norm=9)), dict(
        steps=3, guidance=1.0, seed=9, **{"class": 1})
    yield "ve", "ve", diffusers.ScoreSdeVeScheduler(sigma_max=50.0), dict(network=small), dict(steps=4, seed=6)
    yield "ddpm_learned", "ddpm", diffusers.DDPMScheduler(variance_type="learned_range"), dict(network=small | dict(out_channels=6)), dict(
        steps=4, seed=7)
    yield "ldm", "ldm", diffusers.LMSDiscreteScheduler(timestep_spacing="leading"), dict(network=small), dict(steps=4, seed=5)


def draw(rng, i):
    kind, options = rng.choice(KINDS), {}
    call = dict(steps=rng.randint(2, 12), seed=rng.randint(0, 10**6))
    if kind == "ve":
        scheduler = diffusers.ScoreSdeVeScheduler(sigma_max=rng.choice([2.0, 50.0, 1348.0]), snr=rng.choice([0.05, 0.15]),
                                                  correct_steps=rng.choice([0, 1, 2]), sampling_eps=rng.choice([1e-5, 1e-3]))
        options["network"] = rng.choice([{}, dict(time_embedding_type="fourier")])
        return f"{i:03}", kind, scheduler, options, call
    noisy = kind in ("ddpm", "ldm") or kind == "ddim"
    name = rng.choice(ORDINARY + NOISY if noisy else ORDINARY)
    if kind == "dit":
        call.update(guidance=rng.choice([1.0, 0.5, 2.0, 4.0]), **{"class": rng.randint(0, 1000)})
        options["network"] = dict(out_channels=rng.choice([4, 8]), num_embeds_ada_norm=rng.choice([1000, 1000, 1003]),
                                  norm_type="ada_norm_zero")
        name = name if call["guidance"] > 1 else rng.choice(ORDINARY + ["DDPMScheduler"])
    keys = dict(beta_schedule=rng.choice(["linear", "scaled_linear"]))
    if "timestep_spacing" in inspect.signature(getattr(diffusers, name).__init__).parameters:
        keys.update(timestep_spacing=rng.choice(["leading", "trailing", "linspace"]))
    if "steps_offset" in inspect.signature(getattr(diffusers, name).__init__).parameters:
        keys.update(steps_offset=rng.choice([0, 1]))
    if rng.random() < 0.3:
        keys["prediction_type"] = "v_prediction"
    if name in ("DDIMScheduler", "DDPMScheduler") and rng.random() < 0.5:
        keys["clip_sample"] = False
    if name == "PNDMScheduler":
        keys["skip_prk_steps"] = rng.choice([True, False])
    if kind == "ddim" and rng.random() < 0.5 or kind == "ldm" and name == "DDIMScheduler":
        call["eta"] = rng.choice([0.5, 1.0])
    if kind in ("ddpm", "ldm") and name in ("DDPMScheduler", "DPMSolverMultistepScheduler") and rng.random() < 0.6:
        keys["variance_type"], options["network"] = "learned_range", dict(out_channels=6)
        if name != "DDPMScheduler":
            keys.pop("prediction_type", None)
    return f"{i:03}", kind, getattr(diffusers, name)(**keys), options, call


def arguments(call):
    return ["--count", 1, *(part for key in ("class", "guidance", "eta") if key in call for part in (f"--{key}", call[key]))]


if __name__ == "__main__":
    pipeline_runs.main("unprompted", cases, draw, build, record, arguments, (ValueError, IndexError, TypeError, NotImplementedError))
