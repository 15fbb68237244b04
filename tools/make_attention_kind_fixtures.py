"""Writes tests/data/torch/attention_kinds.safetensors: attention and positions in PyTorch as
docs/ATTENTION_KINDS.md and docs/POSITIONS.md define them, step by step and letter by letter.

    python tools/make_attention_kind_fixtures.py     # needs torch, numpy, safetensors

The metadata lists the cases: heed's keys of model.attention and model.position and where the
attention stands. A case is a whole attention, from what a sublayer reads (x, and memory for
cross-attention) to what it gives; a table is what a scheme adds to embeddings. Tensors have heed's
names. Names and numbers otherwise as in torch_fixtures.py.
"""

import json
import math

import torch

from torch_fixtures import Draws, add_case, rounded, save, start

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


def position_shapes(case):
    position, kind = case.position, case.position["kind"]
    layer = f"layers.{case.layer}."
    if kind == "learned":
        return {"weight": (position["trained_length"] or case.place["max_length"], case.d)}
    if kind == "shaw":
        rows = 2 * position["clip"] + 1
        heads = (case.H,) if position["per_head"] else ()
        odd = case.H > 1 and case.H % 2 == 1
        shape = lambda size: (*heads, rows, size) if odd else (math.prod(heads) * rows, size)
        shapes = {f"{layer}relative_keys": shape(case.a)}
        if position["relative_values"]:
            shapes[f"{layer}relative_values"] = shape(case.b)
        return shapes
    if kind == "t5":
        return {"relative_attention_bias": (position["buckets"], case.H)}
    if kind == "swin":
        rows = (2 * position["window"] - 1) ** 2
        return {f"{layer}relative_position_bias_table": (rows, case.H)}
    if kind == "swin2":
        network, F = f"{layer}continuous_position_bias_mlp.", position["hidden_size"]
        return {
            f"{network}0.weight": (F, 2),
            f"{network}0.bias": (F,),
            f"{network}2.weight": (case.H, F),
        }
    if kind == "cope":
        return {f"{layer}contextual_positions": (position["context_positions"], case.a)}
    return {}


# Positions.


def sinusoids(places, d, layout):
    P = (d + 1) // 2
    angles = places[:, None] * 10000.0 ** (-2 * torch.arange(P) / d)
    if layout == "halves":
        return torch.cat((angles.sin(), angles.cos()), -1)[:, :d]
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, :d]


def embedding_table(case, weights, length):
    """The rows that a scheme adds to embeddings."""
    position, i = case.position, torch.arange(length)
    if position["kind"] == "sinusoidal":
        return sinusoids(i, case.d, position["layout"])
    if position["kind"] == "sinusoidal2d":
        C = position["grid_columns"] or math.ceil(math.sqrt(case.place["max_length"]))
        halves = (sinusoids(p, case.d // 2, position["layout"]) for p in (i // C, i % C))
        return torch.cat(list(halves), -1)
    table, L = weights["weight"], case.place["max_length"]
    T = len(table)
    if L <= T:
        return table[:length]
    place = i * (T - 1) / (L - 1)
    r = place.floor().long()
    f = (place - r)[:, None]
    return (1 - f) * table[r] + f * table[(r + 1).clamp(max=T - 1)]


def rotary_frequencies(case, P):
    """ω of each pair, and f."""
    position = case.position
    p, base, S = torch.arange(P), position["base"], position["scaling_factor"]
    scaling = position["scaling"]
    T = position["trained_length"] or case.place["max_length"]
    if position["kind"] == "rotary" and position["window_base"] and not case.place["cross"]:
        if case.topology in ("window", "dilated"):
            base, scaling = position["window_base"], "none"
    omega = float(base) ** (-p / P)
    if scaling == "linear":
        return omega / S, 1
    if scaling == "ntk":
        return (base * S ** (2 * P / (2 * P - 2))) ** (-p / P), 1
    if scaling == "yarn":
        z = lambda beta: P * math.log(T / (2 * math.pi * beta)) / math.log(base)
        low = max(math.floor(z(position["beta_fast"])), 0)
        high = min(math.ceil(z(position["beta_slow"])), 2 * P - 1)
        high += 0.001 if low == high else 0
        rho = ((p - low) / (high - low)).clamp(0, 1)
        f = position["attention_factor"] or 0.1 * math.log(S) + 1
        return omega * (rho / S + 1 - rho), f
    if scaling == "llama3":
        low, high = position["low_frequency_factor"], position["high_frequency_factor"]
        kappa = ((T * omega / (2 * math.pi) - low) / (high - low)).clamp(0, 1)
        return omega * ((1 - kappa) / S + kappa), 1
    return omega, 1


def turned(case, x, sign):
    """x [heads, n, a]; `sign` of the exponent of xpos."""
    if case.position["kind"] not in ("rotary", "xpos"):
        return x
    P = round(case.position["rotated"] * case.a) // 2
    omega, f = rotary_frequencies(case, P)
    i = torch.arange(x.shape[1])[:, None]
    cosines, sines = f * (i * omega).cos(), f * (i * omega).sin()
    if case.position["kind"] == "xpos":
        zeta = (torch.arange(P) / P + 0.4) / 1.4
        growth = zeta ** (sign * i / case.position["decay_base"])
        cosines, sines = cosines * growth, sines * growth
    halves = case.position["layout"] == "halves"
    first, second = (
        (slice(0, P), slice(P, 2 * P)) if halves else (slice(0, 2 * P, 2), slice(1, 2 * P, 2))
    )
    y = x.clone()
    y[..., first] = x[..., first] * cosines - x[..., second] * sines
    y[..., second] = x[..., first] * sines + x[..., second] * cosines
    return y


def distances(n, m):
    return torch.arange(m)[None, :] - torch.arange(n)[:, None]


def shaw_vectors(case, weights, name, t):
    """[H or 1, n, m, size]"""
    clip = case.position["clip"]
    table = weights[f"positions.layers.{case.layer}.{name}"]
    table = table.reshape(-1, 2 * clip + 1, table.shape[-1])
    return table[:, t.clamp(-clip, clip) + clip]


def t5_buckets(case, t):
    if case.place["causal"]:
        N, n, first = case.position["buckets"], (-t).clamp(min=0), torch.zeros_like(t)
    else:
        N = case.position["buckets"] // 2
        n, first = t.abs(), torch.where(t > 0, N, 0)
    E = N // 2
    far = (n.clamp(min=E) / E).log() / math.log(case.position["max_distance"] / E) * (N - E)
    steps = (far + 1e-9).floor().long()
    return first + torch.where(n < E, n, (E + steps).clamp(max=N - 1))


def alibi_slopes(H):
    Q = 2 ** int(math.log2(H))
    slopes = [2 ** (-8 * (h + 1) / Q) for h in range(Q)]
    return torch.tensor(slopes + [2 ** (-4 * (2 * h + 1) / Q) for h in range(H - Q)])


def window_table(case, weights):
    layer = f"positions.layers.{case.layer}."
    if case.position["kind"] == "swin":
        return weights[f"{layer}relative_position_bias_table"]
    M = case.position["window"]
    K = case.position["trained_window"] or M
    offsets = torch.arange(1 - M, M)
    delta = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), -1).reshape(-1, 2)
    spaced = delta.sign() * (1 + (8 * delta / (K - 1)).abs()).log2() / math.log2(8)
    network = [weights[f"{layer}continuous_position_bias_mlp.{x}"] for x in ("0.weight", "0.bias")]
    hidden = torch.relu(spaced @ network[0].T + network[1])
    return 16 * torch.sigmoid(hidden @ weights[f"{layer}continuous_position_bias_mlp.2.weight"].T)


def window_biases(case, weights, n):
    M = case.position["window"]
    y, x = torch.arange(n) // M, torch.arange(n) % M
    index = (y[:, None] - y + M - 1) * (2 * M - 1) + x[:, None] - x + M - 1
    return window_table(case, weights)[index].permute(2, 0, 1)


def cope_terms(case, weights, q, products, seen):
    table = weights[f"positions.layers.{case.layer}.contextual_positions"]
    T = len(table)
    gates = torch.where(seen, torch.sigmoid(case.s * products), 0)
    place = gates.flip(-1).cumsum(-1).flip(-1).clamp(max=T - 1)
    r = place.floor().long()
    f = place - r
    known = q @ table.T
    return (1 - f) * known.gather(-1, r) + f * known.gather(-1, (r + 1).clamp(max=T - 1))


def position_terms(case, weights, q, k, seen):
    """What positions add to scores [H, n, m]."""
    kind, t = case.position["kind"], distances(*seen.shape)
    if kind == "shaw":
        A = shaw_vectors(case, weights, "relative_keys", t)
        return case.s * (q[:, :, None] * A).sum(-1)
    if kind == "t5":
        bias = weights["positions.relative_attention_bias"]
        return bias[t5_buckets(case, t)].permute(2, 0, 1)
    if kind == "alibi":
        return -alibi_slopes(case.H)[:, None, None] * t.abs()
    if kind in ("swin", "swin2"):
        return window_biases(case, weights, len(seen))
    if kind == "cope":
        return cope_terms(case, weights, q, q @ k.transpose(1, 2), seen)
    return 0


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


# Cases: name → (attention, position, place).

SCORERS = {
    "dot": {"kind": "dot"},
    "scaled_dot": {},
    "scaled_dot_by_hand": {"scale": 0.3},
    "additive": {"kind": "additive"},
    "bilinear": {"kind": "bilinear"},
    "cosine": {"kind": "cosine"},
    "gaussian": {"kind": "gaussian"},
    "gaussian_of_fixed_width": {"kind": "gaussian", "width": 1.3},
}
SHAW = {"kind": "shaw", "clip": 2}
COPE = {"kind": "cope", "context_positions": 4}
LONG = {"lengths": [11, 3], "max_length": 64}  # long enough for frequencies to differ


def scorer_cases():
    for name, scorer in SCORERS.items():
        sizes = {"key_heads": 2, "key_size": 4, "value_size": 3}
        yield f"{name}.shaw", (scorer | sizes, SHAW, {})
        yield f"{name}.cope", (scorer | sizes, COPE, {"causal": True})
        if name != "additive":
            yield f"{name}.rotary", (scorer | sizes, {"kind": "rotary"}, {"causal": True})


def position_cases():
    causal, sized = {"causal": True}, {"key_size": 4}
    yield "none", ({}, {}, {})
    yield "shaw.per_head", ({}, SHAW | {"per_head": True}, causal)
    yield "shaw.odd_heads", (
        {"key_size": 4, "value_size": 3},
        SHAW | {"per_head": True, "relative_values": False},
        {"heads": 3},
    )
    yield "rotary.interleaved", (
        {"key_size": 8},
        {"kind": "rotary", "layout": "interleaved", "rotated": 0.75, "base": 100},
        {},
    )
    for scaling, keys in {
        "linear": {},
        "ntk": {},
        "yarn": {"trained_length": 40, "beta_fast": 6, "beta_slow": 0.5, "base": 100},
        "llama3": {"trained_length": 30, "base": 50},
    }.items():
        rotary = {"kind": "rotary", "scaling": scaling, "scaling_factor": 4} | keys
        yield f"rotary.{scaling}", ({"key_size": 8}, rotary, LONG)
    windowed = {"topology": "window", "windows": [3, 0], "key_size": 4}
    for layer in (0, 1):
        rotary = {"kind": "rotary", "window_base": 20, "scaling": "linear", "scaling_factor": 2}
        yield f"rotary.window_base.{layer}", (windowed, rotary, {"layer": layer, "causal": True})
    yield "xpos", (sized | {"key_heads": 2}, {"kind": "xpos", "decay_base": 8}, causal)
    yield "xpos.cosine", (sized | {"kind": "cosine"}, {"kind": "xpos", "decay_base": 8}, causal)
    t5 = {"kind": "t5", "buckets": 8, "max_distance": 6}
    yield "t5", (sized, t5, {})
    yield "t5.causal", (sized, t5 | {"buckets": 5}, causal)
    yield "alibi", ({}, {"kind": "alibi"}, {})
    yield "alibi.six_heads", (sized | {"value_size": 3}, {"kind": "alibi"}, causal | {"heads": 6})
    square = {"lengths": [4, 4]}
    yield "swin", ({}, {"kind": "swin", "window": 2}, square)
    network = {"kind": "swin2", "window": 2, "trained_window": 3, "hidden_size": 5}
    yield "swin2", ({}, network, square)
    cross = {"cross": True}
    yield "cross.t5", ({}, t5, cross)
    yield "cross.rotary", ({"key_size": 4, "key_heads": 1}, {"kind": "rotary"}, cross)
    yield "cross.cope", ({"kind": "cosine"}, COPE, cross)


def choice_cases():
    causal = {"causal": True}
    for name in ("sparsemax", "hard", "gumbel"):
        keys = {} if name == "sparsemax" else {"temperature": 0.7}
        yield name, ({"normalizer": name, "kind": "dot"} | keys, {}, {})
        yield f"{name}.talking", (
            {"normalizer": name, "talking_heads": True, "kind": "dot", "soft_cap": 1.5},
            {"kind": "alibi"},
            causal,
        )
    for place, where in {"encoder": {}, "decoder": causal}.items():
        yield f"{place}.window", ({"topology": "window", "window": 2}, {}, where)
        dilated = {"topology": "dilated", "window": 2, "dilation": 2}
        yield f"{place}.dilated", (dilated, {}, where)
        yield f"{place}.block", ({"topology": "block", "block": 3}, {}, where)
        shifted = {"topology": "shifted_block", "block": 3}
        for layer in (0, 1):
            yield f"{place}.shifted_block.{layer}", (shifted, {}, where | {"layer": layer})
    yield "prefix", ({"topology": "prefix"}, {}, causal | {"prefixes": [3, 0]})
    yield "cross.window", ({"topology": "window", "window": 1}, {}, {"cross": True})
    yield "biases.qkv", ({"biases": "qkv"}, {}, {})
    yield "biases.none", ({"biases": "none"}, {}, {"cross": True})
    yield "qk_norm", ({"qk_norm": True, "key_heads": 2}, {}, {})
    everything = {"talking_heads": True, "soft_cap": 1.5, "sinks": True, "qk_norm": True}
    window = {"topology": "window", "window": 3}
    for name, position in {"shaw": SHAW, "cope": COPE, "rotary": {"kind": "rotary"}}.items():
        keys = everything | window | {"key_heads": 2, "key_size": 4}
        yield f"everything.{name}", (keys | {"kind": "bilinear"}, position, causal)
    yield "sinks", ({"sinks": True}, {}, {})
    yield "soft_cap.alibi", ({"soft_cap": 1.5, "kind": "dot"}, {"kind": "alibi"}, {})
    yield "talking_heads", ({"talking_heads": True, "key_heads": 1}, {}, {})


ODD = {"width": 7, "heads": 1}
TABLES = {
    "sinusoidal": ({"kind": "sinusoidal"}, ODD),
    "sinusoidal.interleaved": ({"kind": "sinusoidal", "layout": "interleaved"}, ODD),
    "sinusoidal2d": ({"kind": "sinusoidal2d"}, {"width": 12, "max_length": 17}),
    "sinusoidal2d.columns": (
        {"kind": "sinusoidal2d", "grid_columns": 3, "layout": "interleaved"},
        {},
    ),
    "learned": ({"kind": "learned"}, {}),
    "learned.stretched": ({"kind": "learned", "trained_length": 6}, {"max_length": 14}),
}


def draw_weights(draws, case):
    weights = {f"attention.{name}": shape for name, shape in attention_shapes(case).items()}
    weights |= {f"positions.{name}": shape for name, shape in position_shapes(case).items()}
    scale = {name: shape[-1] ** -0.5 if "proj" in name else 1 for name, shape in weights.items()}
    weights = {name: draws.normal(*shape, scale=scale[name]) for name, shape in weights.items()}
    if "attention.log_scale" in weights:
        weights["attention.log_scale"][0] = 3.0  # above its bound
    return weights


def add_attention(tensors, draws, name, case):
    inputs = {"x": draws.normal(sum(case.place["lengths"]), case.d)}
    if case.place["cross"]:
        inputs["memory"] = draws.normal(sum(case.place["memory_lengths"]), case.d)

    def function(x, memory=None, **weights):
        return forward(case, x, memory, weights)

    weights = draw_weights(draws, case)
    add_case(tensors, draws, name, function, **inputs, **weights)
    for key in (*inputs, *weights, "dy"):  # which float32 holds exactly
        tensors[f"{name}/{key}"] = tensors[f"{name}/{key}"].float()


def add_table(tensors, draws, name, case):
    shapes = position_shapes(case)
    weights = {key: draws.normal(*shape) for key, shape in shapes.items()}
    tensors |= {f"{name}/positions.{key}": value for key, value in weights.items()}
    tensors[f"{name}/y"] = embedding_table(case, weights, case.place["max_length"])


def main():
    start()
    draws, tensors, listed = Draws(61), {}, {"attentions": {}, "tables": {}}
    for cases in (scorer_cases(), position_cases(), choice_cases()):
        for name, (attention, position, place) in cases:
            add_attention(tensors, draws, name, Case(attention, position, place))
            listed["attentions"][name] = {
                "attention": attention,
                "position": {"kind": "none"} | position,
                "place": PLACE | place,
            }
    for name, (position, place) in TABLES.items():
        add_table(tensors, draws, name, Case({}, position, place))
        listed["tables"][name] = {"position": position, "place": PLACE | place}
    save("attention_kinds", tensors, {"cases": json.dumps(listed)})


if __name__ == "__main__":
    main()
