#!/usr/bin/env python3
"""How fast llama.cpp reads a prompt and writes after it: what bench/writing.cc measures of heed.

  python3 bench/llama_cpp_writing.py --model model.gguf --prompt 1024 --tokens 128 --threads 2
"""
import argparse
import json
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompt", type=int, default=1024)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    import llama_cpp  # noqa: PLC0415
    model = llama_cpp.Llama(arguments.model, n_ctx=arguments.prompt + 16, n_batch=arguments.prompt,
                            n_ubatch=512, n_threads=arguments.threads,
                            n_threads_batch=arguments.threads, verbose=False)
    ids = [1000 + 7919 * i % 19000 for i in range(arguments.prompt)]

    def read():
        model.reset()
        begin = time.perf_counter()
        model.eval(ids)
        return time.perf_counter() - begin

    def write():
        model.reset()
        model.eval(ids[:8])
        begin = time.perf_counter()
        for i in range(arguments.tokens - 1):
            model.eval([ids[8 + i % 64]])  # choosing the token itself is left out
        return time.perf_counter() - begin

    reading = min(read() for _ in range(3))
    writing = min(write() for _ in range(3))
    print(json.dumps({"kind": "writing", "program": "llama.cpp", "version": llama_cpp.__version__,
                      "precision": arguments.model.rsplit("-", 1)[-1].removesuffix(".gguf"), "streams": 1,
                      "prompt_tokens": arguments.prompt,
                      "reading_tokens_per_second": arguments.prompt / reading,
                      "writing_tokens_per_second": (arguments.tokens - 1) / writing}))


if __name__ == "__main__":
    main()
