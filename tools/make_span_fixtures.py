#!/usr/bin/env python3
"""Makes tests/data/tokenizers/spans.json: which bytes of a text Hugging Face's `tokenizers` says that
tokens were made of, on the hard lines without special pieces (make_tokenizer_fixtures.py), and how
it puts two texts together.

  python3 tools/make_span_fixtures.py tests/data/tokenizers

Of ids and spans a hash is kept for each 100 lines.
"""
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

from make_tokenizer_fixtures import BLOCK, LINES, fnv, hard_lines

VARIANTS = ["bert", "bert-cased", "gpt2", "roberta", "smollm", "words"]


def byte_spans(text, offsets):
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    return [(places[begin], places[end]) for begin, end in offsets]


def line_of(text, encoding):
    spans = byte_spans(text, encoding.offsets)
    return " ".join(f"{i}:{b}-{e}" for i, (b, e) in zip(encoding.ids, spans)) + "\n"


def main():
    folder = Path(sys.argv[1])
    variants = json.loads((folder / "variants.json").read_text())
    models = json.loads((folder / "models.json").read_text())
    lines = hard_lines()
    result = {}
    for name in VARIANTS:
        variant = variants[name]
        tokenizer = Tokenizer.from_str(json.dumps(
            {**variant["json"], "model": {**models[variant["model"]], **variant["changes"]}}))
        # A space that is put before a part of a text is trimmed off the part's first character there.
        prefixed = variant["json"]["pre_tokenizer"].get("add_prefix_space", False)
        left_out = [t["content"] for t in variant["json"]["added_tokens"] if t["special"] or prefixed]
        blocks = []
        for begin in range(0, LINES, BLOCK):
            found = "".join(line_of(line, tokenizer.encode(line, add_special_tokens=False))
                            for line in lines[begin : begin + BLOCK]
                            if not any(piece in line for piece in left_out)
                            and not (prefixed and line.startswith(" ")))
            blocks.append(f"{fnv(found):016x}")
            if len(sys.argv) > 2:  # for a closer look
                Path(sys.argv[2], name).mkdir(parents=True, exist_ok=True)
                Path(sys.argv[2], name, f"{begin}.txt").write_text(found)
        single, pair = tokenizer.encode("the dog"), tokenizer.encode("the dog", "a story")
        result[name] = {"spans": blocks,
                        "single": {"ids": single.ids, "segments": single.type_ids},
                        "pair": {"ids": pair.ids, "segments": pair.type_ids}}
    (folder / "spans.json").write_text(
        "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}"
                           for k, v in result.items()) + "\n}\n")


if __name__ == "__main__":
    main()
