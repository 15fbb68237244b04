#!/usr/bin/env python3
"""Compares heed with Hugging Face's `tokenizers` (0.23) on a tokenizer of any size: ids and decoded
text of the 10,000 hard lines of make_tokenizer_fixtures.py, or of a file's lines.

  python3 tools/compare_tokenizer.py build/bench/heed_encode_lines DIR [TEXT]
  python3 tools/compare_tokenizer.py --train 8000 build/bench/heed_encode_lines TEXT

DIR holds tokenizer.json, or vocab.json and merges.txt; a GGUF file does as well, which Transformers
reads with the package `gguf`. With --train both learn byte-level pairs from TEXT, and pieces and
merges are compared. `make bench` compares their speeds.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from make_tokenizer_fixtures import hard_lines
from tokenizers import ByteLevelBPETokenizer, Tokenizer, pre_tokenizers


def theirs(folder):
    if folder.suffix == ".gguf":
        from transformers import AutoTokenizer  # noqa: PLC0415
        tokenizer = AutoTokenizer.from_pretrained(str(folder.parent), gguf_file=folder.name).backend_tokenizer
        if b"tokenizer.ggml.pre" in (head := folder.read_bytes()[:1 << 26]) and b"smollm" in head:
            # Transformers cuts all words like GPT-2; SmolLM's own tokenizer and llama.cpp part digits first.
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        return tokenizer
    if (folder / "tokenizer.json").exists():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer = ByteLevelBPETokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    if tokenizer.token_to_id("<|endoftext|>") is not None:
        tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def run(command, lines=()):
    result = subprocess.run(command, input="".join(json.dumps(line) + "\n" for line in lines).encode(),
                            stdout=subprocess.PIPE, check=True)
    return result.stdout.decode().split("\n")[:-1]


def compare_encoding(program, folder, text):
    lines = text.read_text().split("\n") if text else hard_lines()
    tokenizer = theirs(folder)
    ours = [json.loads(line) for line in run([program, "--model", folder, "--decode"], lines)]
    encoded = [e.ids for e in tokenizer.encode_batch(lines, add_special_tokens=False)]
    wrong = [i for i, ids in enumerate(encoded) if ours[i]["ids"] != ids]
    texts = [i for i, ids in enumerate(encoded) if ours[i]["text"] != tokenizer.decode(ids)]
    for i in wrong[:5]:
        print(f"{lines[i]!r}\n  heed       {ours[i]['ids']}\n  tokenizers {encoded[i]}")
    print(f"{len(lines)} lines: ids of {len(wrong)} and decoded text of {len(texts)} differ")
    return bool(wrong or texts)


def compare_training(program, size, text):
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train([str(text)], vocab_size=size, min_frequency=2, show_progress=False,
                    special_tokens=["<|endoftext|>", "<pad>"])
    expected = json.loads(tokenizer.to_str())["model"]
    with tempfile.TemporaryDirectory() as folder:
        with open(text, "rb") as file:
            subprocess.run([program, "--train", str(size), "--save", folder], stdin=file, check=True)
        found = json.loads(Path(folder, "tokenizer.json").read_text())["model"]
    same = found["vocab"] == expected["vocab"] and found["merges"] == expected["merges"]
    print(f"{len(found['vocab'])} pieces, {len(found['merges'])} merges:", "the same" if same else "different")
    return not same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, metavar="PIECES")
    parser.add_argument("program")
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.train:
        return compare_training(arguments.program, arguments.train, arguments.paths[0])
    return compare_encoding(arguments.program, arguments.paths[0], (arguments.paths + [None])[1])


if __name__ == "__main__":
    raise SystemExit(main())
