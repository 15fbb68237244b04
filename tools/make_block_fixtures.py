"""Writes tests/data/torch/blocks.safetensors: what PyTorch computes for heed's kinds of blocks, and
for embeddings with segments and a norm; and stochastic_depth.safetensors: blocks of which some
examples skip sublayers.

    python tools/make_block_fixtures.py     # needs torch, numpy, safetensors

As torch_fixtures.py: float64, packed rows, case/input, case/d_input, case/y, case/dy. The
metadata holds each case's configuration with heed's keys.
"""

import functools
import json
import math

import torch
import torch.nn.functional as F

from torch_fixtures import (
    ACTIVATIONS, Draws, add_case, attend, key_mask, offsets_of, pack, pad, rounded, save,
)  # fmt: skip
from torch_layers import draw_weights

ACTIVATIONS = ACTIVATIONS | {"relu_squared": lambda x: F.relu(x) ** 2}
GATES = {
    "swiglu": F.silu,
    "geglu": F.gelu,
    "geglu_tanh": functools.partial(F.gelu, approximate="tanh"),
}
SMALL = {"d_model": 12, "heads": 4, "feed_forward_size": 10, "dropout": 0.0}
SOURCE, TARGET = [4, 7, 1], [5, 2, 3]

# Each as some family of models has it.
BLOCKS = {
    "rms_no_biases": {
        "norm": "pre", "norm_kind": "rms", "activation": "swiglu", "feed_forward_bias": False,
        "attention": {"biases": "none", "key_heads": 2},
    },
    "sandwich": {
        "norm": "sandwich", "norm_kind": "rms", "activation": "geglu_tanh",
        "feed_forward_bias": False,
        "attention": {"biases": "none", "key_size": 5, "value_size": 4},
    },
    "branch_norm": {"norm": "branch", "activation": "gelu"},
    "parallel": {"norm": "pre", "sublayers": "parallel", "activation": "gelu"},
    "parallel_one_norm": {
        "norm": "pre", "sublayers": "parallel_one_norm", "activation": "gelu_tanh",
        "attention": {"biases": "none"},
    },
    "layer_scale": {
        "norm": "pre", "layer_scale": 0.1, "activation": "gelu", "norm_bias": False,
    },
    "bare_norms": {
        "norm": "pre", "norm_kind": "rms", "norm_gain": False, "activation": "relu_squared",
        "attention": {"biases": "qkv"},
    },
    "post_rms": {"norm": "post", "norm_kind": "rms", "activation": "silu", "norm_epsilon": 1e-3},
    "post_bare": {
        "norm": "post", "norm_gain": False, "norm_bias": False, "activation": "relu_squared",
    },
}  # fmt: skip
WITH_MEMORY = {
    "memory_sandwich": BLOCKS["sandwich"],
    "memory_layer_scale": BLOCKS["layer_scale"],
}


def linear_names(name, out, size, bias):
    return {f"{name}.weight": (out, size)} | ({f"{name}.bias": (out,)} if bias else {})


def norm_names(config, name):
    size, kind = (config["d_model"],), config.get("norm_kind", "layer")
    names = {f"{name}.weight": size} if config.get("norm_gain", True) else {}
    if kind == "layer" and config.get("norm_bias", True):
        names[f"{name}.bias"] = size
    return names


def sublayer_names(config, name, own_norm=True):
    kind, names = config["norm"], {}
    if own_norm and kind != "branch":
        names |= norm_names(config, f"{name}_layer_norm")
    if kind in ("sandwich", "branch"):
        names |= norm_names(config, f"{name}_branch_norm")
    if "layer_scale" in config:
        names[f"{name}_layer_scale"] = (config["d_model"],)
    return names


def attention_sizes(config):
    attention, usual = config.get("attention", {}), config["d_model"] // config["heads"]
    key_heads = attention.get("key_heads", config["heads"])
    return key_heads, attention.get("key_size", usual), attention.get("value_size", usual)


def block_names(config, memory):
    size, inner, heads = config["d_model"], config["feed_forward_size"], config["heads"]
    key_heads, key_size, value_size = attention_sizes(config)
    biases = config.get("attention", {}).get("biases", "all")
    names = {}
    for attention in ("self_attn", "encoder_attn") if memory else ("self_attn",):
        widths = {"q": heads * key_size, "k": key_heads * key_size, "v": key_heads * value_size}
        for part, width in widths.items():
            names |= linear_names(f"{attention}.{part}_proj", width, size, biases != "none")
        names |= linear_names(
            f"{attention}.out_proj", size, heads * value_size, biases == "all"
        )
        names |= sublayer_names(config, attention)
    for part in ("fc1", "fc1_up") if config["activation"] in GATES else ("fc1",):
        names |= linear_names(part, inner, size, config.get("feed_forward_bias", True))
    names |= linear_names("fc2", size, inner, config.get("feed_forward_bias", True))
    own_norm = config.get("sublayers") != "parallel_one_norm"
    return names | sublayer_names(config, "final", own_norm)


def project(weights, name, x):
    return F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))


def norm(config, weights, name, x):
    size, gain = x.shape[-1:], weights.get(f"{name}.weight")
    epsilon = rounded(config.get("norm_epsilon", 1e-5))
    if config.get("norm_kind") == "rms":
        return F.rms_norm(x, size, gain, epsilon)
    return F.layer_norm(x, size, gain, weights.get(f"{name}.bias"), epsilon)


def enter(config, weights, name, x):
    before = config["norm"] in ("pre", "sandwich")
    return norm(config, weights, f"{name}_layer_norm", x) if before else x


def leave(config, weights, name, x, branch):
    if config["norm"] in ("sandwich", "branch"):
        branch = norm(config, weights, f"{name}_branch_norm", branch)
    if "factors" in config:
        branch = config["factors"][name] * branch
    y = x + weights.get(f"{name}_layer_scale", 1) * branch
    return norm(config, weights, f"{name}_layer_norm", y) if config["norm"] == "post" else y


def attention(config, weights, name, x, memory, mask):
    q, k, v = (
        project(weights, f"{name}.{part}_proj", y)
        for part, y in (("q", x), ("k", memory), ("v", memory))
    )
    key_heads = attention_sizes(config)[0]
    return project(
        weights, f"{name}.out_proj", attend(q, k, v, config["heads"], key_heads, mask)
    )


def feed_forward(config, weights, x):
    inner, kind = project(weights, "fc1", x), config["activation"]
    if kind in GATES:
        inner = GATES[kind](inner) * project(weights, "fc1_up", x)
    else:
        inner = ACTIVATIONS[kind](inner)
    return project(weights, "fc2", inner)


def block(config, weights, x, mask, memory=None, memory_mask=None):
    into, out = functools.partial(enter, config, weights), functools.partial(leave, config, weights)
    sublayers = config.get("sublayers", "sequential")
    entered = into("self_attn", x)
    y = out("self_attn", x, attention(config, weights, "self_attn", entered, entered, mask))
    if sublayers != "sequential":
        entered = entered if sublayers == "parallel_one_norm" else into("final", x)
        return out("final", y, feed_forward(config, weights, entered))
    if memory is not None:
        entered = into("encoder_attn", y)
        cross = attention(config, weights, "encoder_attn", entered, memory, memory_mask)
        y = out("encoder_attn", y, cross)
    return out("final", y, feed_forward(config, weights, into("final", y)))


def add_block(tensors, draws, name, config):
    def run(x, **weights):
        mask = key_mask(SOURCE, SOURCE, causal=True)
        return pack(block(config, weights, pad(x, SOURCE), mask), SOURCE)

    weights = draw_weights(draws, block_names(config, memory=False))
    x = draws.normal(sum(SOURCE), config["d_model"])
    add_case(tensors, draws, name, run, x=x, **weights)


def add_block_with_memory(tensors, draws, name, config):
    def run(x, memory, **weights):
        y = block(
            config, weights, pad(x, TARGET), key_mask(TARGET, TARGET, causal=True),
            pad(memory, SOURCE), key_mask(TARGET, SOURCE),
        )  # fmt: skip
        return pack(y, TARGET)

    weights = draw_weights(draws, block_names(config, memory=True))
    x, memory = (draws.normal(sum(lengths), config["d_model"]) for lengths in (TARGET, SOURCE))
    add_case(tensors, draws, name, run, x=x, memory=memory, **weights)


EMBEDDINGS = {
    "segments_norm": {
        "scale_embeddings": False, "embedding_norm": True, "position": {"kind": "learned"},
    },
    "segments": {"scale_embeddings": True, "position": {"kind": "learned"}},
    "norm": {
        "scale_embeddings": False, "embedding_norm": True, "norm_kind": "rms",
        "position": {"kind": "none"},
    },
}  # fmt: skip


def add_embeddings(tensors, draws, name, config):
    size, segments = config["d_model"], name.startswith("segments")
    ids, kinds = draws.ids(sum(SOURCE), 9), draws.ids(sum(SOURCE), 3)
    positions = torch.cat([torch.arange(length) for length in SOURCE])
    scale = rounded(math.sqrt(size)) if config["scale_embeddings"] else 1.0

    def run(**weights):
        x = scale * F.embedding(ids.long(), weights["table"])
        if "embed_positions.weight" in weights:
            x = x + F.embedding(positions, weights["embed_positions.weight"])
        if segments:
            x = x + F.embedding(kinds.long(), weights["embed_segments.weight"])
        if config.get("embedding_norm"):
            x = norm(config, weights, "layernorm_embedding", x)
        return x

    names = {"table": (9, size)}
    if config["position"]["kind"] == "learned":
        names["embed_positions.weight"] = (config["max_length"], size)
    if segments:
        names["embed_segments.weight"] = (3, size)
    if config.get("embedding_norm"):
        names |= norm_names(config, "layernorm_embedding")
    case = f"embeddings_{name}"
    add_case(tensors, draws, case, run, **draw_weights(draws, names))
    tensors[f"{case}.ids"] = ids
    tensors[f"{case}.segments"] = kinds


# Which sequences keep which sublayer.
KEPT = {"self_attn": [1, 0, 1], "encoder_attn": [0, 1, 1], "final": [1, 1, 0]}
DEPTH = {
    "pre": {"norm": "pre", "activation": "relu", "stochastic_depth": 0.25},
    "layer_scale": {
        "norm": "sandwich", "layer_scale": 0.1, "activation": "silu", "stochastic_depth": 0.5,
    },
}  # fmt: skip
DEPTH_WITH_MEMORY = {
    "memory_post": {"norm": "post", "activation": "gelu", "stochastic_depth": 0.125},
}


def make_depth():
    """A sublayer counts 1 / (share of the examples that keep it) for those, and nothing for the
    others, as in the mode "row" of torchvision's stochastic_depth."""
    draws, tensors, configs = Draws(23), {}, {}
    for kinds, add in ((DEPTH, add_block), (DEPTH_WITH_MEMORY, add_block_with_memory)):
        for name, kind in kinds.items():
            configs[name] = SMALL | kind
            factor = rounded(1 / (1 - kind["stochastic_depth"]))
            factors = {
                sublayer: factor * torch.tensor(kept).double()[:, None, None]
                for sublayer, kept in KEPT.items()
            }
            add(tensors, draws, name, configs[name] | {"factors": factors})
    for sublayer, kept in KEPT.items():
        tensors[f"kept.{sublayer}"] = torch.tensor(kept, dtype=torch.int32)
    tensors["source_offsets"] = offsets_of(SOURCE)
    tensors["target_offsets"] = offsets_of(TARGET)
    save("stochastic_depth", tensors, {"configs": json.dumps(configs)})


def make_blocks():
    draws, tensors, configs = Draws(21), {}, {}
    for kinds, add in ((BLOCKS, add_block), (WITH_MEMORY, add_block_with_memory)):
        for name, kind in kinds.items():
            configs[name] = SMALL | kind
            add(tensors, draws, name, configs[name])
    for name, kind in EMBEDDINGS.items():
        configs[f"embeddings_{name}"] = SMALL | {"max_length": 8} | kind
        add_embeddings(tensors, draws, name, configs[f"embeddings_{name}"])
    tensors["source_offsets"] = offsets_of(SOURCE)
    tensors["target_offsets"] = offsets_of(TARGET)
    save("blocks", tensors, {"configs": json.dumps(configs)})


if __name__ == "__main__":
    make_blocks()
    make_depth()
