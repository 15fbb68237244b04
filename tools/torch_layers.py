"""The layers of a Transformer in PyTorch, over dictionaries of weights with Marian's names: for
make_layer_fixtures.py and make_model_fixtures.py. A configuration has heed's keys.
"""

import functools
import math

import numpy
import torch
import torch.nn.functional as F

from torch_fixtures import ACTIVATIONS, GATES, attend, rounded

# `weights` maps names to tensors, `prefix` names the layer.


def linear_names(name, out, size):
    return {f"{name}.weight": (out, size), f"{name}.bias": (out,)}


def layer_names(config, prefix, cross):
    size, inner = config["d_model"], config["feed_forward_size"]
    names = {}
    for attention in ("self_attn", "encoder_attn") if cross else ("self_attn",):
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            names |= linear_names(f"{prefix}{attention}.{part}", size, size)
        names |= norm_names(f"{prefix}{attention}_layer_norm", size)
    for part in ("fc1", "fc1_up") if config["activation"] in GATES else ("fc1",):
        names |= linear_names(f"{prefix}{part}", inner, size)
    names |= linear_names(f"{prefix}fc2", size, inner)
    return names | norm_names(f"{prefix}final_layer_norm", size)


def norm_names(name, size):
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def draw_weights(draws, names):
    weights = {}
    for name, shape in names.items():
        scale = 0.1 if name.endswith("bias") or len(shape) == 1 else 1 / math.sqrt(shape[1])
        weights[name] = draws.normal(*shape, scale=scale)
        if name.endswith("norm.weight"):
            weights[name] = (1 + weights[name]).float().double()
    return weights


def project(weights, name, x):
    return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def norm(config, weights, name, x):
    gain, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return F.layer_norm(x, gain.shape, gain, bias, rounded(config.get("norm_epsilon", 1e-5)))


def sublayer(config, weights, norm_name, x, function):
    if config["norm"] == "pre":
        return x + function(norm(config, weights, norm_name, x))
    return norm(config, weights, norm_name, x + function(x))


def attention_layer(config, weights, name, x, memory, mask, values=None):
    q = project(weights, f"{name}.q_proj", x)
    k = project(weights, f"{name}.k_proj", memory)
    v = project(weights, f"{name}.v_proj", memory)
    if values is not None:  # of embeddings
        v = weights[f"{name}.own_value_share"] * v + weights[f"{name}.embedded_value_share"] * values
    heads = config["heads"]
    return project(weights, f"{name}.out_proj", attend(q, k, v, heads, heads, mask))


def feed_forward(config, weights, prefix, x):
    inner = project(weights, f"{prefix}fc1", x)
    if config["activation"] in GATES:
        inner = GATES[config["activation"]](inner) * project(weights, f"{prefix}fc1_up", x)
    else:
        inner = ACTIVATIONS[config["activation"]](inner)
    return project(weights, f"{prefix}fc2", inner)


def layer(config, weights, prefix, x, mask, memory=None, memory_mask=None, values=None):
    """An encoder layer, or with a memory a decoder layer."""
    connect = functools.partial(sublayer, config, weights)
    name = f"{prefix}self_attn"
    x = connect(
        f"{name}_layer_norm",
        x,
        lambda y: attention_layer(config, weights, name, y, y, mask, values),
    )
    if memory is not None:
        cross = f"{prefix}encoder_attn"
        x = connect(
            f"{cross}_layer_norm",
            x,
            lambda y: attention_layer(config, weights, cross, y, memory, memory_mask),
        )
    return connect(
        f"{prefix}final_layer_norm", x, lambda y: feed_forward(config, weights, prefix, y)
    )


def sinusoids(length, size, layout):
    half = (size + 1) // 2
    frequency = 10000.0 ** (-2.0 * numpy.arange(half) / size)
    angle = numpy.arange(length)[:, None] * frequency
    if layout == "interleaved":
        table = numpy.stack([numpy.sin(angle), numpy.cos(angle)], -1).reshape(length, -1)
    else:
        table = numpy.concatenate([numpy.sin(angle), numpy.cos(angle)], -1)
    return torch.from_numpy(table[:, :size].copy())
