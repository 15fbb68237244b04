"""Makes JSON lines of sets that come in other forms, for recipes/shots.

    python tools/prepare_shots.py DATA OUT

DATA holds icl-eval/hellaswag_val_full.txt.xz (six lines a task: context, number of the right ending,
four endings) and trec/{train,test}.txt (a line: COARSE:fine question, in Latin-1). Writes
OUT/hellaswag.jsonl and OUT/trec-{train,test}.jsonl.
"""

import json
import lzma
import pathlib
import sys


KINDS = {"ABBR": "abbreviation", "DESC": "description", "ENTY": "entity", "HUM": "person",
         "LOC": "location", "NUM": "number"}


def hellaswag(path):
    lines = lzma.open(path, "rt", encoding="utf-8").read().split("\n")
    for begin in range(0, len(lines) - 5, 6):
        context, gold, *endings = lines[begin:begin + 6]
        yield {"query": context, "choices": endings, "gold": int(gold)}


def trec(path):
    for line in path.read_text(encoding="latin-1").splitlines():
        label, question = line.split(" ", 1)
        yield {"question": question, "kind": KINDS[label.split(":")[0]]}


def write(path, examples):
    path.write_text("".join(json.dumps(example) + "\n" for example in examples))


def main():
    data, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    write(out / "hellaswag.jsonl", hellaswag(data / "icl-eval" / "hellaswag_val_full.txt.xz"))
    for part in ("train", "test"):
        write(out / f"trec-{part}.jsonl", trec(data / "trec" / f"{part}.txt"))


if __name__ == "__main__":
    main()
