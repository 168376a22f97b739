"""The transformers of Stable Diffusion 3 and Flux in one file of their authors' layout, compared with diffusers 0.42.1.

    python tests/golden/single_transformer.py --langevin target/release/langevin --out DIR

Small networks with random weights are renamed into the authors' layout; `langevin convert` has to give back their tensors bit for
bit and their settings, and, of a pipeline with such a network, the authors' names as well. That the layout is right is checked with diffusers' own conversion (of Flux at its only width, 3072).
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys

import diffusers
import torch
from diffusers.loaders import single_file_utils as utils
from safetensors.torch import load_file, save_file

failed = 0


def check(name, good, shown=""):
    global failed
    failed += not good
    print(f"{'' if good else 'FAILS '}{name} {shown}", flush=True)


def swapped(tensor):
    return torch.cat(tensor.chunk(2)[::-1])


def renamed(tensors, pairs, joined, swaps):
    """Each tensor under its other name; `joined` are names that one tensor holds, `swaps` have their halves in the other order."""
    out, left = {}, dict(tensors)
    for theirs, ours in joined:
        for kind in ("weight", "bias"):
            if f"{ours[0]}.{kind}" in left:
                out[f"{theirs}.{kind}"] = torch.cat([left.pop(f"{name}.{kind}") for name in ours])
    for theirs, ours in pairs:
        for kind in ("weight", "bias"):
            if f"{ours}.{kind}" in left:
                value = left.pop(f"{ours}.{kind}")
                name = theirs if theirs.endswith("scale") else f"{theirs}.{kind}"
                out[name] = swapped(value) if ours in swaps else value
    assert not left, left.keys()
    return out


def sd3(rng):
    heads, layers = rng.choice([1, 2]), rng.choice([2, 3])
    dual = tuple(range(rng.choice([0, 1, 2])))
    model = diffusers.SD3Transformer2DModel(
        sample_size=128, patch_size=2, in_channels=4, out_channels=4, num_layers=layers, attention_head_dim=64, num_attention_heads=heads,
        joint_attention_dim=32, caption_projection_dim=64 * heads, pooled_projection_dim=24, pos_embed_max_size=12,
        dual_attention_layers=dual, qk_norm=rng.choice([None, "rms_norm"]) if not dual else "rms_norm")
    tensors = model.state_dict()
    place = tensors.pop("pos_embed.pos_embed")
    pairs = [("x_embedder.proj", "pos_embed.proj"), ("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1"),
             ("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"), ("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
             ("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2"), ("context_embedder", "context_embedder"),
             ("final_layer.linear", "proj_out"), ("final_layer.adaLN_modulation.1", "norm_out.linear")]
    joined, swaps = [], {"norm_out.linear", f"transformer_blocks.{layers - 1}.norm1_context.linear"}
    for i in range(layers):
        t, o = f"joint_blocks.{i}.", f"transformer_blocks.{i}."
        joined += [(t + "x_block.attn.qkv", [o + f"attn.to_{k}" for k in "qkv"]), (t + "x_block.attn2.qkv", [o + f"attn2.to_{k}" for k in "qkv"]),
                   (t + "context_block.attn.qkv", [o + f"attn.add_{k}_proj" for k in "qkv"])]
        pairs += [(t + a, o + b) for a, b in [
            ("x_block.attn.proj", "attn.to_out.0"), ("x_block.attn2.proj", "attn2.to_out.0"), ("context_block.attn.proj", "attn.to_add_out"),
            ("x_block.attn.ln_q", "attn.norm_q"), ("x_block.attn.ln_k", "attn.norm_k"), ("x_block.attn2.ln_q", "attn2.norm_q"),
            ("x_block.attn2.ln_k", "attn2.norm_k"), ("context_block.attn.ln_q", "attn.norm_added_q"),
            ("context_block.attn.ln_k", "attn.norm_added_k"), ("x_block.adaLN_modulation.1", "norm1.linear"),
            ("context_block.adaLN_modulation.1", "norm1_context.linear"), ("x_block.mlp.fc1", "ff.net.0.proj"),
            ("x_block.mlp.fc2", "ff.net.2"), ("context_block.mlp.fc1", "ff_context.net.0.proj"), ("context_block.mlp.fc2", "ff_context.net.2")]]
    out = renamed(tensors, pairs, joined, swaps)
    out["pos_embed"] = place
    return model, out, utils.convert_sd3_transformer_checkpoint_to_diffusers


def flux(rng, width=None):
    heads, head = (24, 128) if width else (rng.choice([1, 2]), 32)
    layers, single = (1, 1) if width else (rng.choice([1, 2]), rng.choice([1, 2]))
    model = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=layers, num_single_layers=single, attention_head_dim=head, num_attention_heads=heads,
        joint_attention_dim=32, pooled_projection_dim=24, guidance_embeds=rng.choice([False, True]),
        axes_dims_rope=(16, 56, 56) if width else (4, 14, 14))
    pairs = [("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"), ("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
             ("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"), ("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
             ("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"), ("txt_in", "context_embedder"), ("img_in", "x_embedder"),
             ("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"), ("final_layer.linear", "proj_out"),
             ("final_layer.adaLN_modulation.1", "norm_out.linear")]
    joined = []
    for i in range(layers):
        t, o = f"double_blocks.{i}.", f"transformer_blocks.{i}."
        joined += [(t + "img_attn.qkv", [o + f"attn.to_{k}" for k in "qkv"]), (t + "txt_attn.qkv", [o + f"attn.add_{k}_proj" for k in "qkv"])]
        pairs += [(t + a, o + b) for a, b in [
            ("img_mod.lin", "norm1.linear"), ("txt_mod.lin", "norm1_context.linear"), ("img_attn.norm.query_norm.scale", "attn.norm_q"),
            ("img_attn.norm.key_norm.scale", "attn.norm_k"), ("txt_attn.norm.query_norm.scale", "attn.norm_added_q"),
            ("txt_attn.norm.key_norm.scale", "attn.norm_added_k"), ("img_mlp.0", "ff.net.0.proj"), ("img_mlp.2", "ff.net.2"),
            ("txt_mlp.0", "ff_context.net.0.proj"), ("txt_mlp.2", "ff_context.net.2"), ("img_attn.proj", "attn.to_out.0"),
            ("txt_attn.proj", "attn.to_add_out")]]
    for i in range(single):
        t, o = f"single_blocks.{i}.", f"single_transformer_blocks.{i}."
        joined.append((t + "linear1", [o + f"attn.to_{k}" for k in "qkv"] + [o + "proj_mlp"]))
        pairs += [(t + a, o + b) for a, b in [("modulation.lin", "norm.linear"), ("norm.query_norm.scale", "attn.norm_q"),
                                              ("norm.key_norm.scale", "attn.norm_k"), ("linear2", "proj_out")]]
    out = renamed(model.state_dict(), pairs, joined, {"norm_out.linear"})
    return model, out, utils.convert_flux_transformer_checkpoint_to_diffusers if width else None


def equal(name, ours, theirs):
    missing = sorted(set(theirs) ^ set(ours))
    wrong = [key for key in theirs if key in ours and not (ours[key].shape == theirs[key].shape and torch.equal(ours[key], theirs[key]))]
    check(name, not missing and not wrong, f"{len(theirs)} tensors {missing[:3]} {wrong[:3]}")


PREFIX = "model.diffusion_model."
ENCODERS = {"sd3": ["clip_l", "clip_g", "t5xxl"], "flux": ["clip_l", "t5xxl"]}


def under(prefix, tensors):
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def written(kind, model, tensors, options, out):
    """A small pipeline with this transformer as one file: its parts under the authors' names."""
    base = pathlib.Path(__file__).parent / "flow_pipelines" / ("sd3" if kind == "sd3" else "flux_dev")
    folder, one = out / "pipeline", out / "one.safetensors"
    shutil.rmtree(folder, ignore_errors=True)
    one.unlink(missing_ok=True)
    shutil.copytree(base, folder)
    shutil.rmtree(folder / "transformer")
    model.save_pretrained(folder / "transformer")
    done = subprocess.run([options.langevin, "convert", str(folder), str(one)], capture_output=True, text=True)
    if done.returncode:
        return check(f"{kind} written", False, done.stderr)
    found = load_file(one)
    equal(f"{kind} written", under(PREFIX, found), tensors)

    def stored(part):
        (path,) = (folder / part).glob("*.safetensors")
        return load_file(path)

    vae = diffusers.AutoencoderKL.load_config(folder / "vae")
    rest = {name: value for name, value in found.items() if not name.startswith(PREFIX)}
    equal(f"{kind} written vae", utils.convert_ldm_vae_checkpoint(dict(rest), vae), stored("vae"))
    for number, encoder in enumerate(ENCODERS[kind]):
        expected = stored("text_encoder" + (f"_{number + 1}" if number else ""))
        if encoder != "t5xxl":
            expected = {name if name.startswith("text_") else f"text_model.{name}": value for name, value in expected.items()}
        equal(f"{kind} written {encoder}", under(f"text_encoders.{encoder}.transformer.", found), expected)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wide", action="store_true", help="check Flux's layout with diffusers, too")
    parser.add_argument("--out", required=True)
    parser.add_argument("--langevin", required=True)
    options = parser.parse_args()
    rng, out = random.Random(options.seed), pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    makers = [("sd3", sd3), ("flux", flux)] * options.random + [("flux wide", lambda rng: flux(rng, 3072))] * options.wide
    for i, (kind, make) in enumerate(makers):
        torch.manual_seed(options.seed + i)
        model, tensors, theirs = make(rng)
        expected = model.state_dict()
        if theirs:
            equal(f"{kind} diffusers", theirs(dict(tensors)), expected)
        prefix = rng.choice(["", "model.diffusion_model."])
        file, folder = out / "t.safetensors", out / "t"
        save_file({prefix + name: value.contiguous() for name, value in tensors.items()}, file)
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run([options.langevin, "convert", str(file), str(folder)], capture_output=True, text=True)
        if done.returncode:
            check(kind, False, done.stderr)
            continue
        (path,) = folder.glob("*.safetensors")
        equal(f"{kind} langevin", load_file(path), expected)
        ours = json.loads((folder / "config.json").read_text())
        wrong = {key: (value, model.config[key]) for key, value in ours.items() if key in model.config and not key.startswith("_")
                 and json.dumps(value) != json.dumps(model.config[key])}
        check(f"{kind} settings", not wrong, str(wrong) if wrong else "")
        opened = type(model).from_pretrained(folder)
        equal(f"{kind} from_pretrained", opened.state_dict(), expected)
        if kind in ENCODERS:
            written(kind, model, tensors, options, out)
    print(f"{failed} failures")
    sys.exit(failed > 0)
