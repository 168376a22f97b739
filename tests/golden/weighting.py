"""Prompts with weights and long prompts, against transformers' encoders and diffusers 0.42.1.

    python tests/golden/weighting.py                                   # writes tests/golden/weighting/*
    python tests/golden/weighting.py --random 40 --out DIR --langevin target/release/langevin   # many, and compares

A prompt is made of phrases whose weights are known here and written in the syntax there. Its tokens are cut into chunks of
75, each with its markers and padding, encoded apart, multiplied by their weights and joined along the sequence; the
pipeline is given the result as `prompt_embeds`. The pooled text of XL is that of the first chunk.
"""

import pathlib
import random
import sys

import diffusers
import pipeline_runs
import stable_diffusion
import torch

HERE = pathlib.Path(__file__).parent


def written(phrases):
    """The prompt as it is typed."""
    made = ""
    for words, weight in phrases:
        plain = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").replace("[", r"\[").replace("]", r"\]")
        forms = {1.0: plain, 1.1: f"({plain})", 1.1 * 1.1: f"(({plain}))", 1 / 1.1: f"[{plain}]"}
        made += forms.get(weight, f"({plain}:{weight})")
    return made


def joined(phrases):
    """Neighbours of the same weight are read as one."""
    made = []
    for words, weight in phrases:
        if made and made[-1][1] == weight:
            made[-1] = (made[-1][0] + words, weight)
        else:
            made.append((words, weight))
    return made


def encoded(tokenizer, encoder, phrases, state, count):
    tokens, weights = [], []
    for words, weight in joined(phrases):
        ids = tokenizer(words, add_special_tokens=False).input_ids
        tokens, weights = tokens + ids, weights + [weight] * len(ids)
    chunks = [(tokens[i:i + 75], weights[i:i + 75]) for i in range(0, len(tokens), 75)] or [([], [])]
    chunks += [([], [])] * ((count or 0) - len(chunks))
    states, pooled = [], None
    for ids, factors in chunks:
        ids = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
        ids += [tokenizer.pad_token_id] * (77 - len(ids))
        factors = [1.0, *factors] + [1.0] * (76 - len(factors))
        with torch.no_grad():
            output = encoder(torch.tensor([ids]), output_hidden_states=True)
        states.append(state(output) * torch.tensor(factors)[None, :, None])
        pooled = output[0] if pooled is None else pooled
    return torch.cat(states, 1), pooled


class Told:
    """A pipeline that is given embeddings instead of prompts."""

    def __init__(self, pipeline, call):
        self.pipeline, self.scheduler, self.call = pipeline, pipeline.scheduler, call

    def embedded(self, phrases, count=None, skip=0):
        xl = hasattr(self.pipeline, "text_encoder_2")
        pairs = [(self.pipeline.tokenizer, self.pipeline.text_encoder)]
        pairs += [(self.pipeline.tokenizer_2, self.pipeline.text_encoder_2)] if xl else []
        norm = self.pipeline.text_encoder.final_layer_norm if not xl else None

        def state(output):
            if xl:
                return output.hidden_states[-2 - skip]
            return norm(output.hidden_states[-1 - skip]) if skip else output[0]

        made = [encoded(tokenizer, encoder, phrases, state, count) for tokenizer, encoder in pairs]
        return torch.cat([tokens for tokens, _ in made], -1), made[-1][1]

    def __call__(self, prompt, negative_prompt=None, clip_skip=None, **arguments):
        skip = clip_skip or 0
        tokens, pooled = self.embedded(self.call["phrases"], skip=skip)
        without, whole = self.embedded(self.call["without"] or [])
        # Without guidance nobody reads the negative prompt, and the prompt is not filled up to its length.
        guided = arguments["guidance_scale"] > 1
        count = max(tokens.shape[1], without.shape[1] if guided else 0) // 77
        tokens, pooled = self.embedded(self.call["phrases"], count, skip)
        without, whole = self.embedded((self.call["without"] or []) if guided else [], count)
        xl = hasattr(self.pipeline, "text_encoder_2")
        if xl and negative_prompt is None:
            without, whole = torch.zeros_like(tokens), torch.zeros_like(pooled)
        arguments |= dict(prompt_embeds=tokens, negative_prompt_embeds=without)
        if xl:
            arguments |= dict(pooled_prompt_embeds=pooled, negative_pooled_prompt_embeds=whole)
        return self.pipeline(**arguments)


def build(kind, scheduler, options, folder, seed):
    return stable_diffusion.build(kind, scheduler, options, folder, seed)


def record(pipeline, kind, call, folder):
    stable_diffusion.record(Told(pipeline, call), kind, call, folder)


def phrases(rng):
    made = []
    for _ in range(rng.choice([1, 2, 5, 9])):
        words = " ".join(rng.choice([*stable_diffusion.WORDS, "(sea)", "a:b", "[b]"]) for _ in range(rng.choice([1, 3, 12, 30])))
        made.append((words + rng.choice([" ", ", "]), rng.choice([1.0, 1.0, 1.1, 1.1 * 1.1, 1 / 1.1, 1.3, 0.5, 0.0, -0.5])))
    return made


def draw(rng, i):
    while True:
        name, kind, scheduler, options, call = stable_diffusion.draw(rng, i)
        if kind in ("sd", "xl"):
            break
    call["phrases"] = phrases(rng)
    call["without"] = phrases(rng) if call.get("negative") is not None else None
    if call["without"]:
        call["negative"] = written(call["without"])
    call["prompt"] = written(call["phrases"])
    return name, kind, scheduler, options, call


def arguments(call):
    return [*stable_diffusion.arguments(call), "--weighting"]


def main():
    """Recordings for the repository, on the folders that are there."""
    rng = random.Random(5)
    for name, base in (("sd1", "stable_diffusion/sd1"), ("xl", "stable_diffusion/xl")):
        folder = HERE / "weighting" / name
        folder.mkdir(parents=True, exist_ok=True)
        pipeline = diffusers.DiffusionPipeline.from_pretrained(HERE / base)
        pipeline.set_progress_bar_config(disable=True)
        some, without = phrases(rng) + phrases(rng), [("sea, ", 1.3)]
        call = dict(base=base, phrases=some, without=without, prompt=written(some), negative=written(without), steps=3, seed=3,
                    size=[16, 16], guidance=5.0)
        record(pipeline, "sd", call, folder)


if __name__ == "__main__":
    if "--random" in sys.argv:
        pipeline_runs.main("weighting", None, draw, build, record, arguments)
    else:
        main()
