"""Writes tests/data/torch/rows.safetensors and logits.safetensors: row ops, activations that came
later, softmax over the tokens of a sequence, and logits that are scaled and capped, by PyTorch.

    python tools/make_row_fixtures.py     # needs torch, numpy, safetensors

As torch_fixtures.py says.
"""

import functools

import torch
import torch.nn.functional as F

from torch_fixtures import ACTIVATIONS, Draws, add_case, gated, offsets_of, rounded, save, start


def make_rows():
    draws = Draws(11)
    tensors = {}
    add = functools.partial(add_case, tensors, draws)
    normal = draws.normal

    add("relu_squared", lambda x: F.relu(x).square(), x=normal(5, 23, scale=2.5))
    for name, function in {"geglu_tanh": ACTIVATIONS["gelu_tanh"], "reglu": F.relu}.items():
        add(name, functools.partial(gated, function), x=normal(5, 26, scale=2.5))

    index = torch.tensor([4, 0, 4, 6, 1, 4, 0], dtype=torch.int32)
    tensors["gather_rows/index"] = index
    add("gather_rows", lambda x: x[index.long()], x=normal(7, 19))
    parts = {"a": normal(3, 19), "b": normal(1, 19), "c": normal(4, 19)}
    add("concat_rows", lambda a, b, c: torch.cat([a, b, c, a]), **parts)
    factors = torch.tensor([0.0, 1.25, 1.25, 0.0, -0.5], dtype=torch.float64)
    tensors["scale_rows/factors"] = factors
    add("scale_rows", lambda x: factors[:, None] * x, x=normal(5, 19))
    add("scale_columns", lambda x, gain: x * gain, x=normal(5, 19), gain=normal(19))
    add("reshape", lambda x: x.reshape(3, 10) ** 2, x=normal(5, 6))

    add_mapped_cross_entropy(tensors, draws, "soft_cap", scale=rounded(0.7), cap=2.5)
    add_mapped_cross_entropy(tensors, draws, "logit_scale", scale=rounded(1.7), cap=0)
    add_spans(tensors, draws, [5, 1, 8])
    save("rows", tensors)


def map_logits(logits, scale, cap):
    logits = scale * logits
    return cap * torch.tanh(logits / cap) if cap > 0 else logits


def make_logits():
    """Output layers as those of whole models, with and without a bias: the logits and their
    gradients, the loss, and the log-probabilities of targets."""
    draws, tensors = Draws(13), {}
    for case, scale, cap, has_bias in (
        ("plain_bare", 1.0, 0.0, False),
        ("scaled", rounded(0.0625), 0.0, True),
        ("scaled_bare", rounded(1.3), 0.0, False),
        ("capped", 1.0, 1.5, True),
        ("capped_bare", 1.0, 30.0, False),
        ("scaled_capped_bare", rounded(0.7), 2.5, False),
    ):
        add_output_layer(tensors, draws, case, scale, cap, has_bias)
    save("logits", tensors)


def add_output_layer(tensors, draws, case, scale, cap, has_bias):
    targets = draws.ids(9, 13)
    inputs = {"x": draws.normal(9, 6), "weight": draws.normal(13, 6, scale=2)}
    if has_bias:
        inputs["bias"] = draws.normal(13)
    tensors[f"{case}.targets"] = targets
    tensors[f"{case}.map"] = torch.tensor([scale, cap], dtype=torch.float64)

    def logits(x, weight, bias=None):
        return map_logits(F.linear(x, weight, bias), scale, cap)

    def loss(**leaves):
        return F.cross_entropy(
            logits(**leaves), targets.long(), label_smoothing=rounded(0.1), reduction="sum"
        ).reshape(1) * rounded(1 / 9)

    add_case(tensors, draws, case, logits, **inputs)
    one = torch.ones(1, dtype=torch.float64)
    add_case(tensors, draws, f"{case}_loss", loss, dy=one, **inputs)
    chosen = F.log_softmax(logits(**inputs), -1).gather(1, targets.long()[:, None])
    tensors[f"{case}.log_probabilities"] = chosen.flatten()


def add_mapped_cross_entropy(tensors, draws, case, scale, cap):
    targets = draws.ids(9, 13)
    tensors[f"{case}/targets"] = targets
    tensors[f"{case}/scale"] = torch.tensor([scale, cap], dtype=torch.float64)

    def mapped(x, weight, bias):
        return map_logits(F.linear(x, weight, bias), scale, cap)

    inputs = {"x": draws.normal(9, 6), "weight": draws.normal(13, 6), "bias": draws.normal(13)}
    add_case(
        tensors,
        draws,
        case,
        lambda **leaves: F.cross_entropy(
            mapped(**leaves), targets.long(), label_smoothing=rounded(0.1), reduction="sum"
        ).reshape(1),
        dy=torch.ones(1, dtype=torch.float64),
        **inputs,
    )
    tensors[f"{case}/logits"] = mapped(**inputs)


def add_spans(tensors, draws, lengths):
    """Where an answer starts and ends: softmax over the tokens of each sequence, twice."""
    targets = torch.tensor([[3, 4], [0, 0], [7, -1]], dtype=torch.int32)
    tensors["spans/offsets"] = offsets_of(lengths)
    tensors["spans/targets"] = targets

    def loss(scores):
        return sum(
            F.cross_entropy(part.T, wanted.long(), ignore_index=-1, reduction="sum")
            for part, wanted in zip(scores.split(lengths), targets)
        ).reshape(1)

    scores = draws.normal(sum(lengths), 2, scale=2)
    add_case(
        tensors, draws, "spans", loss, dy=torch.ones(1, dtype=torch.float64), scores=scores
    )
    tensors["spans/log_softmax"] = torch.cat(
        [F.log_softmax(part, 0) for part in scores.split(lengths)]
    )


if __name__ == "__main__":
    start()
    make_rows()
    make_logits()
