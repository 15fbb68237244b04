#!/usr/bin/env python3
"""How fast Hugging Face's `tokenizers` learns byte-level byte-pair encoding from a text, and encodes
the text with it: what bench/tokenizers.cc measures of heed.

  python3 bench/huggingface_tokenizer.py --text FILE --pieces 8000 --threads 2
"""
import argparse
import json
import os
import time


def best_of_three(action):
    best = 1e9
    for _ in range(3):
        begin = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - begin)
    return best, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", required=True)
    parser.add_argument("--pieces", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(arguments.threads)  # read when the library first needs threads
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if arguments.threads > 1 else "false"
    import tokenizers  # noqa: PLC0415

    def learn():
        tokenizer = tokenizers.ByteLevelBPETokenizer()
        tokenizer.train([arguments.text], vocab_size=arguments.pieces, min_frequency=2, show_progress=False,
                        special_tokens=["<|endoftext|>", "<pad>"])
        return tokenizer

    learning, tokenizer = best_of_three(learn)
    with open(arguments.text, encoding="utf-8", newline="\n") as file:
        lines = list(file)
    encoding, encoded = best_of_three(lambda: tokenizer.encode_batch(lines))
    print(json.dumps({"kind": "tokenizer", "program": "tokenizers", "version": tokenizers.__version__,
                      "bytes": sum(len(line.encode()) for line in lines), "pieces": tokenizer.get_vocab_size(),
                      "tokens": sum(len(e.ids) for e in encoded), "learning_seconds": learning,
                      "encoding_seconds": encoding}))


if __name__ == "__main__":
    main()
