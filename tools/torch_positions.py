"""Position schemes in PyTorch as docs/POSITIONS.md defines them, letter by letter. `case` is a Case of
torch_attentions.py."""

import math

import torch

# Parameters: name → shape.


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
