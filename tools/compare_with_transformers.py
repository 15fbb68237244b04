"""Compares a model directory that heed wrote in the Marian layout with what Transformers makes of it.

    python tools/compare_with_transformers.py MODEL SOURCE TARGET [--heed build/heed] [--lines 40]

Prints how many greedy translations of SOURCE agree, and the largest difference of log p(TARGET |
SOURCE). Needs torch, transformers and sentencepiece.
"""

import argparse
import pathlib
import subprocess
import sys

import torch
from transformers import MarianMTModel, MarianTokenizer


def first_lines(path, count):
    return pathlib.Path(path).read_text(encoding="utf-8").splitlines()[:count]


def run(command, lines):
    text = "".join(line + "\n" for line in lines)
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--heed", default="build/heed")
    parser.add_argument("--lines", type=int, default=40)
    options = parser.parse_args()
    sources = first_lines(options.source, options.lines)
    targets = first_lines(options.target, options.lines)

    tokenizer = MarianTokenizer.from_pretrained(options.model)
    model = MarianMTModel.from_pretrained(options.model).eval()
    translations, scores = [], []
    with torch.no_grad():
        for source, target in zip(sources, targets):
            batch = tokenizer([source], text_target=[target], return_tensors="pt")
            scores.append(-model(**batch).loss.item() * batch["labels"].shape[1])
            del batch["labels"]
            ids = model.generate(**batch, num_beams=1, do_sample=False)
            translations.append(tokenizer.decode(ids[0], skip_special_tokens=True))

    ours = run([options.heed, "translate", "--model", options.model, "--beam", "1"], sources)
    pairs = [f"{s}\t{t}" for s, t in zip(sources, targets)]
    our_scores = [float(x) for x in run([options.heed, "score", "--model", options.model], pairs)]
    same = sum(a == b for a, b in zip(ours, translations))
    largest = max(abs(a - b) for a, b in zip(our_scores, scores))
    print(f"{same} of {len(sources)} translations agree; log-probabilities differ by at most {largest:.1e}")
    sys.exit(0 if same == len(sources) and largest < 1e-3 else 1)


if __name__ == "__main__":
    main()
