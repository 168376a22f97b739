"""T5's tokenizer from SentencePiece's file alone, against transformers.

    python tests/golden/spiece.py                       # writes tests/golden/spiece/*: a small file, texts and their tokens
    python tests/golden/spiece.py --random 20 --seed 3 --out DIR --langevin target/release/langevin

The small file replaces few characters; those of the random folders replace what T5's does (nmt_nfkc). There, pictures from
random texts are drawn by Flux with the file in place of `tokenizer.json`, as `flow_pipelines.py` compares them.
"""

import json
import pathlib
import random
import shutil
import sys

import sentencepiece
from transformers import T5Tokenizer

HERE = pathlib.Path(__file__).parent
WORDS = ["the", "sea", "light", "house", "café", "dawn", "ﬁsh", "１２", "red", "fox's", "Łódź", "東京", "blue", "naïve", "a", "of", "Ⅳ", "ｆｏｘ", "e\u0301", "½"]
ODD = ["\u200b", "\t", "\n", "  ", "<extra_id_3>", "</s>", "<pad>", "☃", "🦊", "한", "\u00ad", "…", "▁", "ﷺ", "Å", "\u3000", "\ufeff", "<unk>"]


def trained(folder, rng, size, **keys):
    lines = (" ".join(rng.choice(WORDS) for _ in range(8)) for _ in range(600))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines, model_prefix=str(folder / "spiece"), vocab_size=size, model_type="unigram", pad_id=0, eos_id=1, unk_id=2,
        bos_id=-1, hard_vocab_limit=False, minloglevel=2, **keys)
    (folder / "spiece.vocab").unlink()
    return folder / "spiece.model"


def text(rng):
    made = ""
    for _ in range(rng.randint(0, 14)):
        kind = rng.random()
        if kind < 0.6:
            made += rng.choice(WORDS)
        elif kind < 0.8:
            made += rng.choice(ODD)
        else:
            code = rng.choice([rng.randint(32, 0x2FF), rng.randint(0x300, 0xD7FF), rng.randint(0xE000, 0x1FFFF)])
            made += chr(code)
        made += rng.choice(["", " ", " "])
    return made


def small():
    folder = HERE / "spiece"
    folder.mkdir(exist_ok=True)
    rules = [("ﬁ", "fi"), ("\u3000", " "), ("\t", " "), ("Å", "A"), ("½", "1/2"), *((chr(0xFF21 + i + 32), chr(97 + i)) for i in range(26))]
    table = folder / "rules.tsv"
    lines = [" ".join(f"{ord(c):X}" for c in pair[0]) + "\t" + " ".join(f"{ord(c):X}" for c in pair[1]) for pair in sorted(rules)]
    table.write_text("\n".join(lines) + "\n")
    rng = random.Random(4)
    trained(folder, rng, 80, normalization_rule_tsv=str(table))
    table.unlink()
    tokenizer = T5Tokenizer.from_pretrained(folder)
    texts = [text(rng) for _ in range(120)]
    ids = [tokenizer(one, padding="max_length", max_length=24, truncation=True).input_ids for one in texts]
    (folder / "ids.json").write_text(json.dumps(list(zip(texts, ids, strict=True))) + "\n")


def main():
    import flow_pipelines
    import pipeline_runs

    seed, build = {}, flow_pipelines.build

    def tokenizer(folder, rng):
        folder.mkdir(parents=True, exist_ok=True)
        seed["file"] = trained(folder, rng, 90).read_bytes()
        return (made := T5Tokenizer.from_pretrained(folder, model_max_length=512)), len(made)

    def built(kind, scheduler, options, folder, number):
        pipeline = build(kind, scheduler, options, folder, number)
        shutil.rmtree(folder / "tokenizer_2")
        (folder / "tokenizer_2").mkdir()
        (folder / "tokenizer_2" / "spiece.model").write_bytes(seed["file"])
        return pipeline

    def draw(rng, i):
        while True:
            name, kind, scheduler, options, call = flow_pipelines.draw(rng, i)
            if kind != "sd3":
                break
        call["prompt"] = "a " + text(rng) + text(rng)
        call["steps"] = 2
        return name, kind, scheduler, options, call

    flow_pipelines.t5_tokenizer = tokenizer
    pipeline_runs.main("spiece", None, draw, built, flow_pipelines.record, flow_pipelines.sd.arguments)


if __name__ == "__main__":
    main() if "--random" in sys.argv else small()
