"""Goldens of the pipelines that start from a picture, made with diffusers 0.42.1, transformers and PyTorch on the CPU.

    python tests/golden/from_pictures.py                                   # writes tests/golden/from_pictures/*
    python tests/golden/from_pictures.py --random 30 --out DIR             # many random folders, not for the repository
    python tests/golden/from_pictures.py --random 30 --out DIR --langevin target/release/langevin   # and compares

A case is as those of stable_diffusion.py are, with init.png, mask.png where there is one, and in `call.json` the task, the
strength and, where the picture is resized, the size. Recorded cases use the folders of stable_diffusion.py and
flow_pipelines.py, which `call.json` names, with those components in their own folder that differ.
`trajectory` [steps + 1, 1, C, h, w] begins with what the pipeline makes of the picture.
"""

import functools
import json
import pathlib
import random
import shutil
import tempfile

import diffusers
import numpy as np
import PIL.Image
import pipeline_runs
import torch
from safetensors.numpy import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

import flow_pipelines as flow
import stable_diffusion as sd

HERE = pathlib.Path(__file__).parent

# The class of Python for a task, and how its folder is built.
CLASSES = {
    "sd": dict(picture="StableDiffusionImg2ImgPipeline", mask="StableDiffusionInpaintPipeline"),
    "paint": dict(mask="StableDiffusionInpaintPipeline"),
    "xl": dict(picture="StableDiffusionXLImg2ImgPipeline", mask="StableDiffusionXLInpaintPipeline"),
    "xl_paint": dict(mask="StableDiffusionXLInpaintPipeline"),
    "refiner": dict(picture="StableDiffusionXLImg2ImgPipeline", mask="StableDiffusionXLInpaintPipeline"),
    "lcm": dict(picture="LatentConsistencyModelImg2ImgPipeline"),
    "variation": dict(variation="StableDiffusionImageVariationPipeline"),
    "sd3": dict(picture="StableDiffusion3Img2ImgPipeline", mask="StableDiffusion3InpaintPipeline"),
    "sd3_paint": dict(mask="StableDiffusion3InpaintPipeline"),
    "dev": dict(picture="FluxImg2ImgPipeline", mask="FluxInpaintPipeline"),
    "schnell": dict(picture="FluxImg2ImgPipeline", mask="FluxInpaintPipeline"),
}
FLOW = ["sd3", "sd3_paint", "dev", "schnell"]


def vision(width, seed):
    torch.manual_seed(seed)
    config = CLIPVisionConfig(hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=12, patch_size=4,
                              projection_dim=width)
    model = CLIPVisionModelWithProjection(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def build(kind, scheduler, options, folder, seed):
    """The folder itself: each task opens it as its own class."""
    if options.get("recorded"):
        return assembled(kind, options["recorded"], folder, seed)
    untouched = dict(scheduler.config)
    if kind in FLOW:
        painted = dict(channels=16, in_channels=33) if kind == "sd3_paint" else {}
        flow.build(kind.replace("_paint", ""), scheduler, dict(options, **painted), folder, seed)
    elif kind == "variation":
        made = sd.build("sd", scheduler, options, folder, seed)
        shutil.rmtree(folder)
        parts = {name: getattr(made, name) for name in ("vae", "unet", "scheduler")}
        extractor = CLIPImageProcessor(size=dict(shortest_edge=12), crop_size=dict(height=12, width=12))
        diffusers.StableDiffusionImageVariationPipeline(
            **parts, image_encoder=vision(8, seed + 5), feature_extractor=extractor, safety_checker=None,
            requires_safety_checker=False).save_pretrained(folder)
    elif kind == "refiner":
        unet = dict(cross_attention_dim=8, projection_class_embeddings_input_dim=4 * 5 + 8)
        made = sd.build("xl", scheduler, dict(options, unet=unet), folder, seed)
        shutil.rmtree(folder)
        parts = {name: getattr(made, name) for name in ("vae", "unet", "scheduler", "text_encoder_2", "tokenizer_2")}
        diffusers.StableDiffusionXLImg2ImgPipeline(
            **parts, text_encoder=None, tokenizer=None, requires_aesthetics_score=True, force_zeros_for_empty_prompt=False,
            add_watermarker=False).save_pretrained(folder)
    else:
        unet = dict(in_channels=9) if "paint" in kind else {}
        sd.build({"paint": "sd", "xl_paint": "xl"}.get(kind, kind), scheduler, dict(options, unet=unet), folder, seed)
    # Python mends some settings when it opens a folder; the folder keeps those that it was given.
    type(scheduler).from_config(untouched).save_config(folder / "scheduler")
    if options.get("class"):
        index = json.loads((folder / "model_index.json").read_text())
        index["_class_name"] = options["class"]
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    return folder


# What recorded folders do not share with those that they are made of.
OWN_PARTS = dict(paint=["unet"], sd3_paint=["transformer", "vae"], refiner=["unet", "model_index.json"], variation=["image_encoder", "feature_extractor", "model_index.json"])


def assembled(kind, shared, folder, seed):
    """A recorded folder with the parts of its own, which are written beside the recording."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = pathlib.Path(tempfile.mkdtemp())
    shutil.copytree(HERE / shared, whole, dirs_exist_ok=True)
    if kind in OWN_PARTS:
        flows = kind in FLOW
        scheduler, options = (diffusers.FlowMatchEulerDiscreteScheduler(), flow.SMALL) if flows else (sd.scheduler("DDIMScheduler"), {})
        made = build(kind, scheduler, options, pathlib.Path(tempfile.mkdtemp()), seed)
        for part in OWN_PARTS[kind]:
            for place in (folder, whole):
                if (made / part).is_file():
                    shutil.copy(made / part, place / part)
                else:
                    shutil.copytree(made / part, place / part, dirs_exist_ok=True)
        if "model_index.json" in OWN_PARTS[kind]:
            # The index names the scheduler's class, which the shared settings are those of another of.
            settings = json.loads((whole / "scheduler" / "scheduler_config.json").read_text())
            text = json.dumps(dict(settings, _class_name="DDIMScheduler"), indent=2) + "\n"
            for place in (folder, whole):
                (place / "scheduler").mkdir(exist_ok=True)
                (place / "scheduler" / "scheduler_config.json").write_text(text)
    return whole


def picture(rng, height, width, channels):
    """Soft shades, hard edges and grain; of one channel, mostly black and white."""
    made = np.random.default_rng(rng.randint(0, 2**32))
    y, x = np.mgrid[0:height, 0:width]
    shades = [np.sin(made.uniform(0.1, 0.8) * y + made.uniform(0.1, 0.8) * x + made.uniform(0, 6)) for _ in range(channels)]
    values = 128 + 90 * np.stack(shades, -1) + made.normal(0, 12, (height, width, channels))
    if channels == 1:
        return PIL.Image.fromarray(np.clip(128 + 2.5 * (values[:, :, 0] - 128), 0, 255).astype(np.uint8))
    values[: height // 3, width // 2:] = made.integers(0, 256, channels)
    return PIL.Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def open_pipeline(kind, call, folder):
    pipeline = getattr(diffusers, CLASSES[kind][call["task"]]).from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def record(folder, kind, call, out):
    pipeline = open_pipeline(kind, call, folder)
    rng = random.Random(call["seed"])
    height, width = call["picture"]
    init = picture(rng, height, width, 3)
    init.save(out / "init.png")
    states, start, packed = [], [], kind in ("dev", "schnell")
    size = call.get("size") or [height, width]

    def plain(latents):
        latents = latents.detach().float()
        return (pipeline._unpack_latents(latents, *size, pipeline.vae_scale_factor) if packed else latents).numpy().copy()

    def told(pipe, step, timestep, values):
        states.append(plain(values["latents"]))
        return values

    prepare = pipeline.prepare_latents

    def prepared(*args, **keys):
        made = prepare(*args, **keys)
        start.append(plain(made[0] if isinstance(made, tuple) else made))
        return made

    pipeline.prepare_latents = prepared
    arguments = dict(image=init, num_inference_steps=call["steps"], guidance_scale=call["guidance"],
                     generator=torch.Generator().manual_seed(call["seed"]), output_type="pt")
    if call["task"] == "variation":
        step = pipeline.scheduler.step

        @functools.wraps(step)  # the pipeline asks for its parameters
        def stepped(*args, **keys):
            made = step(*args, **keys)
            states.append(plain(made.prev_sample))
            return made

        pipeline.scheduler.step = stepped
    else:
        arguments.update(prompt=call["prompt"], strength=call["strength"], callback_on_step_end=told)
    if call["task"] == "mask":
        mask = picture(rng, height, width, 1)
        mask.save(out / "mask.png")
        arguments["mask_image"] = mask
    if call.get("size"):
        arguments.update(height=size[0], width=size[1])
    if call.get("negative") is not None:
        arguments["negative_prompt"] = call["negative"]
    if call.get("eta") is not None:
        arguments["eta"] = call["eta"]
    found = pipeline(**arguments).images
    place = {} if call.get("folder") else dict(at=str(out))
    (out / "call.json").write_text(json.dumps(dict(call, kind=kind, **place), indent=2) + "\n")
    # XL's pictures lie in memory pixel by pixel, which the file would not know.
    sample = np.ascontiguousarray((found * 2 - 1).numpy().astype(np.float32))
    save_file({"trajectory": np.stack([start[0], *states]).astype(np.float32), "sample": sample}, out / "golden.safetensors")


def arguments(call):
    folder = pathlib.Path(call["at"])
    made = ["--init", folder / "init.png", "--guidance", call["guidance"]]
    if call["task"] == "mask":
        made += ["--mask", folder / "mask.png"]
    if call["task"] != "variation":
        made += ["--prompt", call["prompt"], "--strength", call["strength"]]
    if call.get("size"):
        made += ["--size", "x".join(map(str, call["size"]))]
    if call.get("negative") is not None:
        made += ["--negative", call["negative"]]
    if call.get("eta") is not None:
        made += ["--eta", call["eta"]]
    return made


def cases():
    def case(name, kind, task, folder, **keys):
        return name, kind, None, dict(recorded=folder), dict(task=task, folder=folder, prompt="the lighthouse at dawn", **keys)

    old, new = "stable_diffusion", "flow_pipelines"
    yield case("picture", "sd", "picture", f"{old}/sd1", steps=6, strength=0.6, guidance=4.0, seed=3, picture=[17, 24])
    yield case("mask", "sd", "mask", f"{old}/sd2", steps=5, strength=0.8, guidance=3.0, seed=4, picture=[20, 30], size=[16, 24], negative="sea")
    yield case("paint", "paint", "mask", f"{old}/sd1", steps=4, strength=0.8, guidance=3.0, seed=9, picture=[16, 16], size=[16, 16])
    yield case("refiner", "refiner", "picture", f"{old}/xl", steps=6, strength=0.5, guidance=3.0, seed=10, picture=[16, 16])
    yield "variation", "variation", None, dict(recorded=f"{old}/sd1"), dict(
        task="variation", folder=f"{old}/sd1", steps=3, guidance=3.0, seed=11, picture=[30, 19], size=[16, 16])
    yield case("xl", "xl", "picture", f"{old}/xl", steps=8, strength=0.4, guidance=5.0, seed=5, picture=[16, 16])
    yield case("lcm", "lcm", "picture", f"{old}/lcm", steps=3, strength=0.7, guidance=8.0, seed=6, picture=[16, 16])
    yield case("sd3", "sd3", "picture", f"{new}/sd3", steps=5, strength=0.5, guidance=4.0, seed=7, picture=[20, 20], size=[16, 16])
    yield case("sd3_paint", "sd3_paint", "mask", f"{new}/sd3", steps=4, strength=0.8, guidance=4.0, seed=12, picture=[16, 24], size=[16, 24])
    yield case("flux", "dev", "mask", f"{new}/flux_dev", steps=4, strength=0.7, guidance=3.5, seed=8, picture=[16, 24], size=[16, 24])


def draw(rng, i):
    kind = rng.choice(KINDS)
    task = rng.choice(list(CLASSES[kind]))
    if kind in FLOW:
        _, _, scheduler, options, call = flow.draw(rng, i)
        options.update(channels=16 if "sd3" in kind and task == "mask" else options["channels"])
        if isinstance(scheduler, diffusers.FlowMatchHeunDiscreteScheduler) and "sd3" not in kind:
            scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=2.0)
        call = dict(prompt=call["prompt"][:60], steps=call["steps"], guidance=call["guidance"], seed=call["seed"])
    else:
        _, _, scheduler, options, call = sd.draw(rng, i)
        call.pop("clip_skip", None)
        call.pop("size")
        if kind in ("lcm",):
            scheduler = sd.scheduler("LCMScheduler")
            call.update(guidance=rng.choice([1.0, 8.0]), steps=rng.randint(1, 8))
            call.pop("negative", None)
        elif rng.random() < 0.15:
            scheduler = sd.scheduler(rng.choice(["LCMScheduler", "TCDScheduler"]))
        if type(scheduler).__name__ in ("DDIMScheduler",) and rng.random() < 0.5:
            call["eta"] = rng.choice([0.3, 1.0])
    call.update(task=task, strength=rng.choice([1.0, 0.9999, round(rng.uniform(0.2, 1.0), 2)]), picture=[rng.randint(12, 40), rng.randint(12, 40)])
    if task == "variation":
        call.pop("prompt")
        call.pop("negative", None)
        call.pop("strength")
    if task == "mask" or kind in FLOW:
        call["size"] = [8 * rng.randint(1, 4), 8 * rng.randint(1, 4)]
    elif task == "variation":
        call["size"] = [8 * rng.randint(1, 3), 8 * rng.randint(1, 3)]
    if kind not in ("variation", "refiner"):
        options["class"] = rng.choice([None, CLASSES[kind][task]])
    return f"{i:03}", kind, scheduler, options, call


KINDS = ["sd", "sd", "sd", "paint", "xl", "xl", "xl_paint", "refiner", "variation", "lcm", "sd3", "sd3", "sd3_paint", "dev", "schnell"]


if __name__ == "__main__":
    pipeline_runs.main("from_pictures", cases, draw, build, record, arguments)
