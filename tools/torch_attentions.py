"""A whole attention in PyTorch as docs/ATTENTION_KINDS.md defines it, step by step and letter by
letter: from what a sublayer reads (x, and memory for cross-attention) to what it gives."""

import math

import torch

from torch_fixtures import rounded
from torch_positions import distances, position_terms, shaw_vectors, turned

# Keys that a case leaves out.
ATTENTION = {
    "kind": "scaled_dot", "scale": 0, "width": 0, "normalizer": "softmax", "temperature": 1,
    "topology": "full", "window": 64, "windows": [], "dilation": 2, "block": 64, "key_heads": 0,
    "key_size": 0, "value_size": 0, "qk_norm": False, "soft_cap": 0, "sinks": False,
    "talking_heads": False, "biases": "all",
}  # fmt: skip
POSITION = {
    "kind": "none", "layout": "halves", "grid_columns": 0, "trained_length": 0, "base": 10000,
    "window_base": 0, "rotated": 1, "scaling": "none", "scaling_factor": 1, "attention_factor": 0,
    "beta_fast": 32, "beta_slow": 1, "low_frequency_factor": 1, "high_frequency_factor": 4,
    "decay_base": 512, "clip": 16, "relative_values": True, "per_head": False, "buckets": 32,
    "max_distance": 128, "window": 7, "trained_window": 0, "hidden_size": 512,
    "context_positions": 64,
}  # fmt: skip
PLACE = {
    "width": 8, "heads": 4, "layer": 0, "causal": False, "cross": False, "max_length": 16,
    "lengths": [7, 4], "memory_lengths": [5, 8], "prefixes": [],
}  # fmt: skip


class Case:
    """The choices of a case, with the letters of the documentation."""

    def __init__(self, attention, position, place):
        self.attention = ATTENTION | attention
        self.position = POSITION | position
        self.place = PLACE | place
        self.d, self.H = self.place["width"], self.place["heads"]
        self.G = self.attention["key_heads"] or self.H
        self.a = self.attention["key_size"] or self.d // self.H
        self.b = self.attention["value_size"] or self.d // self.H
        self.layer = self.place["layer"]
        windows = self.attention["windows"]
        self.window = windows[self.layer % len(windows)] if windows else self.attention["window"]
        self.topology = self.attention["topology"] if self.window else "full"
        if self.place["cross"]:
            self.topology = "full"
        self.s = rounded(self.factor())

    def factor(self):
        kind, width = self.attention["kind"], self.attention["width"]
        if kind == "scaled_dot" and self.attention["scale"]:
            return self.attention["scale"]
        if kind == "gaussian" and width:
            return 1 / width**2
        return {"dot": 1, "bilinear": 1, "cosine": 10}.get(kind, self.a**-0.5)


# Parameters: name → shape.


def attention_shapes(case):
    d, H, G, a, b = case.d, case.H, case.G, case.a, case.b
    rows = {"q_proj": H * a, "k_proj": G * a, "v_proj": G * b, "out_proj": d}
    biases = {"all": list(rows), "qkv": list(rows)[:3], "none": []}[case.attention["biases"]]
    shapes = {f"{name}.weight": (count, d) for name, count in rows.items()}
    shapes["out_proj.weight"] = (d, H * b)
    shapes |= {f"{name}.bias": (rows[name],) for name in biases}
    if case.attention["qk_norm"]:
        shapes |= {"q_norm.weight": (a,), "k_norm.weight": (a,)}
    kind = case.attention["kind"]
    if kind == "additive":
        shapes["additive"] = (H, a)
    if kind == "bilinear":
        shapes |= {f"bilinear.{h}.weight": (a, a) for h in range(H)}
    if kind == "cosine":
        shapes["log_scale"] = (H,)
    if kind == "gaussian" and not case.attention["width"]:
        shapes["narrowing"] = (G,)
    if case.attention["sinks"]:
        shapes["sinks"] = (1, H)
    if case.attention["talking_heads"]:
        shapes |= {"mix_scores": (H, H), "mix_weights": (H, H)}
    return shapes


# Attention.


def seen_keys(case, n, m, prefix):
    i, j = torch.arange(n)[:, None], torch.arange(m)[None, :]
    seen = (j <= i) | (j < prefix) if case.place["causal"] else torch.ones(n, m, dtype=torch.bool)
    B = case.attention["block"]
    shift = B // 2 if case.topology == "shifted_block" and case.layer % 2 else 0
    if case.topology == "window":
        seen = seen & ((i - j).abs() <= case.window)
    if case.topology == "dilated":
        gap = case.attention["dilation"]
        seen = seen & ((i - j).abs() <= case.window * gap) & ((i - j) % gap == 0)
    if case.topology in ("block", "shifted_block"):
        seen = seen & ((i + shift) // B == (j + shift) // B)
    return seen


def normed(x, gain):
    return x / (x.square().mean(-1, keepdim=True) + rounded(1e-6)).sqrt() * gain


def unit(x):
    return x / (x.square().sum(-1, keepdim=True) + x.shape[-1] * 1e-12).sqrt()


def compared(case, weights, q, k):
    """q̂ [H, n, a] and k̂ [G, m, a]."""
    if case.attention["qk_norm"]:
        q = normed(q, weights["attention.q_norm.weight"])
        k = normed(k, weights["attention.k_norm.weight"])
    kind = case.attention["kind"]
    if kind == "bilinear":
        B = torch.stack([weights[f"attention.bilinear.{h}.weight"] for h in range(case.H)])
        q = q @ B
    if kind == "cosine":
        scale = weights["attention.log_scale"].clamp(max=math.log(10)).exp()
        q, k = scale[:, None, None] * unit(q), unit(k)
    if kind == "gaussian" and not case.attention["width"]:
        factor = weights["attention.narrowing"].exp()[:, None, None]
        q, k = factor.repeat_interleave(case.H // case.G, 0) * q, factor * k
    return turned(case, q, 1), turned(case, k, -1)


def comparison(case, weights, q, k):
    kind = case.attention["kind"]
    if kind == "additive":
        u = weights["attention.additive"][:, None, None]
        return (u * torch.tanh(q[:, :, None] + k[:, None])).sum(-1)
    if kind == "gaussian":
        return -case.s / 2 * (q[:, :, None] - k[:, None]).square().sum(-1)
    return case.s * (q @ k.transpose(1, 2))


def sparsemax(e):
    ordered = e.sort(-1, descending=True).values
    sums, places = ordered.cumsum(-1), torch.arange(1, e.shape[-1] + 1)
    size = (1 + places * ordered > sums).sum(-1, keepdim=True)
    return (e - (sums.gather(-1, size - 1) - 1) / size).clamp(min=0)


def normalize(case, weights, e):
    """`gumbel` as outside training."""
    if case.attention["sinks"]:
        z = weights["attention.sinks"][0, :, None, None].expand(-1, e.shape[1], 1)
        return torch.cat((e, z), -1).softmax(-1)[..., :-1]
    if case.attention["normalizer"] == "softmax":
        return e.softmax(-1)
    if case.attention["normalizer"] == "sparsemax":
        return sparsemax(e)
    soft = (e / rounded(case.attention["temperature"])).softmax(-1)
    best = torch.zeros_like(e).scatter(-1, e.argmax(-1, keepdim=True), 1.0)
    return best - soft.detach() + soft


def mixed(matrix, x):
    return torch.einsum("hf,fij->hij", matrix, x)


def attend(case, weights, q, k, v, prefix):
    """One sequence: q [n, H·a], k [m, G·a], v [m, G·b] → [n, H·b]."""
    by_head = lambda x, heads: x.unflatten(-1, (heads, -1)).transpose(0, 1)
    q, k = compared(case, weights, by_head(q, case.H), by_head(k, case.G))
    k, v = (x.repeat_interleave(case.H // case.G, 0) for x in (k, by_head(v, case.G)))
    seen = seen_keys(case, q.shape[1], k.shape[1], prefix)
    e = comparison(case, weights, q, k) + position_terms(case, weights, q, k, seen)
    if case.attention["talking_heads"]:
        e = mixed(weights["attention.mix_scores"], e)
    if case.attention["soft_cap"]:
        c = rounded(case.attention["soft_cap"])
        e = c * torch.tanh(e / c)
    w = normalize(case, weights, e.masked_fill(~seen, -torch.inf))
    if case.attention["talking_heads"]:
        w = mixed(weights["attention.mix_weights"], w)
    o = w @ v
    if case.position["kind"] == "shaw" and case.position["relative_values"]:
        V = shaw_vectors(case, weights, "relative_values", distances(*seen.shape))
        o = o + (w[..., None] * V).sum(2)
    return o.transpose(0, 1).flatten(1)


def forward(case, x, memory, weights):
    linear = lambda name, x: torch.nn.functional.linear(
        x, weights[f"attention.{name}.weight"], weights.get(f"attention.{name}.bias")
    )
    y, lengths = (x, case.place["lengths"])
    if case.place["cross"]:
        y, lengths = memory, case.place["memory_lengths"]
    q = linear("q_proj", x).split(case.place["lengths"])
    k, v = (linear(name, y).split(lengths) for name in ("k_proj", "v_proj"))
    prefixes = case.place["prefixes"] or [0] * len(q)
    outputs = [attend(case, weights, *rows) for rows in zip(q, k, v, prefixes)]
    return linear("out_proj", torch.cat(outputs))
