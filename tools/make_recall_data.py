#!/usr/bin/env python3
"""Makes text that only its own context explains, to study what a small decoder learns from context.

    tools/make_recall_data.py --output data/recall

A line is one of two kinds, which alternate at random:

  recall      pairs of a key and its value, "k3 v7 k9 v1 k3 v7 …": what belongs to a key is drawn anew
              for each line, so that nothing but the pairs before tells the value of a key
  induction   a random string of keys and values, written twice

Writes train.txt, validation.txt and test.txt, no line of which is another's but by chance, and for
`heed shots` a few mappings that no line shows: mapping-N/shown.jsonl and asked.jsonl, whose lines name
a key and its value. The same seed gives the same bytes.
"""

import argparse
import json
import pathlib
import random

SYMBOLS = 16  # keys, and values
MOST_KEYS = 8  # of a line
KEYS_OF_TASK = 4
MOST_PAIRS = 32


def mapping(draw, keys):
    names = draw.sample(range(SYMBOLS), keys)
    return [(f"k{name}", f"v{draw.randrange(SYMBOLS)}") for name in names]


def recall_line(draw):
    pairs = mapping(draw, draw.randint(2, MOST_KEYS))
    shown = draw.choices(pairs, k=draw.randint(MOST_PAIRS // 4, MOST_PAIRS))
    return " ".join(f"{key} {value}" for key, value in shown)


def induction_line(draw):
    symbols = [f"{kind}{number}" for kind in "kv" for number in range(SYMBOLS)]
    half = draw.choices(symbols, k=draw.randint(MOST_PAIRS // 4, MOST_PAIRS))
    return " ".join(half + half)


def write_text(path, draw, lines):
    kinds = [recall_line, induction_line]
    path.write_text("".join(draw.choice(kinds)(draw) + "\n" for _ in range(lines)))


def write_mapping(directory, draw, shown, asked):
    directory.mkdir(exist_ok=True)
    pairs = mapping(draw, KEYS_OF_TASK)
    for name, lines in [("shown", shown), ("asked", asked)]:
        documents = [dict(zip(("key", "value"), draw.choice(pairs))) for _ in range(lines)]
        text = "".join(json.dumps(document) + "\n" for document in documents)
        (directory / f"{name}.jsonl").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int, default=20000, help="to learn from")
    parser.add_argument("--mappings", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, lines in [("train", options.lines), ("validation", 500), ("test", 500)]:
        draw = random.Random(f"{options.seed} {name}")
        write_text(options.output / f"{name}.txt", draw, lines)
    for number in range(1, options.mappings + 1):
        draw = random.Random(f"{options.seed} mapping {number}")
        write_mapping(options.output / f"mapping-{number}", draw, shown=1000, asked=400)


if __name__ == "__main__":
    main()
