"""Writes tests/data/torch/translator_*.safetensors and language_model_*.safetensors: whole models
as PyTorch computes and trains them.

    python tools/make_model_fixtures.py     # needs torch, numpy, safetensors

As torch_fixtures.py says.
"""

import json
import re
from unittest import mock

import torch
import torch.nn.functional as F

from torch_fixtures import Draws, key_mask, offsets_of, pack, pad, rounded, save, start
from torch_layers import draw_weights, layer, layer_names, norm, norm_names, sinusoids


# The translator. A configuration has heed's keys.

RATE = 1e-3
ADAM = {"kind": "adam", "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-9, "weight_decay": 0.01}
ADAMW = {"kind": "adamw", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1}
# A momentum that a float holds exactly: small singular values are enlarged a hundredfold.
MUON = ADAMW | {"kind": "muon", "momentum": 0.9375, "matrix_rate": 10, "matrix_decay": 0.5}
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
        [ADAMW, MUON],
    )  # fmt: skip
    make(
        "post_swiglu",
        SMALL | ONE
        | {"d_model": 16, "heads": 4, "activation": "swiglu", "norm": "post",
           "tie_embeddings": "all", "norm_epsilon": 1e-3},
        {"source_size": 24, "target_size": 24, "padding_id": 5},
        [ADAM, MUON],
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


def optimizers_of(model, config):
    linear = re.compile(r"(_proj|\.fc1|\.fc1_up|\.fc2|lm_head)\.weight$")
    matrices, decayed, rest = [], [], []
    for name, weight in model.weights.items():
        hidden = config["kind"] == "muon" and bool(linear.search(name)) and "lm_head" not in name
        (matrices if hidden else decayed if linear.search(name) else rest).append(weight)
    groups = [
        {"params": decayed, "weight_decay": config["weight_decay"]},
        {"params": rest, "weight_decay": 0.0},
    ]
    kind = torch.optim.Adam if config["kind"] == "adam" else torch.optim.AdamW
    betas = (config["beta1"], config["beta2"])
    result = [kind([g for g in groups if g["params"]], lr=RATE, betas=betas, eps=config["epsilon"])]
    if matrices:
        result.append(
            torch.optim.Muon(
                matrices,
                lr=config["matrix_rate"] * RATE,
                weight_decay=config["matrix_decay"],
                momentum=config["momentum"],
                ns_coefficients=(rounded(3.4445), rounded(-4.7750), rounded(2.0315)),
            )
        )
    return result


def train(model, batches, config):
    """Ten steps; returns the losses and the gradients' norms before clipping."""
    optimizers = optimizers_of(model, config)
    losses, norms = [], []
    for step in range(10):
        batch = batches[step % len(batches)]
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = model.loss(model.forward(batch)[1], batch)
        loss.backward()
        for name in model.padded_tables():  # padding rows stay zero
            model.weights[name].grad[model.vocabulary["padding_id"]] = 0
        norms.append(torch.nn.utils.clip_grad_norm_(list(model.weights.values()), 1.0))
        losses.append(loss)
        for optimizer in optimizers:
            # Muon rounds to bfloat16 before it multiplies; here it does not.
            with mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
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

SHARES = ("own", "embedded")


class TorchLanguageModel:
    def __init__(self, draws, config, size):
        self.config, self.tied = config, config["tie_embeddings"] != "none"
        self.learned = config["position"]["kind"] == "learned"
        self.table = sinusoids(config["max_length"], config["d_model"], "halves")
        width = config["d_model"]
        names = {"model.decoder.embed_tokens.weight": (size, width)}
        if self.learned:
            names["model.decoder.embed_positions.weight"] = (config["max_length"], width)
        self.layers, self.tables = config["layers"], config.get("value_embeddings", 0)
        self.skips = self.layers // 2 if config.get("skips") else 0
        for i in range(self.tables):
            names[f"model.decoder.value_embeddings.{i}.weight"] = (size, width)
        for i in range(self.skips):
            names[f"model.decoder.skips.{i}"] = (1,)
        for i in range(self.layers):
            prefix = f"model.decoder.layers.{i}."
            names |= layer_names(config, prefix, cross=False)
            if self.table_of(i) is not None:
                names |= {f"{prefix}self_attn.{share}_value_share": (1,) for share in SHARES}
        if config["norm"] == "pre":
            names |= norm_names("model.decoder.layer_norm", width)
        if not self.tied:
            names["lm_head.weight"] = (size, width)
        self.weights = draw_weights(draws, names | {"lm_head.bias": (size,)})
        for weight in self.weights.values():
            weight.requires_grad_()

    def table_of(self, layer):
        from_last = layer - (self.layers - self.tables)
        return layer if layer < self.tables else from_last if 0 <= from_last < self.tables else None

    def values(self, ids, layer):
        table = self.table_of(layer)
        if table is None:
            return None
        return F.embedding(ids.long(), self.weights[f"model.decoder.value_embeddings.{table}.weight"])

    def forward(self, ids, lengths):
        config, weights = self.config, self.weights
        x = F.embedding(ids.long(), weights["model.decoder.embed_tokens.weight"])
        x = x * rounded(config["d_model"] ** 0.5)
        positions = weights["model.decoder.embed_positions.weight"] if self.learned else self.table
        x = x + positions[: ids.shape[1]]
        mask = key_mask(lengths, lengths, causal=True)
        given = []
        for i in range(self.layers):
            if (mirror := self.layers - 1 - i) < self.skips and i > mirror:
                x = x + weights[f"model.decoder.skips.{mirror}"] * given[mirror]
            prefix = f"model.decoder.layers.{i}."
            x = layer(config, weights, prefix, x, mask, values=self.values(ids, i))
            given.append(x)
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


    make_language_model(
        "values_and_skips",
        SMALL
        | {"layers": 5, "d_model": 8, "heads": 2, "activation": "silu", "norm": "pre",
           "tie_embeddings": "none", "position": {"kind": "learned"}, "value_embeddings": 2,
           "skips": True},
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
    start()
    make_translators()
    make_language_models()
