#!/usr/bin/env python3
"""Times training steps of the same language model in PyTorch: GPT-2 on random tokens, no dropout.

    torch_language_model_step.py --size gpt2-124m --precision bf16 --mode compiled

Prints the same JSON object as heed_language_model_step; torch_steps.py says how memory counts.
"""

from torch_steps import parse_arguments, time_steps

SIZES = {"gpt2-124m": dict(layers=12, heads=12, size=768)}


def add_lengths(parser):
    parser.add_argument("--texts", type=int, default=4)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--vocabulary", type=int, default=50257)


arguments = parse_arguments("Times training steps in PyTorch", SIZES, add_lengths)

import torch  # noqa: E402 (threads are set before)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(arguments.threads)


class Block(nn.Module):
    """Norms before self-attention and before GELU, as GPT-2 has them."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(size)
        self.query_key_value = nn.Linear(size, 3 * size)
        self.output = nn.Linear(size, size)
        self.feed_forward_norm = nn.LayerNorm(size)
        self.inner = nn.Linear(size, 4 * size)
        self.outer = nn.Linear(4 * size, size)

    def forward(self, x):
        batch, length, _ = x.shape
        parts = self.query_key_value(self.attention_norm(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.output(y.transpose(1, 2).flatten(2))
        y = F.gelu(self.inner(self.feed_forward_norm(x)), approximate="tanh")
        return x + self.outer(y)


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, length, layers, heads, size):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, size)
        self.positions = nn.Parameter(torch.randn(length, size) * 0.02)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(size, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(size)

    def compile_parts(self):
        for block in self.blocks:
            block.forward = torch.compile(block.forward)
        self.loss = torch.compile(self.loss)

    def loss(self, x, outputs):
        logits = F.linear(self.norm(x).flatten(0, 1), self.tokens.weight)
        return F.cross_entropy(logits.float(), outputs.flatten())

    def forward(self, ids, outputs):
        x = self.tokens(ids) + self.positions[: ids.size(1)]
        for block in self.blocks:
            x = block(x)
        return self.loss(x, outputs)


def random_texts():
    ids = torch.randint(arguments.vocabulary, (arguments.texts, arguments.length + 1))
    return (ids[:, :-1], ids[:, 1:]), arguments.texts * arguments.length


torch.manual_seed(1)
time_steps(
    torch,
    arguments,
    lambda: LanguageModel(arguments.vocabulary, 1024, **SIZES[arguments.size]),
    [random_texts() for _ in range(arguments.warmup + arguments.steps)],
)
