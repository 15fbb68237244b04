"""Writes tests/data/torch/attention.safetensors: kinds of attention as PyTorch computes them.

    python tools/make_attention_fixtures.py     # needs torch, numpy, safetensors

Each from its paper or model, with a tensor for every pair of positions, in float64; the grouped
heads by PyTorch's own scaled_dot_product_attention. One sequence a case: q [queries, heads · size],
k and v [keys, key heads · size]. Names as in torch_fixtures.py.
"""

import torch
import torch.nn.functional as F

from torch_fixtures import Draws, add_case, rounded, save

HEADS, KEY_HEADS, SIZE, VALUE_SIZE, QUERIES, KEYS = 4, 2, 5, 3, 6, 8
SCALE = rounded(SIZE**-0.5)


def by_head(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(0, 1)


def attend(q, k, v, scores=None, weights=None, key_heads=KEY_HEADS):
    """`scores` of q and k by head, then `weights` of them."""
    q, k, v = by_head(q, HEADS), by_head(k, key_heads), by_head(v, key_heads)
    k, v = (x.repeat_interleave(HEADS // key_heads, 0) for x in (k, v))
    z = scores(q, k) if scores else dot(q, k)
    p = weights(z) if weights else z.softmax(-1)
    return (p @ v).transpose(0, 1).flatten(1)


def dot(q, k):
    return SCALE * q @ k.transpose(1, 2)


def gaussian(q, k):
    return -SCALE * (q[:, :, None] - k[:, None]).square().sum(-1) / 2


def additive_scores(q, k, w):
    """Bahdanau et al., 2015."""
    return (torch.tanh(q[:, :, None] + k[:, None]) * w[:, None, None]).sum(-1)


def sparsemax(z):
    """Martins & Astudillo, 2016, definition (2) by algorithm 1."""
    ordered = z.sort(-1, descending=True).values
    sums = ordered.cumsum(-1)
    places = torch.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    size = (1 + places * ordered > sums).sum(-1, keepdim=True)
    threshold = (sums.gather(-1, size - 1) - 1) / size
    return (z - threshold).clamp(min=0)


def hard(z):
    """As torch.nn.functional.gumbel_softmax with hard=True, without its noise."""
    soft = (z / rounded(0.7)).softmax(-1)
    one_hot = F.one_hot(soft.argmax(-1), z.shape[-1]).to(z.dtype)
    return one_hot - soft.detach() + soft


def with_sinks(z, sinks):
    """gpt-oss: a further logit per head, dropped after the softmax."""
    logits = torch.cat([z, sinks.T[:, None].expand(-1, z.shape[1], 1)], -1)
    return logits.softmax(-1)[..., :-1]


def soft_capped(q, k):
    """Gemma 2."""
    return 1.5 * torch.tanh(dot(q, k) / 1.5)


def talking(q, k, v, mix_scores, mix_weights):
    """Shazeer et al., 2020."""
    mixed = lambda matrix, x: torch.einsum("hg,gij->hij", matrix, x)
    return attend(
        q,
        k,
        v,
        lambda q, k: mixed(mix_scores, dot(q, k)),
        lambda z: mixed(mix_weights, z.softmax(-1)),
    )


def window(back):
    """Mistral's sliding window over the last queries of a sequence."""
    distance = torch.arange(KEYS) - (torch.arange(QUERIES) + KEYS - QUERIES)[:, None]
    return (distance <= 0) & (distance >= -back)


def torch_attention(q, k, v, key_heads=KEY_HEADS, **options):
    q, k, v = by_head(q, HEADS), by_head(k, key_heads), by_head(v, key_heads)
    y = F.scaled_dot_product_attention(
        q[None], k[None], v[None], scale=SCALE, enable_gqa=True, **options
    )[0]
    return y.transpose(0, 1).flatten(1)


def main():
    torch.set_default_dtype(torch.float64)
    draws = Draws(31)
    tensors = {}

    def add(case, function, key_heads=KEY_HEADS, **terms):
        add_case(
            tensors,
            draws,
            case,
            function,
            q=draws.normal(QUERIES, HEADS * SIZE),
            k=draws.normal(KEYS, key_heads * SIZE),
            v=draws.normal(KEYS, key_heads * VALUE_SIZE),
            **terms,
        )

    add("grouped", torch_attention)
    add("multi_query", lambda q, k, v: torch_attention(q, k, v, 1), key_heads=1)
    add("window", lambda q, k, v: torch_attention(q, k, v, attn_mask=window(2)))
    add("gaussian", lambda q, k, v: attend(q, k, v, gaussian))
    add(
        "additive",
        lambda q, k, v, additive: attend(
            q, k, v, lambda q, k: additive_scores(q, k, additive)
        ),
        additive=draws.normal(HEADS, SIZE),
    )
    add("sparsemax", lambda q, k, v: attend(q, k, v, weights=sparsemax))
    add("hard", lambda q, k, v: attend(q, k, v, weights=hard))
    add("soft_cap", lambda q, k, v: attend(q, k, v, soft_capped))
    add(
        "sinks",
        lambda q, k, v, sinks: attend(q, k, v, weights=lambda z: with_sinks(z, sinks)),
        sinks=draws.normal(1, HEADS),
    )
    add(
        "talking_heads",
        talking,
        mix_scores=draws.normal(HEADS, HEADS),
        mix_weights=draws.normal(HEADS, HEADS),
    )
    add(
        "table_bias",
        lambda q, k, v, table_bias: attend(q, k, v, lambda q, k: dot(q, k) + table_bias),
        table_bias=draws.normal(HEADS, QUERIES, KEYS),
    )
    save("attention", tensors)


if __name__ == "__main__":
    main()
