"""Writes tests/data/decoders/gpt2/perplexity.json: the loss of a text in windows with a stride.

    python tools/make_perplexity_fixtures.py    # needs torch, transformers

The windows are those of "Perplexity of fixed-length models" in Transformers' documentation: each is
max_length tokens, of which the first is given and those that the window before had do not count.
"""

import json
import pathlib

import torch
from transformers import GPT2LMHeadModel

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "decoders" / "gpt2"
TEXT = ("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\n"
        "First Citizen:\nYou are all resolved rather to die than to famish?\n")


def nats_of(model, ids, max_length, stride):
    total, predicted, before = 0.0, 0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + max_length, len(ids))
        inputs = torch.tensor([ids[begin:end]])
        labels = inputs.clone()
        labels[:, :-(end - before)] = -100
        count = int((labels[:, 1:] != -100).sum())
        with torch.no_grad():
            total += model(inputs, labels=labels).loss.item() * count
        predicted += count
        before = end
        if end == len(ids):
            break
    return total, predicted


def main():
    model = GPT2LMHeadModel.from_pretrained(FOLDER).eval()
    ids = [2 + byte for byte in TEXT.encode()]
    cases = []
    for max_length, stride in [(32, 31), (32, 16), (32, 5), (9, 4)]:
        total, predicted = nats_of(model, ids, max_length, stride)
        cases.append({"max_length": max_length, "stride": stride, "tokens": predicted,
                      "loss": total / predicted})
    (FOLDER / "perplexity.json").write_text(
        json.dumps({"text": TEXT, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
