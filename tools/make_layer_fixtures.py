"""Writes tests/data/torch/layers.safetensors: layers of an encoder and of a decoder, by PyTorch.

    python tools/make_layer_fixtures.py     # needs torch, numpy, safetensors

As torch_fixtures.py says.
"""

from torch_fixtures import Draws, add_case, key_mask, offsets_of, pack, pad, save, start
from torch_layers import draw_weights, layer, layer_names


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


if __name__ == "__main__":
    start()
    make_layers()
