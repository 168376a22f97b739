"""What people add to pipelines, against diffusers 0.42.1 with peft: LoRA files in every spelling, and learnt words.

    python tests/golden/additions.py                                   # writes tests/golden/additions/*
    python tests/golden/additions.py --random 40 --out DIR --langevin target/release/langevin   # many, and compares

Each case is a pipeline's folder as `stable_diffusion.py` and `flow_pipelines.py` make them, with random files beside it:
`lora_0.safetensors`, …, merged with `load_lora_weights` and `fuse_lora`, and `word_0.safetensors`, …, loaded with
`load_textual_inversion`. What is committed are the files and the recording; the folders are those of the other scripts.
"""

import json
import pathlib
import random
import re
import sys

import diffusers
import flow_pipelines
import pipeline_runs
import stable_diffusion
import torch
from safetensors.torch import save_file
from transformers import CLIPTextModel

# `stable_diffusion.py` gives it to transformers' class, and diffusers then takes names to be older ones.
INNER = CLIPTextModel.text_model


def full(name):
    """The name of a text encoder's map as files have it, which newer transformers leave the beginning of away."""
    return name if name.startswith("text_") else f"text_model.{name}"


def weights(module):
    """The maps that a change can have: name and shape."""
    return {name[: -len(".weight")]: tuple(value.shape) for name, value in module.state_dict().items()
            if name.endswith(".weight") and value.ndim in (2, 4) and "embedding.weight" not in name}


def factors(shape, rank, rng):
    down = torch.randn((rank, *shape[1:]), generator=rng) * 0.3
    up = torch.randn((shape[0], rank, *(1 for _ in shape[2:])), generator=rng) * 0.3
    return down, up


ATTENTION = r"attn\d?\.(to_q|to_k|to_v|to_out\.0)$"


def chosen(rng, names, pattern=None):
    names = [name for name in names if pattern is None or re.search(pattern, name)]
    return sorted(rng.sample(names, max(1, min(len(names), rng.randint(2, 8)))))


def peft(rng, generator, parts):
    made = {}
    for part, module in parts.items():
        shapes = weights(module)
        pattern = None if part in ("unet", "transformer") else r"(q_proj|k_proj|v_proj|out_proj|fc1|fc2)$"
        rank = rng.randint(1, 4)
        for name in chosen(rng, shapes, pattern):
            down, up = factors(shapes[name], rank, generator)
            inner = name if pattern is None else full(name)
            made[f"{part}.{inner}.lora_A.weight"], made[f"{part}.{inner}.lora_B.weight"] = down, up
    return made, None


def adapter(rng, generator, parts):
    """As peft, with the adapter's settings in the file's metadata."""
    made, _ = peft(rng, generator, {name: part for name, part in parts.items() if name in ("unet", "transformer")})
    part = next(name for name in parts if name in ("unet", "transformer"))
    rank = next(value.shape[0] for key, value in made.items() if "lora_A" in key)
    targets = sorted({key[len(part) + 1:].split(".lora_")[0] for key in made})
    settings = {f"{part}.{key}": value for key, value in dict(r=rank, lora_alpha=rng.choice([1, 3, 8]), target_modules=targets,
                                                               use_rslora=rng.random() < 0.3).items()}
    return made, {"lora_adapter_metadata": json.dumps(settings)}


def processors(rng, generator, parts):
    """diffusers before it used peft: attention alone, `to_q_lora.down` below a processor."""
    made = {}
    for part, module in parts.items():
        if part != "unet":
            continue
        shapes = weights(module)
        for name in chosen(rng, [n for n in shapes if n.endswith("to_q")], ATTENTION):
            block = name[: -len(".to_q")]
            for own, theirs in (("to_q", "to_q"), ("to_k", "to_k"), ("to_v", "to_v"), ("to_out.0", "to_out")):
                down, up = factors(shapes[f"{block}.{own}"], 2, generator)
                made[f"unet.{block}.processor.{theirs}_lora.down.weight"] = down
                made[f"unet.{block}.processor.{theirs}_lora.up.weight"] = up
    return made, None


def dotted(rng, generator, parts):
    """diffusers between: `to_q.lora.down`, and `lora_linear_layer` in text encoders."""
    made = {}
    for part, module in parts.items():
        shapes = weights(module)
        if part == "unet":
            for name in chosen(rng, shapes, ATTENTION):
                down, up = factors(shapes[name], 3, generator)
                made[f"{part}.{name}.lora.down.weight"], made[f"{part}.{name}.lora.up.weight"] = down, up
        elif part.startswith("text_encoder"):
            for name in chosen(rng, shapes, r"(q_proj|k_proj|v_proj|out_proj)$"):
                down, up = factors(shapes[name], 3, generator)
                made[f"{part}.{full(name)}.lora_linear_layer.down.weight"] = down
                made[f"{part}.{full(name)}.lora_linear_layer.up.weight"] = up
    return made, None


TE = {"text_encoder": "lora_te", "text_encoder_2": "lora_te2"}


def kohya(rng, generator, parts, rename=lambda name: name):
    made = {}
    for part, module in parts.items():
        shapes = weights(module)
        text = part.startswith("text")
        pattern = r"(q_proj|k_proj|v_proj|out_proj|fc1|fc2)$" if text else ATTENTION + r"|ff\.net|proj_in$|proj_out$"
        if not text and rng.random() < 0.5:
            # As LyCORIS writes it for convolutions.
            pattern += r"|conv\d|conv_shortcut|time_emb_proj|conv_in|conv_out"
        prefix = "lora_unet" if not text else "lora_te1" if part == "text_encoder" and "text_encoder_2" in parts else TE[part]
        names, alpha = chosen(rng, shapes, pattern), float(rng.choice([1, 2, 5]))
        if text:
            # Without it diffusers takes the names of a text encoder for those of another spelling.
            names = sorted({*names, next(name for name in shapes if name.endswith("out_proj"))})
        for name in names:
            rank = rng.randint(1, 4)
            down, up = factors(shapes[name], rank, generator)
            key = f"{prefix}_" + (full(name) if text else rename(name)).replace(".", "_")
            made[key + ".lora_down.weight"], made[key + ".lora_up.weight"] = down, up
            # diffusers 0.42.1 finds the alpha of few maps by name and takes the most common one for the others.
            made[key + ".alpha"] = torch.tensor(alpha)
    return made, None


def original(levels):
    """The names of the checkpoints of XL's makers."""
    def rename(name):
        path = name.split(".")
        if path[0] == "down_blocks" and path[2] != "downsamplers":
            place = 0 if path[2] == "resnets" else 1
            name = f"input_blocks.{1 + int(path[1]) * levels + int(path[3])}.{place}." + ".".join(path[4:])
        elif path[0] == "down_blocks":
            name = f"input_blocks.{(int(path[1]) + 1) * levels}.0.op"
        elif path[0] == "mid_block":
            place = 1 if path[1] == "attentions" else 2 * int(path[2])
            name = f"middle_block.{place}." + ".".join(path[3:])
        elif path[0] == "up_blocks" and path[2] != "upsamplers":
            place = 0 if path[2] == "resnets" else 1
            name = f"output_blocks.{int(path[1]) * levels + int(path[3])}.{place}." + ".".join(path[4:])
        else:
            name = {"conv_in": "input_blocks.0.0", "conv_out": "out.2"}.get(name, name)
        if "blocks" in name or "middle" in name:
            for own, theirs in (("conv1", "in_layers.2"), ("conv2", "out_layers.3"), ("time_emb_proj", "emb_layers.1"),
                                ("conv_shortcut", "skip_connection")):
                name = name.replace(own, theirs)
        return name
    return rename


def kohya_original(rng, generator, parts):
    return kohya(rng, generator, parts, original(parts["unet"].config.layers_per_block + 1))


def kohya_flux(rng, generator, parts):
    """Queries, keys and values in one map, and the maker's names of blocks."""
    shapes, made = weights(parts["transformer"]), {}
    fused = {"transformer_blocks.0": [("double_blocks_0_img_attn_qkv", ["attn.to_q", "attn.to_k", "attn.to_v"]),
                                      ("double_blocks_0_txt_attn_qkv", ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"]),
                                      ("double_blocks_0_img_attn_proj", ["attn.to_out.0"]), ("double_blocks_0_txt_mlp_0", ["ff_context.net.0.proj"]),
                                      ("double_blocks_0_img_mod_lin", ["norm1.linear"])],
             # Of `linear1`, four maps in one, diffusers knows one size alone.
             "single_transformer_blocks.0": [("single_blocks_0_linear2", ["proj_out"]), ("single_blocks_0_modulation_lin", ["norm.linear"])]}
    for block, maps in fused.items():
        for name, inner in maps:
            rows = sum(shapes[f"{block}.{part}"][0] for part in inner)
            down, up = factors((rows, shapes[f"{block}.{inner[0]}"][1]), 2, generator)
            made[f"lora_unet_{name}.lora_down.weight"], made[f"lora_unet_{name}.lora_up.weight"] = down, up
            made[f"lora_unet_{name}.alpha"] = torch.tensor(float(rng.choice([1, 2, 4])))
    return made, None


def changes(rng, generator, parts, spelling):
    return dict(peft=peft, adapter=adapter, processors=processors, dotted=dotted, kohya=kohya, original=kohya_original,
                flux=kohya_flux)[spelling](rng, generator, parts)


def components(pipeline):
    names = ["unet", "transformer", "text_encoder", "text_encoder_2"]
    found = {name: getattr(pipeline, name, None) for name in names}
    return {name: part for name, part in found.items() if part is not None and "T5" not in type(part).__name__}


def add(pipeline, rng, call, folder):
    generator = torch.Generator().manual_seed(call["seed"])
    for i, (spelling, scale) in enumerate(call["lora"]):
        made, metadata = changes(rng, generator, components(pipeline), spelling)
        save_file({key: value.contiguous() for key, value in made.items()}, folder / f"lora_{i}.safetensors", metadata=metadata or {})
        pipeline.load_lora_weights(folder, weight_name=f"lora_{i}.safetensors", adapter_name=f"a{i}")
        held = [name for name in pipeline._lora_loadable_modules if getattr(getattr(pipeline, name), "peft_config", None)]
        pipeline.fuse_lora(components=held, lora_scale=scale, adapter_names=[f"a{i}"])
        pipeline.unload_lora_weights()
    for i, (word, count) in enumerate(call["words"]):
        width = pipeline.text_encoder.config.hidden_size
        vectors = torch.randn((count, width), generator=generator)
        name = folder / f"word_{i}.safetensors"
        if call.get("both"):
            second = torch.randn((count, pipeline.text_encoder_2.config.hidden_size), generator=generator)
            save_file({"clip_l": vectors, "clip_g": second}, name)
            pipeline.load_textual_inversion(vectors, token=word, text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer)
            pipeline.load_textual_inversion(second, token=word, text_encoder=pipeline.text_encoder_2, tokenizer=pipeline.tokenizer_2)
        else:
            form = call["form"]
            save_file({word if form == "diffusers" else "emb_params": vectors if count > 1 or form != "diffusers" else vectors[0]}, name)
            pipeline.load_textual_inversion({word: vectors if count > 1 else vectors[0]})


HERE = pathlib.Path(__file__).parent
FLOW = ("sd3", "dev", "schnell")
# The folder of the case at hand.
NOW = {}


def maker(kind):
    return flow_pipelines if kind in FLOW else stable_diffusion


def build(kind, scheduler, options, folder, seed):
    return maker(kind).build(kind, scheduler, options, folder, seed)


def record(pipeline, kind, call, folder):
    NOW["folder"] = folder
    del CLIPTextModel.text_model
    add(pipeline, random.Random(call["seed"]), call, folder)
    CLIPTextModel.text_model = INNER
    maker(kind).record(pipeline, kind, call, folder)


def draw(rng, i):
    kind = rng.choice(["sd", "xl", "xl", "sd3", "dev"])
    while True:
        name, found, scheduler, options, call = maker(kind).draw(rng, i)
        if found == kind:
            break
    spellings = {"sd": ["peft", "adapter", "processors", "dotted", "kohya"], "xl": ["peft", "adapter", "dotted", "kohya", "original"],
                 "sd3": ["peft", "adapter"], "dev": ["peft", "adapter", "flux"]}[kind]
    # Python's pipeline of Stable Diffusion 3 learns no words.
    count = max(rng.choice([0, 1, 1, 1, 2]), kind == "sd3")
    call["lora"] = [(rng.choice(spellings), rng.choice([1.0, 0.5, -0.7, 1.3])) for _ in range(count)]
    call["words"], call["form"] = [], rng.choice(["diffusers", "A1111"])
    if kind in ("sd", "xl") and rng.random() < 0.5 or not count:
        call["words"] = [("<toy>" if kind in ("sd", "xl") else "qqtoy", rng.choice([1, 3]))]
        call["both"] = kind == "xl" and rng.random() < 0.5
        call["prompt"] = f"a {call['words'][0][0]} at dawn, " + call["prompt"]
    return name, kind, scheduler, options, call


def arguments(call):
    made = stable_diffusion.arguments(call)
    for i, (_, scale) in enumerate(call["lora"]):
        made += ["--lora", f"{NOW['folder']}/lora_{i}.safetensors" + ("" if scale == 1.0 else f"={scale}")]
    for i, (word, _) in enumerate(call["words"]):
        named = call["form"] == "diffusers" and not call.get("both")
        made += ["--embedding", f"{NOW['folder']}/word_{i}.safetensors" + ("" if named else f"={word}")]
    return made


def cases():
    """Recordings for the repository, on the folders that are there."""
    common = dict(steps=3, seed=3, size=[16, 16], guidance=5.0, form="diffusers")
    yield "peft", "sd", "stable_diffusion/sd1", dict(common, prompt="the <toy> at dawn", lora=[("peft", 0.5)], words=[("<toy>", 3)])
    yield "kohya", "sd", "stable_diffusion/sd1", dict(common, prompt="a fox", lora=[("kohya", 1.3), ("processors", 1.0)], words=[])
    yield "xl", "xl", "stable_diffusion/xl", dict(common, prompt="a fox", lora=[("original", 1.0)], words=[])
    yield "flux", "dev", "flow_pipelines/flux_dev", dict(common, prompt="a fox", lora=[("flux", 0.7)], words=[])


def main():
    for name, kind, base, call in cases():
        folder = HERE / "additions" / name
        folder.mkdir(parents=True, exist_ok=True)
        pipeline = diffusers.DiffusionPipeline.from_pretrained(HERE / base)
        pipeline.set_progress_bar_config(disable=True)
        call["base"] = base
        record(pipeline, kind, call, folder)


if __name__ == "__main__":
    if "--random" in sys.argv:
        pipeline_runs.main("additions", None, draw, build, record, arguments, refusals=(ValueError, IndexError, KeyError))
    else:
        main()
