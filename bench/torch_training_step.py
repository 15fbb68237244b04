#!/usr/bin/env python3
"""Times training steps of the same translator in PyTorch, on the batches of heed_write_batches.

    torch_training_step.py --batches batches.txt --size small --precision float32 --mode compiled

Prints the same JSON object as heed_training_step; torch_steps.py says how memory counts.
"""

import math
import sys

from torch_steps import parse_arguments, time_steps

SIZES = {
    "small": dict(size=128, layers=4, heads=4, feed_forward=256),
    "reference": dict(size=512, layers=6, heads=8, feed_forward=2048),
}


arguments = parse_arguments(
    "Times training steps in PyTorch",
    SIZES,
    lambda parser: parser.add_argument("--batches", required=True),
)

import torch  # noqa: E402 (threads are set before)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(arguments.threads)


class Attention(nn.Module):
    """Multi-head attention; the projections of one input are one matrix."""

    def __init__(self, size, heads, cross):
        super().__init__()
        self.heads = heads
        self.cross = cross
        if cross:
            self.query = linear(size, size)
            self.key_value = linear(size, 2 * size)
        else:
            self.query_key_value = linear(size, 3 * size)
        self.output = linear(size, size)

    def split(self, x, parts):
        x = x.view(x.size(0), x.size(1), parts, self.heads, -1)
        return x.permute(2, 0, 3, 1, 4).unbind(0)  # each [batch, heads, length, head size]

    def forward(self, x, memory=None, mask=None, causal=False):
        if self.cross:
            (query,) = self.split(self.query(x), 1)
            key, value = self.split(self.key_value(memory), 2)
        else:
            query, key, value = self.split(self.query_key_value(x), 3)
        y = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
        return self.output(y.transpose(1, 2).flatten(2))


class Sublayer(nn.Module):
    """Post-norm: LN(x + dropout(branch))."""

    def __init__(self, size, dropout):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, branch):
        return self.norm(x + self.dropout(branch))


class Layer(nn.Module):
    """An encoder layer, or with cross=True a decoder layer."""

    def __init__(self, size, heads, feed_forward, dropout, cross):
        super().__init__()
        self.self_attention = Attention(size, heads, False)
        self.self_attention_end = Sublayer(size, dropout)
        if cross:
            self.cross_attention = Attention(size, heads, True)
            self.cross_attention_end = Sublayer(size, dropout)
        self.inner = linear(size, feed_forward)
        self.outer = linear(feed_forward, size)
        self.feed_forward_end = Sublayer(size, dropout)

    def encode(self, x, mask):
        x = self.self_attention_end(x, self.self_attention(x, mask=mask))
        return self.feed_forward_end(x, self.outer(F.relu(self.inner(x))))

    def decode(self, x, memory, memory_mask):
        # Padding stands on the right, where the causal mask hides it from every real token.
        x = self.self_attention_end(x, self.self_attention(x, causal=True))
        x = self.cross_attention_end(x, self.cross_attention(x, memory, memory_mask))
        return self.feed_forward_end(x, self.outer(F.relu(self.inner(x))))


class Translator(nn.Module):
    """The encoder-decoder with one table for source, target and output."""

    def __init__(self, vocabulary, padding, size, layers, heads, feed_forward, dropout=0.1):
        super().__init__()
        self.scale = math.sqrt(size)
        self.embedding = nn.Embedding(vocabulary, size, padding_idx=padding)
        nn.init.normal_(self.embedding.weight, std=size**-0.5)
        with torch.no_grad():
            self.embedding.weight[padding].zero_()
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(
            Layer(size, heads, feed_forward, dropout, False) for _ in range(layers)
        )
        self.decoder = nn.ModuleList(
            Layer(size, heads, feed_forward, dropout, True) for _ in range(layers)
        )
        self.register_buffer("positions", sinusoids(512, size), persistent=False)

    def compile_parts(self):
        for layer in self.encoder:
            layer.encode = torch.compile(layer.encode, dynamic=True)
        for layer in self.decoder:
            layer.decode = torch.compile(layer.decode, dynamic=True)
        self.embed = torch.compile(self.embed, dynamic=True)
        self.loss = torch.compile(self.loss, dynamic=True)

    def embed(self, ids):
        return self.dropout(self.embedding(ids) * self.scale + self.positions[: ids.size(1)])

    def forward(self, source, source_mask, target, output_places, outputs):
        memory = self.embed(source)
        for layer in self.encoder:
            memory = layer.encode(memory, source_mask)
        x = self.embed(target)
        for layer in self.decoder:
            x = layer.decode(x, memory, source_mask)
        return self.loss(x, output_places, outputs)

    def loss(self, x, output_places, outputs):
        # Only real tokens are projected to the vocabulary.
        x = x.flatten(0, 1).index_select(0, output_places)
        logits = F.linear(x, self.embedding.weight, self.output_bias)
        return F.cross_entropy(logits, outputs, label_smoothing=0.1)


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def sinusoids(length, size):
    """[length, size]: sines, then cosines."""
    rates = torch.exp(torch.arange(0, size, 2) * (-math.log(10000.0) / size))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def read_batches(path, count):
    """→ vocabulary size, padding id, batches as lists of (source ids, target ids)."""
    batches = [[]]
    with open(path, encoding="ascii") as file:
        header = file.readline().split()
        for line in file:
            if len(batches) > count:
                break
            if line == "\n":
                batches.append([])
                continue
            source, target = line.rstrip("\n").split("\t")
            batches[-1].append(
                ([int(x) for x in source.split()], [int(x) for x in target.split()])
            )
    batches.pop()
    if len(batches) < count:
        sys.exit(f"{path} holds {len(batches)} batches, fewer than --warmup and --steps ask for")
    return int(header[1]), int(header[3]), batches


def padded(sequences, padding):
    width = max(map(len, sequences))
    return torch.tensor([s + [padding] * (width - len(s)) for s in sequences])


def tensors_of(batch, padding):
    """The model's arguments, and the number of real tokens on both sides."""
    sources = [source for source, _ in batch]
    targets = [target for _, target in batch]
    source = padded(sources, padding)
    lengths = torch.tensor([len(s) for s in sources])
    # [batch, 1, 1, source length]; true where attention may look
    mask = (torch.arange(source.size(1)) < lengths[:, None])[:, None, None, :]
    outputs = padded(targets, -1).flatten()
    places = (outputs >= 0).nonzero().squeeze(1)
    target = padded([[padding] + t[:-1] for t in targets], padding)
    tokens = int(lengths.sum()) + places.numel()
    return (source, mask, target, places, outputs[places]), tokens


def main():
    torch.manual_seed(1)
    vocabulary, padding, batches = read_batches(
        arguments.batches, arguments.warmup + arguments.steps
    )
    time_steps(
        torch,
        arguments,
        lambda: Translator(vocabulary, padding, **SIZES[arguments.size]),
        [tensors_of(batch, padding) for batch in batches],
    )


main()
