#!/usr/bin/env python3
"""Times PyTorch's scaled_dot_product_attention, forward and backward, by length.

    torch_attention.py --lengths 64 512 4096 16384 --precision bf16

Sizes and repeats are those of heed_attention_speed, and so is the output. Queries, keys and values lie apart and
dense, as PyTorch likes them best.
"""

import argparse
import json
import os
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Times PyTorch's attention by length")
    parser.add_argument("--lengths", type=int, nargs="+", default=[64, 256, 1024, 4096, 16384])
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["float32", "bf16"], default="float32")
    return parser.parse_args()


arguments = parse_arguments()
os.environ.setdefault("OMP_NUM_THREADS", str(arguments.threads))

import torch  # noqa: E402 (threads are set before)
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(arguments.threads)

TOKENS = 4096
HEAD_SIZE = 64


def measure(length, causal):
    """→ the least seconds of a forward and a backward pass."""
    shape = (max(TOKENS, length) // length, arguments.heads, length, HEAD_SIZE)
    dtype = torch.bfloat16 if arguments.precision == "bf16" else torch.float32
    parts = [torch.randn(shape, dtype=dtype, requires_grad=True) for _ in range(3)]
    dout = torch.randn(shape, dtype=dtype)

    def run():
        out = F.scaled_dot_product_attention(*parts, is_causal=causal)
        for part in parts:
            part.grad = None
        out.backward(dout)

    run()
    seconds = []
    for _ in range(arguments.repeats):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def main():
    torch.manual_seed(1)
    for length in arguments.lengths:
        for causal in (False, True):
            line = dict(
                program="PyTorch",
                kind="attention",
                precision=arguments.precision,
                version=torch.__version__,
                length=length,
                causal=causal,
                heads=arguments.heads,
                threads=arguments.threads,
                operations=14 * length * (length + 1 if causal else 2 * length) / 2
                * (max(TOKENS, length) // length) * arguments.heads * HEAD_SIZE,
                seconds=measure(length, causal),
            )
            print(json.dumps(line), flush=True)


main()
