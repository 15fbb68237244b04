#!/usr/bin/env python3
"""How fast CTranslate2 writes several texts at once with a language model in int8: what bench/writing.cc measures of
heed.

  python3 bench/ctranslate2_writing.py --make gpt2-shape
  python3 bench/ctranslate2_writing.py --model gpt2-shape --prompt 64 --tokens 128 --streams 16 --threads 2

--make writes a model directory of GPT-2's sizes (124 million parameters) with random weights, and a tokenizer of as
many tokens, which heed reads too. The model is converted beside it. Both ways to share the threads out are measured, one
worker with all of them and a worker for each; the better counts.
"""
import argparse
import json
import os
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def make_model(directory):
    """A tokenizer of bytes, pairs of them and one symbol: 50,257 tokens."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from transformers.convert_slow_tokenizer import bytes_to_unicode  # noqa: PLC0415
    torch.manual_seed(1)
    config = transformers.GPT2Config(n_positions=2048, bos_token_id=50256, eos_token_id=50256)
    transformers.GPT2LMHeadModel(config).save_pretrained(directory)
    letters = list(bytes_to_unicode().values())
    pairs = [(a, b) for a in letters for b in letters][:50000]
    tokens = letters + [a + b for a, b in pairs] + ["<|endoftext|>"]
    with open(os.path.join(directory, "vocab.json"), "w", encoding="utf-8") as file:
        json.dump({token: i for i, token in enumerate(tokens)}, file, ensure_ascii=False)
    with open(os.path.join(directory, "merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in pairs))
    with open(os.path.join(directory, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump({"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>",
                   "unk_token": "<|endoftext|>"}, file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--make", metavar="DIRECTORY")
    parser.add_argument("--model")
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.make:
        make_model(arguments.make)
        return
    import ctranslate2  # noqa: PLC0415
    converted = arguments.model.rstrip("/") + "-ctranslate2-int8"
    if not os.path.isdir(converted):
        ctranslate2.converters.TransformersConverter(arguments.model).convert(converted, quantization="int8")
    with open(os.path.join(arguments.model, "vocab.json"), encoding="utf-8") as file:
        tokens = list(json.load(file))
    count = len(tokens)

    def prompts(length):
        return [[tokens[1000 + (7919 * i + 104729 * stream) % (min(count, 20000) - 1000)] for i in range(length)]
                for stream in range(arguments.streams)]

    best = {}
    for workers in {1, arguments.threads}:
        generator = ctranslate2.Generator(converted, device="cpu", compute_type="int8", inter_threads=workers,
                                          intra_threads=arguments.threads // workers)
        batches = prompts(arguments.prompt), prompts(8)
        size = -(-arguments.streams // workers)

        def seconds(texts, length):
            begin = time.perf_counter()
            generator.generate_batch(texts, max_length=length, min_length=length, beam_size=1, sampling_topk=1,
                                     include_prompt_in_result=False, max_batch_size=size)
            return time.perf_counter() - begin

        seconds(batches[1], 2)
        reading = min(seconds(batches[0], 1) for _ in range(3))
        # Of the first token on, as heed is measured.
        first = min(seconds(batches[1], 1) for _ in range(3))
        writing = min(seconds(batches[1], arguments.tokens) for _ in range(3)) - first
        best["reading"] = min(best.get("reading", reading), reading)
        best["writing"] = min(best.get("writing", writing), writing)
        del generator
    print(json.dumps({"kind": "writing", "program": "CTranslate2", "version": ctranslate2.__version__,
                      "precision": "int8", "streams": arguments.streams, "prompt_tokens": arguments.prompt,
                      "reading_tokens_per_second": arguments.prompt * arguments.streams / best["reading"],
                      "writing_tokens_per_second": (arguments.tokens - 1) * arguments.streams / best["writing"]}))


main()
