"""Writes tests/data/torch: what PyTorch computes for heed's ops, layers and models.

    python tools/make_torch_fixtures.py     # needs torch, numpy, safetensors

Everything is computed in float64. Inputs and weights are numbers that float32 holds exactly, and so
are the constants that heed's kernels take as float32 (see `rounded`). Sentences are padded here and
masked, while heed packs them; the files hold packed rows. Names: case/input, case/d_input (its
gradient), case/y, case/dy.
"""

import functools
import json
import math
import pathlib
import re

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "torch"
ACTIVATIONS = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": functools.partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
}
GATES = {"swiglu": F.silu, "geglu": F.gelu}


def rounded(value):
    return float(numpy.float32(value))


class Draws:
    """Normal numbers that float32 holds exactly."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        return (torch.randn(*shape, generator=self.generator) * scale).float().double()

    def ids(self, count, below):
        return torch.randint(below, (count,), generator=self.generator, dtype=torch.int32)


def save(name, tensors, metadata=None):
    FOLDER.mkdir(parents=True, exist_ok=True)
    contiguous = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    path = FOLDER / f"{name}.safetensors"
    save_file(contiguous, path, metadata)
    path.chmod(0o644)


def add_case(tensors, draws, case, function, dy=None, **inputs):
    """Runs function(**inputs) and its backward pass with a random gradient of the output."""
    leaves = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    y = function(**leaves)
    dy = draws.normal(*y.shape) if dy is None else dy
    y.backward(dy)
    tensors[f"{case}/y"] = y
    tensors[f"{case}/dy"] = dy
    for key, leaf in leaves.items():
        tensors[f"{case}/{key}"] = leaf
        tensors[f"{case}/d_{key}"] = leaf.grad


# Packed rows and padded batches.


def pad(packed, lengths, value=3.0):
    return torch.nn.utils.rnn.pad_sequence(
        packed.split(lengths), batch_first=True, padding_value=value
    )


def pack(padded, lengths):
    return torch.cat([padded[i, :length] for i, length in enumerate(lengths)])


def offsets_of(lengths):
    return torch.tensor([0, *numpy.cumsum(lengths)], dtype=torch.int32)


def key_mask(query_lengths, key_lengths, causal=False):
    """[sequences, 1, queries, keys]: true where a query sees a key; the last query sees all."""
    queries = torch.arange(max(query_lengths))[None, :, None]
    keys = torch.arange(max(key_lengths))[None, None, :]
    query_count = torch.tensor(query_lengths)[:, None, None]
    key_count = torch.tensor(key_lengths)[:, None, None]
    seen = (keys < key_count).expand(-1, max(query_lengths), -1)
    if causal:
        # Rows of padding see key 0, or their softmax would have nothing to sum.
        seen = seen & ((keys <= queries + key_count - query_count) | (queries >= query_count))
    return seen[:, None]


def attend(q, k, v, heads, key_heads, mask):
    """q: [sequences, queries, heads · size]; k, v likewise with key_heads."""
    q, k, v = (
        x.unflatten(-1, (count, -1)).transpose(1, 2)
        for x, count in ((q, heads), (k, key_heads), (v, key_heads))
    )
    y = F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, scale=rounded(q.shape[-1] ** -0.5), enable_gqa=heads != key_heads
    )
    return y.transpose(1, 2).flatten(2)


# Ops.


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


def make_rows():
    """Row ops, and what is new beside make_ops(): a file of its own, so that the other stays."""
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


def add_mapped_cross_entropy(tensors, draws, case, scale, cap):
    targets = draws.ids(9, 13)
    tensors[f"{case}/targets"] = targets
    tensors[f"{case}/scale"] = torch.tensor([scale, cap], dtype=torch.float64)

    def mapped(x, weight, bias):
        logits = scale * F.linear(x, weight, bias)
        return cap * torch.tanh(logits / cap) if cap > 0 else logits

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


def gated(function, x):
    gate, up = x.chunk(2, -1)
    return function(gate) * up


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


# Layers. `weights` maps Marian's names to tensors, `prefix` names the layer.


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


def attention_layer(config, weights, name, x, memory, mask):
    q = project(weights, f"{name}.q_proj", x)
    k = project(weights, f"{name}.k_proj", memory)
    v = project(weights, f"{name}.v_proj", memory)
    heads = config["heads"]
    return project(weights, f"{name}.out_proj", attend(q, k, v, heads, heads, mask))


def feed_forward(config, weights, prefix, x):
    inner = project(weights, f"{prefix}fc1", x)
    if config["activation"] in GATES:
        inner = GATES[config["activation"]](inner) * project(weights, f"{prefix}fc1_up", x)
    else:
        inner = ACTIVATIONS[config["activation"]](inner)
    return project(weights, f"{prefix}fc2", inner)


def layer(config, weights, prefix, x, mask, memory=None, memory_mask=None):
    """An encoder layer, or with a memory a decoder layer."""
    connect = functools.partial(sublayer, config, weights)
    name = f"{prefix}self_attn"
    x = connect(
        f"{name}_layer_norm", x, lambda y: attention_layer(config, weights, name, y, y, mask)
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


def make_layers():
    draws = Draws(2)
    tensors = {}
    for kind, activation in (("post", "relu"), ("pre", "geglu")):
        config = {
            "d_model": 12,
            "feed_forward_size": 20,
            "heads": 2,
            "activation": activation,
            "norm": kind,
        }
        add_layers(tensors, draws, f"{kind}_{activation}", config)
    tensors["source_offsets"] = offsets_of([4, 7, 1])
    tensors["target_offsets"] = offsets_of([5, 2, 3])
    save("layers", tensors)


def add_layers(tensors, draws, name, config):
    source, target = [4, 7, 1], [5, 2, 3]
    source_mask = key_mask(source, source)
    target_mask = key_mask(target, target, causal=True)

    def encoder_layer(x, **weights):
        return pack(layer(config, weights, "", pad(x, source), source_mask), source)

    def decoder_layer(x, memory, **weights):
        y = layer(
            config, weights, "", pad(x, target), target_mask,
            pad(memory, source), key_mask(target, source),
        )  # fmt: skip
        return pack(y, target)

    size = config["d_model"]
    x, memory = draws.normal(sum(target), size), draws.normal(sum(source), size)
    weights = draw_weights(draws, layer_names(config, "", cross=False))
    add_case(tensors, draws, f"encoder_{name}", encoder_layer, x=memory, **weights)
    weights = draw_weights(draws, layer_names(config, "", cross=True))
    add_case(tensors, draws, f"decoder_{name}", decoder_layer, x=x, memory=memory, **weights)


# The translator. A configuration has heed's keys.

ADAM = {"kind": "adam", "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-9, "weight_decay": 0.01}
ADAMW = {"kind": "adamw", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1}
SMALL = {"feed_forward_size": 24, "max_length": 9, "dropout": 0.0}
ONE = {"encoder_layers": 1, "decoder_layers": 1}
TWO = {"encoder_layers": 2, "decoder_layers": 2}


def make_translators():
    make = make_translator
    make(
        "post_relu_tied_all",
        SMALL | TWO
        | {"d_model": 16, "heads": 2, "activation": "relu", "norm": "post",
           "tie_embeddings": "all"},
        {"source_size": 24, "target_size": 24, "padding_id": 23},
        [ADAM, ADAMW],
    )  # fmt: skip
    make(
        "pre_gelu_tied_none",
        SMALL | TWO
        | {"d_model": 12, "heads": 3, "activation": "gelu", "norm": "pre",
           "tie_embeddings": "none"},
        {"source_size": 24, "target_size": 19, "padding_id": 0},
        [ADAMW],
    )  # fmt: skip
    make(
        "post_swiglu",
        SMALL | ONE
        | {"d_model": 16, "heads": 4, "activation": "swiglu", "norm": "post",
           "tie_embeddings": "all", "norm_epsilon": 1e-3},
        {"source_size": 24, "target_size": 24, "padding_id": 5},
        [ADAM],
    )  # fmt: skip
    make(
        "learned_positions",
        SMALL
        | {"encoder_layers": 1, "decoder_layers": 2, "d_model": 16, "heads": 2,
           "activation": "gelu_tanh", "norm": "pre", "tie_embeddings": "output",
           "position": {"kind": "learned"}},
        {"source_size": 18, "target_size": 24, "padding_id": 1},
        [ADAM],
    )  # fmt: skip
    make(
        "interleaved_odd",
        SMALL | ONE
        | {"d_model": 15, "heads": 3, "activation": "geglu", "norm": "pre",
           "tie_embeddings": "all", "scale_embeddings": False,
           "position": {"kind": "sinusoidal", "layout": "interleaved"}},
        {"source_size": 24, "target_size": 24, "padding_id": 23},
        [ADAMW],
    )  # fmt: skip
    make(
        "post_silu_tied_output",
        SMALL | ONE
        | {"d_model": 15, "heads": 3, "activation": "silu", "norm": "post",
           "tie_embeddings": "output"},
        {"source_size": 24, "target_size": 17, "padding_id": 16},
        [ADAM],
    )  # fmt: skip


def sinusoids(length, size, layout):
    half = (size + 1) // 2
    frequency = 10000.0 ** (-2.0 * numpy.arange(half) / size)
    angle = numpy.arange(length)[:, None] * frequency
    if layout == "interleaved":
        table = numpy.stack([numpy.sin(angle), numpy.cos(angle)], -1).reshape(length, -1)
    else:
        table = numpy.concatenate([numpy.sin(angle), numpy.cos(angle)], -1)
    return torch.from_numpy(table[:, :size].copy())


class TorchTranslator:
    """The Marian forward pass over a dictionary of weights."""

    def __init__(self, draws, config, vocabulary):
        self.config, self.vocabulary = config, vocabulary
        self.pre = config["norm"] == "pre"
        position = config.get("position", {"kind": "sinusoidal"})
        self.learned = position["kind"] == "learned"
        self.table = sinusoids(
            config["max_length"], config["d_model"], position.get("layout", "halves")
        )
        self.weights = draw_weights(draws, self.names())
        for name in self.padded_tables():
            self.weights[name][vocabulary["padding_id"]] = 0
        for weight in self.weights.values():
            weight.requires_grad_()
        tie = config["tie_embeddings"]
        shared = "model.shared.weight"
        self.source_table = shared if tie == "all" else "model.encoder.embed_tokens.weight"
        self.target_table = shared if tie == "all" else "model.decoder.embed_tokens.weight"
        self.output = "lm_head.weight" if tie == "none" else self.target_table

    def names(self):
        config, size = self.config, self.config["d_model"]
        source, target = self.vocabulary["source_size"], self.vocabulary["target_size"]
        if config["tie_embeddings"] == "all":
            names = {"model.shared.weight": (source, size)}
        else:
            names = {
                "model.encoder.embed_tokens.weight": (source, size),
                "model.decoder.embed_tokens.weight": (target, size),
            }
        for side, cross in (("encoder", False), ("decoder", True)):
            if self.learned:
                names[f"model.{side}.embed_positions.weight"] = (config["max_length"], size)
            for i in range(config[f"{side}_layers"]):
                names |= layer_names(config, f"model.{side}.layers.{i}.", cross)
            if self.pre:
                names |= norm_names(f"model.{side}.layer_norm", size)
        if config["tie_embeddings"] == "none":
            names["lm_head.weight"] = (target, size)
        return names | {"final_logits_bias": (1, target)}

    def padded_tables(self):
        return [name for name in self.weights if "embed_tokens" in name or "shared" in name]

    def embed(self, side, ids):
        scale = self.config["d_model"] ** 0.5 if self.config.get("scale_embeddings", True) else 1.0
        table = self.weights[self.source_table if side == "encoder" else self.target_table]
        x = F.embedding(ids.long(), table, padding_idx=self.vocabulary["padding_id"])
        positions = (
            self.weights[f"model.{side}.embed_positions.weight"] if self.learned else self.table
        )
        return x * rounded(scale) + positions[: ids.shape[1]]

    def stack(self, side, x, *masks_and_memory):
        for i in range(self.config[f"{side}_layers"]):
            x = layer(self.config, self.weights, f"model.{side}.layers.{i}.", x, *masks_and_memory)
        if self.pre:
            x = norm(self.config, self.weights, f"model.{side}.layer_norm", x)
        return x

    def forward(self, batch):
        """Returns encoder output and logits, both padded."""
        source, target = batch["source_lengths"], batch["target_lengths"]
        memory = self.stack(
            "encoder", self.embed("encoder", batch["source"]), key_mask(source, source)
        )
        decoded = self.stack(
            "decoder",
            self.embed("decoder", batch["inputs"]),
            key_mask(target, target, causal=True),
            memory,
            key_mask(target, source),
        )
        logits = F.linear(decoded, self.weights[self.output]) + self.weights["final_logits_bias"]
        return memory, logits

    def loss(self, logits, batch):
        total = F.cross_entropy(
            logits.flatten(0, 1),
            batch["outputs"].long().flatten(),
            ignore_index=self.vocabulary["padding_id"],
            label_smoothing=rounded(0.1),
            reduction="sum",
        )
        return total * rounded(1 / sum(batch["target_lengths"]))


def draw_batch(draws, vocabulary, source_lengths, target_lengths):
    """Right-padded ids; no sentence holds the padding id, which starts every target."""
    padding = vocabulary["padding_id"]

    def sentences(lengths, below):
        ids = draws.ids(sum(lengths), below - 1)
        ids += (ids >= padding).int()
        return pad(ids, lengths, padding)

    outputs = sentences(target_lengths, vocabulary["target_size"])
    inputs = torch.cat([torch.full_like(outputs[:, :1], padding), outputs[:, :-1]], 1)
    return {
        "source": sentences(source_lengths, vocabulary["source_size"]),
        "inputs": inputs,
        "outputs": outputs,
        "source_lengths": source_lengths,
        "target_lengths": target_lengths,
    }


def train(model, batches, config):
    """Ten steps; returns the losses and the gradients' norms before clipping."""
    linear = re.compile(r"(_proj|\.fc1|\.fc1_up|\.fc2|lm_head)\.weight$")
    groups = [
        {
            "params": [
                weight
                for name, weight in model.weights.items()
                if bool(linear.search(name)) == decay
            ],
            "weight_decay": config["weight_decay"] if decay else 0.0,
        }
        for decay in (True, False)
    ]
    kind = torch.optim.Adam if config["kind"] == "adam" else torch.optim.AdamW
    betas = (config["beta1"], config["beta2"])
    optimizer = kind(groups, lr=1e-3, betas=betas, eps=config["epsilon"])
    losses, norms = [], []
    for step in range(10):
        batch = batches[step % len(batches)]
        optimizer.zero_grad()
        loss = model.loss(model.forward(batch)[1], batch)
        loss.backward()
        for name in model.padded_tables():  # padding rows stay zero
            model.weights[name].grad[model.vocabulary["padding_id"]] = 0
        norms.append(torch.nn.utils.clip_grad_norm_(list(model.weights.values()), 1.0))
        losses.append(loss)
        optimizer.step()
    return torch.stack(losses), torch.stack(norms)


def make_translator(name, config, vocabulary, optimizers):
    draws = Draws(sum(map(ord, name)))
    model = TorchTranslator(draws, config, vocabulary)
    batches = [
        draw_batch(draws, vocabulary, [4, 9, 1], [5, 3, 8]),
        draw_batch(draws, vocabulary, [6, 2], [2, 9]),
    ]
    initial = {key: weight.detach().clone() for key, weight in model.weights.items()}
    tensors = {f"weights/{key}": weight.float() for key, weight in initial.items()}
    for i, batch in enumerate(batches):
        memory, logits = model.forward(batch)
        source, target = batch["source_lengths"], batch["target_lengths"]
        tensors[f"batch{i}/source_ids"] = pack(batch["source"], source)
        tensors[f"batch{i}/target_inputs"] = pack(batch["inputs"], target)
        tensors[f"batch{i}/target_outputs"] = pack(batch["outputs"], target)
        tensors[f"batch{i}/source_offsets"] = offsets_of(source)
        tensors[f"batch{i}/target_offsets"] = offsets_of(target)
        tensors[f"batch{i}/encoder"] = pack(memory, source)
        tensors[f"batch{i}/logits"] = pack(logits, target)
        loss = model.loss(logits, batch)
        tensors[f"batch{i}/loss"] = loss.reshape(1)
        loss.backward()  # over both batches
    for key, weight in model.weights.items():
        tensors[f"gradients/{key}"] = weight.grad
    for optimizer in optimizers:
        with torch.no_grad():
            for key, weight in model.weights.items():
                weight.copy_(initial[key])
        kind = optimizer["kind"]
        tensors[f"{kind}/losses"], tensors[f"{kind}/norms"] = train(model, batches, optimizer)
        assert tensors[f"{kind}/norms"].max() > 1, "no step clips"
        for key, weight in model.weights.items():
            tensors[f"{kind}/weights/{key}"] = weight.detach().clone()
    case = {"config": config, "vocabulary": vocabulary, "optimizers": optimizers}
    # One key only: the order of several changes from run to run.
    save(f"translator_{name}", tensors, {"case": json.dumps(case)})


# The language model: layers without cross-attention, under a causal mask.


class TorchLanguageModel:
    def __init__(self, draws, config, size):
        self.config, self.tied = config, config["tie_embeddings"] != "none"
        self.learned = config["position"]["kind"] == "learned"
        self.table = sinusoids(config["max_length"], config["d_model"], "halves")
        width = config["d_model"]
        names = {"model.decoder.embed_tokens.weight": (size, width)}
        if self.learned:
            names["model.decoder.embed_positions.weight"] = (config["max_length"], width)
        for i in range(config["layers"]):
            names |= layer_names(config, f"model.decoder.layers.{i}.", cross=False)
        if config["norm"] == "pre":
            names |= norm_names("model.decoder.layer_norm", width)
        if not self.tied:
            names["lm_head.weight"] = (size, width)
        self.weights = draw_weights(draws, names | {"lm_head.bias": (size,)})
        for weight in self.weights.values():
            weight.requires_grad_()

    def forward(self, ids, lengths):
        config, weights = self.config, self.weights
        x = F.embedding(ids.long(), weights["model.decoder.embed_tokens.weight"])
        x = x * rounded(config["d_model"] ** 0.5)
        positions = weights["model.decoder.embed_positions.weight"] if self.learned else self.table
        x = x + positions[: ids.shape[1]]
        mask = key_mask(lengths, lengths, causal=True)
        for i in range(config["layers"]):
            x = layer(config, weights, f"model.decoder.layers.{i}.", x, mask)
        if config["norm"] == "pre":
            x = norm(config, weights, "model.decoder.layer_norm", x)
        output = "model.decoder.embed_tokens.weight" if self.tied else "lm_head.weight"
        return F.linear(x, weights[output], weights["lm_head.bias"])


def make_language_models():
    make_language_model(
        "pre_gelu_tied",
        SMALL
        | {"layers": 2, "d_model": 12, "heads": 3, "activation": "gelu", "norm": "pre",
           "tie_embeddings": "output", "position": {"kind": "learned"}},
    )  # fmt: skip
    make_language_model(
        "post_relu_untied",
        SMALL
        | {"layers": 1, "d_model": 16, "heads": 2, "activation": "relu", "norm": "post",
           "tie_embeddings": "none", "position": {"kind": "sinusoidal"}},
    )  # fmt: skip


def make_language_model(name, config):
    draws, size, lengths = Draws(sum(map(ord, name))), 17, [5, 9, 1]
    model = TorchLanguageModel(draws, config, size)
    tensors = {f"weights/{key}": weight.detach().float() for key, weight in model.weights.items()}
    inputs, outputs = draws.ids(sum(lengths), size), draws.ids(sum(lengths), size)
    logits = pack(model.forward(pad(inputs, lengths, 0), lengths), lengths)
    loss = F.cross_entropy(logits, outputs.long(), label_smoothing=rounded(0.1), reduction="sum")
    loss = loss * rounded(1 / sum(lengths))
    loss.backward()
    tensors |= {"inputs": inputs, "outputs": outputs, "offsets": offsets_of(lengths)}
    tensors |= {"logits": logits, "loss": loss.reshape(1)}
    for key, weight in model.weights.items():
        tensors[f"gradients/{key}"] = weight.grad
    case = {"config": config, "vocabulary_size": size}
    save(f"language_model_{name}", tensors, {"case": json.dumps(case)})


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    make_ops()
    make_rows()
    make_layers()
    make_translators()
    make_language_models()
