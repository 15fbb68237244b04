"""Writes tests/data/torch/attention_kinds.safetensors: attention and positions in PyTorch as
docs/ATTENTION_KINDS.md and docs/POSITIONS.md define them, step by step and letter by letter.

    python tools/make_attention_kind_fixtures.py     # needs torch, numpy, safetensors

The metadata lists the cases: heed's keys of model.attention and model.position and where the
attention stands. A case is a whole attention, from what a sublayer reads (x, and memory for
cross-attention) to what it gives; a table is what a scheme adds to embeddings. Tensors have heed's
names. Names and numbers otherwise as in torch_fixtures.py.
"""

import json

from torch_attentions import PLACE, Case, attention_shapes, forward
from torch_fixtures import Draws, add_case, save, start
from torch_positions import embedding_table, position_shapes

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
