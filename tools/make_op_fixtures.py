"""Writes tests/data/torch/ops.safetensors: what PyTorch computes for heed's ops.

    python tools/make_op_fixtures.py     # needs torch, numpy, safetensors

As torch_fixtures.py says; row ops and logits that are mapped are in make_row_fixtures.py.
"""

import functools
import math

import torch
import torch.nn.functional as F

from torch_fixtures import (
    ACTIVATIONS, GATES, Draws, add_case, attend, gated, key_mask, offsets_of, pack, pad, rounded,
    save, start,
)  # fmt: skip


def make_ops():
    draws = Draws(1)
    tensors = {}
    add = functools.partial(add_case, tensors, draws)
    normal = draws.normal

    linear = {"x": normal(7, 5), "weight": normal(11, 5), "bias": normal(11)}
    add("linear", lambda x, weight, bias: F.linear(x, weight, bias), **linear)
    add("linear_relu", lambda x, weight, bias: F.relu(F.linear(x, weight, bias)), **linear)

    norm = {"x": normal(6, 19) + 2, "gain": normal(19), "bias": normal(19)}
    epsilon = rounded(1e-5)
    add("layer_norm", lambda x, gain, bias: F.layer_norm(x, (19,), gain, bias, epsilon), **norm)
    add(
        "residual_layer_norm",
        lambda x, branch, gain, bias: F.layer_norm(x + branch, (19,), gain, bias, epsilon),
        branch=normal(6, 19),
        **norm,
    )
    del norm["bias"]
    add("rms_norm", lambda x, gain: F.rms_norm(x, (19,), gain, epsilon), **norm)

    for name, function in ACTIVATIONS.items():
        add(name, lambda x, function=function: function(x), x=normal(5, 23, scale=2.5))
    for name, function in GATES.items():
        add(name, functools.partial(gated, function), x=normal(5, 26, scale=2.5))
    add("softmax", lambda x: F.softmax(x, -1), x=normal(4, 21, scale=3))
    tensors["log_softmax/y"] = F.log_softmax(tensors["softmax/x"], -1)

    add_cross_entropy(tensors, draws)
    add_embedding(tensors, draws)
    add_attention(tensors, draws, "self_attention", [4, 1, 6], [4, 1, 6], heads=2, key_heads=2)
    add_attention(tensors, draws, "causal_attention", [5, 3, 7], [5, 3, 7], 3, 3, causal=True)
    add_attention(tensors, draws, "causal_suffix", [2, 1, 3], [6, 4, 3], 2, 2, causal=True)
    add_attention(tensors, draws, "cross_attention", [3, 5, 2], [7, 1, 4], heads=2, key_heads=2)
    add_attention(tensors, draws, "grouped_attention", [4, 2], [4, 2], 6, 2, causal=True)
    save("ops", tensors)


def add_cross_entropy(tensors, draws):
    targets = draws.ids(9, 13)
    targets[[2, 7]] = 4
    case = "cross_entropy"
    scale = rounded(1 / 7)

    def loss_sum(x, weight, bias, smoothing):
        logits = F.linear(x, weight, bias)
        return F.cross_entropy(
            logits, targets.long(), ignore_index=4, label_smoothing=smoothing, reduction="sum"
        )

    inputs = {"x": draws.normal(9, 6), "weight": draws.normal(13, 6), "bias": draws.normal(13)}
    add_case(
        tensors,
        draws,
        case,
        lambda **leaves: scale * loss_sum(**leaves, smoothing=rounded(0.1)).reshape(1),
        dy=torch.ones(1, dtype=torch.float64),
        **inputs,
    )
    guesses = F.linear(inputs["x"], inputs["weight"], inputs["bias"]).argmax(-1)
    correct = (guesses == targets) & (targets != 4)
    tensors[f"{case}/targets"] = targets
    tensors[f"{case}/plain_loss"] = loss_sum(**inputs, smoothing=0.0).reshape(1)
    tensors[f"{case}/correct"] = correct.sum().to(torch.int32).reshape(1)
    tensors[f"{case}/count"] = (targets != 4).sum().to(torch.int32).reshape(1)


def add_embedding(tensors, draws):
    ids = torch.tensor([3, 0, 3, 8, 5, 8, 8, 1], dtype=torch.int32)  # 8 is padding
    position_ids = torch.tensor([0, 1, 2, 0, 1, 2, 3, 4], dtype=torch.int32)
    scale = rounded(math.sqrt(10))

    def embed(table, positions):
        rows = F.embedding(ids.long(), table, padding_idx=8)
        return scale * rows + F.embedding(position_ids.long(), positions)

    inputs = {"table": draws.normal(9, 10), "positions": draws.normal(6, 10)}
    add_case(tensors, draws, "embedding", embed, **inputs)
    tensors["embedding/ids"] = ids
    tensors["embedding/position_ids"] = position_ids


def add_attention(tensors, draws, case, queries, keys, heads, key_heads, causal=False):
    size = 5
    mask = key_mask(queries, keys, causal)

    def packed_attention(q, k, v):
        y = attend(pad(q, queries), pad(k, keys), pad(v, keys), heads, key_heads, mask)
        return pack(y, queries)

    inputs = {
        "q": draws.normal(sum(queries), heads * size),
        "k": draws.normal(sum(keys), key_heads * size),
        "v": draws.normal(sum(keys), key_heads * size),
    }
    add_case(tensors, draws, case, packed_attention, **inputs)
    tensors[f"{case}/query_offsets"] = offsets_of(queries)
    tensors[f"{case}/key_offsets"] = offsets_of(keys)
    # The weights themselves: attention to one-hot values.
    weights = []
    for i, (q, k) in enumerate(zip(inputs["q"].split(queries), inputs["k"].split(keys))):
        for head in range(heads):
            key_head = head // (heads // key_heads)
            query = q[:, head * size : (head + 1) * size]
            key = k[:, key_head * size : (key_head + 1) * size]
            scores = query @ key.T * rounded(size**-0.5)
            seen = mask[i, 0, : len(q), : len(k)]
            weights.append(scores.masked_fill(~seen, -math.inf).softmax(-1).flatten())
    tensors[f"{case}/weights"] = torch.cat(weights)


if __name__ == "__main__":
    start()
    make_ops()
