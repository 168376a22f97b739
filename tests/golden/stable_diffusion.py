"""Goldens of Stable Diffusion's pipelines, made with diffusers 0.42.1, transformers and PyTorch on the CPU.

    python tests/golden/stable_diffusion.py                                   # writes tests/golden/stable_diffusion/*
    python tests/golden/stable_diffusion.py --random 30 --out DIR             # many random folders, not for the repository
    python tests/golden/stable_diffusion.py --random 30 --out DIR --langevin target/release/langevin   # and compares

Each case is a pipeline's folder with random weights, `call.json` (prompt, negative, steps, guidance, seed, size) and
golden.safetensors: `trajectory` [steps + 1, 1, C, h, w], the latents from the start and after each step, drawn with
PyTorch's generator, and `sample` [1, 3, H, W], the decoded picture from -1 to 1, clamped as Python clamps it.
"""

import json
import shutil

import diffusers
import numpy as np
import pipeline_runs
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.numpy import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

# transformers 5 has no `text_model` inside the encoder any more, where diffusers looks for the last norm with `clip_skip`.
if not hasattr(CLIPTextModel, "text_model"):
    CLIPTextModel.text_model = property(lambda self: self)

SCHEDULERS = ["PNDMScheduler", "DDIMScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "LMSDiscreteScheduler",
              "DPMSolverMultistepScheduler", "UniPCMultistepScheduler", "HeunDiscreteScheduler", "DDPMScheduler", "DEISMultistepScheduler",
              "KDPM2DiscreteScheduler", "DPMSolverSinglestepScheduler"]
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
WORDS = ["a", "lighthouse", "at", "dawn", "red", "fox's", "photo", "of", "12", "sea,", "blue", "café", "the", "painting"]


def bytes_as_letters():
    """The 256 bytes as printable characters: those that are printable, and the others from 256 on."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, more = {byte: chr(byte) for byte in kept}, 0
    for byte in range(256):
        if byte not in letters:
            letters[byte], more = chr(256 + more), more + 1
    return [letters[byte] for byte in sorted(letters)]


def tokenizer(folder, files):
    letters = bytes_as_letters()
    merges = [("t", "h"), ("th", "e</w>"), ("l", "i"), ("g", "h"), ("li", "gh"), ("ligh", "t"), ("h", "o"), ("a", "t</w>"), ("r", "e")]
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    made = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)
    made.save_pretrained(folder)
    if files == "older":
        # As folders have been before the one file for all.
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.json").write_text(json.dumps(vocab))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n")
    return made, len(tokens)


def text_encoder(vocabulary, width, projected, seed):
    torch.manual_seed(seed)
    config = CLIPTextConfig(vocab_size=vocabulary, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
                            num_attention_heads=2, max_position_embeddings=77, projection_dim=width, bos_token_id=vocabulary - 2,
                            eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1)
    model = (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def stir(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def build(kind, scheduler, options, folder, seed):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    width = 8
    made, vocabulary = tokenizer(folder / "tokenizer", options.get("tokenizer"))
    xl = kind == "xl"
    torch.manual_seed(seed)
    unet = dict(sample_size=8, in_channels=4, out_channels=4, block_out_channels=[4, 8], layers_per_block=1, norm_num_groups=2,
                down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
                cross_attention_dim=2 * width if xl else width, attention_head_dim=2, use_linear_projection=xl)
    if xl:
        unet.update(addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=24 + width)
    if kind == "lcm":
        unet.update(time_cond_proj_dim=6)
    unet.update(options.get("unet", {}))
    unet = stir(UNet2DConditionModel(**unet), seed)
    vae = stir(AutoencoderKL(block_out_channels=[4, 4], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                             latent_channels=4, norm_num_groups=2, sample_size=16, scaling_factor=0.13025 if xl else 0.18215), seed + 1)
    parts = dict(unet=unet, vae=vae, tokenizer=made, scheduler=scheduler)
    if xl:
        second, _ = tokenizer(folder / "tokenizer_2", None)
        parts.update(text_encoder=text_encoder(vocabulary, width, False, seed + 2), tokenizer_2=second,
                     text_encoder_2=text_encoder(vocabulary, width, True, seed + 3))
        pipeline = diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        parts.update(text_encoder=text_encoder(vocabulary, width, False, seed + 2), safety_checker=None, feature_extractor=None)
        named = diffusers.LatentConsistencyModelPipeline if kind == "lcm" else diffusers.StableDiffusionPipeline
        extra = dict() if kind == "lcm" else dict(image_encoder=None)
        pipeline = named(**parts, **extra, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    older = options.get("tokenizer") == "older"
    kept = {path.name: path.read_text() for path in (folder / "tokenizer").iterdir()} if older else {}
    pipeline.save_pretrained(folder)
    if older:
        shutil.rmtree(folder / "tokenizer")
        (folder / "tokenizer").mkdir()
        for name, text in kept.items():
            (folder / "tokenizer" / name).write_text(text)
    return pipeline


def record(pipeline, kind, call, folder):
    # The start is drawn as the pipeline draws it: the first numbers of the generator.
    height, width = call["size"]
    states = []

    def told(pipe, step, timestep, values):
        states.append(values["latents"].detach().float().numpy().copy())
        return values

    arguments = dict(prompt=call["prompt"], num_inference_steps=call["steps"], guidance_scale=call["guidance"], height=height, width=width,
                     generator=torch.Generator().manual_seed(call["seed"]), output_type="pt", callback_on_step_end=told)
    if call.get("negative") is not None:
        arguments["negative_prompt"] = call["negative"]
    if call.get("clip_skip"):
        arguments["clip_skip"] = call["clip_skip"]
    if call.get("rescale"):
        arguments["guidance_rescale"] = call["rescale"]
    picture = pipeline(**arguments).images
    start = torch.randn((1, 4, height // 2, width // 2), generator=torch.Generator().manual_seed(call["seed"]))
    start = start * pipeline.scheduler.init_noise_sigma
    trajectory = np.stack([start.numpy(), *states])
    sample = (picture * 2 - 1).numpy()
    (folder / "call.json").write_text(json.dumps(call, indent=2) + "\n")
    save_file({"trajectory": trajectory.astype(np.float32), "sample": sample.astype(np.float32)}, folder / "golden.safetensors")


def scheduler(name, **keys):
    return getattr(diffusers, name)(**{**BETAS, **keys})


def cases():
    yield "sd1", "sd", scheduler("PNDMScheduler", skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False), dict(tokenizer="older"), dict(
        prompt="A red fox's photo of the lighthouse", steps=5, guidance=7.5, seed=3, size=[16, 16])
    yield "sd2", "sd", scheduler("EulerAncestralDiscreteScheduler", prediction_type="v_prediction", steps_offset=1), dict(), dict(
        prompt="Café at dawn, 12 o'clock " + "blue sea, " * 20, negative="the painting", steps=4, guidance=5.0, seed=11, size=[16, 24], clip_skip=1, rescale=0.7)
    yield "xl", "xl", scheduler("EulerDiscreteScheduler", timestep_spacing="leading", steps_offset=1), dict(), dict(
        prompt="the lighthouse", steps=4, guidance=5.0, seed=5, size=[16, 16])
    yield "lcm", "lcm", scheduler("LCMScheduler"), dict(), dict(prompt="sea", steps=3, guidance=8.5, seed=8, size=[16, 16])


def draw(rng, i):
    kind = rng.choice(["sd", "sd", "xl"])
    name = rng.choice(SCHEDULERS)
    keys = dict(timestep_spacing=rng.choice(["leading", "trailing", "linspace"]), steps_offset=rng.choice([0, 1])) if "Singlestep" not in name else {}
    if rng.random() < 0.3:
        keys["prediction_type"] = "v_prediction"
    if name in ("DDIMScheduler", "DDPMScheduler"):
        keys["clip_sample"] = False
    call = dict(prompt=" ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 40))), steps=rng.randint(2, 12), seed=rng.randint(0, 10**6),
                guidance=rng.choice([1.0, 3.0, 7.5]), size=[8 * rng.randint(1, 4), 8 * rng.randint(1, 4)])
    if rng.random() < 0.5:
        call["negative"] = " ".join(rng.choice(WORDS) for _ in range(3))
    if rng.random() < 0.3:
        call["clip_skip"] = 1
    if rng.random() < 0.3:
        call["rescale"] = rng.choice([0.3, 0.7, 1.0])
    return f"{i:03}", kind, scheduler(name, **keys), dict(tokenizer=rng.choice([None, "older"])), call


def arguments(call):
    made = ["--prompt", call["prompt"], "--guidance", call["guidance"], "--size", "x".join(map(str, call["size"]))]
    if call.get("negative") is not None:
        made += ["--negative", call["negative"]]
    if call.get("clip_skip"):
        made += ["--clip-skip", call["clip_skip"]]
    if call.get("rescale"):
        made += ["--guidance-rescale", call["rescale"]]
    return made


if __name__ == "__main__":
    pipeline_runs.main("stable_diffusion", cases, draw, build, record, arguments)
