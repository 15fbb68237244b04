"""Writes tests/data/torch/positions.safetensors: position schemes as others compute them.

    python tools/make_position_fixtures.py     # needs torch, numpy, transformers, safetensors

Rotary frequencies, T5's buckets, ALiBi's slopes, the windows of Swin and Swin V2 and the sinusoids
of a grid come from the functions of Transformers. Whole attentions are written down from the papers
in PyTorch, with a tensor for every pair of positions, in float64. Inputs are numbers that float32
holds exactly. Names: case/q … case/out, case/dout, case/dq …; parameters by heed's names.
"""

import math
import pathlib
import unittest.mock

import numpy
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, Swinv2Config
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.gptj import modeling_gptj
from transformers.models.llama import modeling_llama
from transformers.models.swin.modeling_swin import SwinRelativePositionBias
from transformers.models.swinv2.modeling_swinv2 import Swinv2SelfAttention
from transformers.models.t5.modeling_t5 import T5Attention
from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

FILE = (
    pathlib.Path(__file__).resolve().parent.parent
    / "tests"
    / "data"
    / "torch"
    / "positions.safetensors"
)
HEADS, KEY_HEADS, SIZE, LAYERS = 4, 2, 6, 2
LENGTHS = (9, 5)
SCALE = float(numpy.float32(1 / math.sqrt(SIZE)))  # as heed's kernels take it
generator = torch.Generator().manual_seed(20)
tensors = {}


def normal(*shape):
    return torch.randn(*shape, generator=generator).float().double()


# Formulas.


def rope(case, kind, size, base, length, partial=1.0, seq_len=None, **parameters):
    config = LlamaConfig(
        hidden_size=size,
        num_attention_heads=1,
        head_dim=size,
        max_position_embeddings=length,
        rope_parameters={
            "rope_type": kind,
            "rope_theta": base,
            "partial_rotary_factor": partial,
            **parameters,
        },
    )
    frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=seq_len)
    tensors[f"rope/{case}/frequencies"] = frequencies.double()
    tensors[f"rope/{case}/factor"] = torch.tensor([factor], dtype=torch.float64)


def formulas():
    rope("linear", "linear", 64, 10000.0, 512, factor=4.0)
    # Their factor grows with the sequence; this one is heed's scaling_factor of 4.
    rope("ntk", "dynamic", 64, 10000.0, 512, seq_len=2048, factor=1.0)
    yarn = {"original_max_position_embeddings": 2048, "factor": 8.0}
    rope("yarn", "yarn", 128, 10000.0, 16384, **yarn)
    short = {"original_max_position_embeddings": 40, "factor": 4.0, "attention_factor": 1.5}
    rope("yarn_short", "yarn", 64, 10000.0, 160, beta_fast=6.0, beta_slow=0.5, **short)
    llama3 = {"original_max_position_embeddings": 8192, "factor": 8.0}
    llama3 |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope("llama3", "llama3", 128, 500000.0, 131072, **llama3)
    rope("partial", "linear", 64, 10000.0, 512, partial=0.25, factor=1.0)

    distances = torch.arange(-300, 301)
    for case, both, buckets, longest in (
        ("two_sided", True, 32, 128),
        ("one_sided", False, 32, 128),
        ("few", True, 8, 20),
        ("odd", False, 7, 50),
    ):
        tensors[f"t5_buckets/{case}"] = T5Attention._relative_position_bucket(
            distances, both, buckets, longest
        ).int()

    for heads in (1, 2, 3, 6, 8, 12, 16, 20):
        biases = build_alibi_tensor(torch.ones(1, 3), heads, torch.float32)
        tensors[f"alibi_slopes/{heads}"] = biases[:, 0, 1].double()

    grid = build_2d_sinusoidal_position_embedding(4, 7, 12, cls_token=False, dtype=torch.float64)
    tensors["sinusoidal2d"] = grid.reshape(28, 12).double()


def windows():
    swin = SwinRelativePositionBias(HEADS, (3, 3)).double()
    table = normal(25, HEADS)
    swin.relative_position_bias_table.data.copy_(table)
    bias = swin()[0]
    dbias = normal(*bias.shape)
    bias.backward(dbias)
    tensors["swin/table"] = table
    tensors["swin/bias"] = bias
    tensors["swin/dbias"] = dbias
    tensors["swin/d_table"] = swin.relative_position_bias_table.grad

    for case, window, trained in (("swin2", 3, 0), ("swin2_larger", 4, 3)):
        # The module computes its offsets in float32, unless told otherwise.
        with unittest.mock.patch.object(torch.Tensor, "float", torch.Tensor.double):
            attention = Swinv2SelfAttention(
                Swinv2Config(), HEADS * SIZE, HEADS, (window, window), (trained, trained)
            )
            attention.double()
            attention.relative_coords_table = attention.create_coords_table_and_index()[0]
        mlp = attention.continuous_position_bias_mlp
        for parameter in mlp.parameters():
            parameter.data.copy_(normal(*parameter.shape))
        # The scores of all-zero queries and keys are the biases.
        for projection in (attention.query, attention.key):
            for parameter in projection.parameters():
                parameter.data.zero_()
        tokens = window * window
        weights = attention(torch.ones(1, tokens, HEADS * SIZE, dtype=torch.float64), None, True)[1]
        bias = 16 * torch.sigmoid(
            mlp(attention.relative_coords_table)
            .view(-1, HEADS)[attention.relative_position_index.view(-1)]
            .view(tokens, tokens, -1)
            .permute(2, 0, 1)
        )
        torch.testing.assert_close(bias.softmax(-1), weights[0])
        dbias = normal(*bias.shape)
        bias.backward(dbias)
        tensors[f"{case}/bias"] = bias
        tensors[f"{case}/dbias"] = dbias
        for name, parameter in mlp.named_parameters():
            tensors[f"{case}/{name}"] = parameter.data
            tensors[f"{case}/d_{name}"] = parameter.grad


# Whole attentions: q [heads, n, size], k and v [key heads, n, size].


def softmax_over(scores, causal):
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -torch.inf)
    return scores.softmax(-1)


def clipped(length, clip):
    place = torch.arange(length)
    return (place[None, :] - place[:, None]).clamp(-clip, clip) + clip


def shaw(causal, clip, per_head, values):
    def attend(q, k, v, parameters):
        def vectors(name):
            table = parameters[name].view(HEADS if per_head else 1, 2 * clip + 1, SIZE)
            return table[:, clipped(q.shape[1], clip)]  # [heads or 1, n, n, size]

        keys = k[:, None] + vectors("layers.1.relative_keys")
        weights = softmax_over((q[:, :, None] * keys).sum(-1) * SCALE, causal)
        summed = v[:, None] + (vectors("layers.1.relative_values") if values else 0)
        return (weights[..., None] * summed).sum(2)

    rows = (HEADS if per_head else 1) * (2 * clip + 1)
    names = ["relative_keys"] + (["relative_values"] if values else [])
    return attend, {f"layers.1.{name}": (rows, SIZE) for name in names}


def biased(causal, bias):
    def attend(q, k, v, parameters):
        scores = q @ k.transpose(1, 2) * SCALE + bias(q.shape[1], parameters)
        return softmax_over(scores, causal) @ v

    return attend


def alibi(length, _):
    place = torch.arange(length)
    slopes = build_alibi_tensor(torch.ones(1, 3), HEADS, torch.float32)[:, 0, 1].double()
    return -slopes[:, None, None] * (place[:, None] - place[None, :]).abs()


def t5(length, parameters):
    place = torch.arange(length)
    bucket = T5Attention._relative_position_bucket(place[None, :] - place[:, None], True, 8, 6)
    return parameters["relative_attention_bias"][bucket].permute(2, 0, 1)


def cope(causal, positions):
    """The listing of the paper's appendix, in words: gates, counts from the right, two lookups."""

    def attend(q, k, v, parameters):
        table = parameters["layers.1.contextual_positions"]
        scores = q @ k.transpose(1, 2) * SCALE
        gates = scores.sigmoid()
        if causal:
            gates = gates.tril()
        counts = gates.flip(-1).cumsum(-1).flip(-1).clamp(max=positions - 1)
        below, above = counts.floor().long(), counts.ceil().long()
        products = q @ table.T  # [heads, n, positions]
        share = counts - below
        term = products.gather(-1, above) * share + products.gather(-1, below) * (1 - share)
        return softmax_over(scores + term, causal) @ v

    return attend, {"layers.1.contextual_positions": (positions, SIZE)}


def frequencies(size):
    return 10000.0 ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)


def llama_halves(q, k, v, _):
    angles = torch.arange(q.shape[1], dtype=torch.float64)[:, None] * frequencies(SIZE)
    angles = torch.cat((angles, angles), -1)[None]
    q, k = modeling_llama.apply_rotary_pos_emb(q[None], k[None], angles.cos(), angles.sin())
    return grouped(q[0], k[0], v)


def gptj_interleaved(q, k, v, _):
    """The first four of six components."""
    angles = (torch.arange(q.shape[1], dtype=torch.float64)[:, None] * frequencies(4))[None]

    def turned(x):
        rows = x.transpose(0, 1)[None]  # [1, n, heads, size]
        part = modeling_gptj.apply_rotary_pos_emb(rows[..., :4], angles.sin(), angles.cos())
        return torch.cat((part, rows[..., 4:]), -1)[0].transpose(0, 1)

    return grouped(turned(q), turned(k), v)


def xpos(q, k, v, _):
    """Pairs as complex numbers: the score is the real part of q·conj(k)·e^(iωt)·ζ^(-t/B)."""
    place = torch.arange(q.shape[1], dtype=torch.float64)
    away = place[:, None] - place[None, :]  # query - key
    zeta = (torch.arange(0, SIZE, 2, dtype=torch.float64) / SIZE + 0.4) / 1.4
    turn = torch.exp(1j * away[..., None] * frequencies(SIZE)) * zeta ** (away[..., None] / 8)
    pairs = [torch.view_as_complex(x.unflatten(-1, (SIZE // 2, 2))) for x in (q, k)]
    keys = pairs[1].repeat_interleave(HEADS // KEY_HEADS, 0)
    scores = (pairs[0][:, :, None] * keys[:, None].conj() * turn).real.sum(-1)
    values = v.repeat_interleave(HEADS // KEY_HEADS, 0)
    return softmax_over(scores * SCALE, True) @ values


def grouped(q, k, v):
    keys, values = (x.repeat_interleave(HEADS // KEY_HEADS, 0) for x in (k, v))
    return softmax_over(q @ keys.transpose(1, 2) * SCALE, True) @ values


def attention(case, attend, shapes=None, key_heads=HEADS):
    rows = sum(LENGTHS)
    inputs = {
        "q": normal(rows, HEADS * SIZE),
        "k": normal(rows, key_heads * SIZE),
        "v": normal(rows, key_heads * SIZE),
        **{name: normal(*shape) for name, shape in (shapes or {}).items()},
    }
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    outputs = []
    for q, k, v in zip(*(leaves[name].split(LENGTHS) for name in "qkv")):
        heads = (x.unflatten(-1, (-1, SIZE)).transpose(0, 1) for x in (q, k, v))
        outputs.append(attend(*heads, leaves).transpose(0, 1).flatten(1))
    out = torch.cat(outputs)
    dout = normal(*out.shape)
    out.backward(dout)
    tensors[f"{case}/out"] = out
    tensors[f"{case}/dout"] = dout
    for name, leaf in leaves.items():
        tensors[f"{case}/{name}"] = leaf
        tensors[f"{case}/d_{name}"] = leaf.grad


def attentions():
    attention("shaw", *shaw(causal=False, clip=3, per_head=False, values=True))
    attention("shaw_causal", *shaw(causal=True, clip=2, per_head=True, values=True))
    attention("shaw_keys", *shaw(causal=False, clip=3, per_head=True, values=False))
    attention("alibi", biased(False, alibi))
    attention("alibi_causal", biased(True, alibi))
    attention("t5", biased(False, t5), {"relative_attention_bias": (8, HEADS)})
    attention("cope_causal", *cope(causal=True, positions=4))
    attention("cope", *cope(causal=False, positions=16))
    attention("rotary_halves", llama_halves, key_heads=KEY_HEADS)
    attention("rotary_interleaved", gptj_interleaved, key_heads=KEY_HEADS)
    attention("xpos", xpos, key_heads=KEY_HEADS)


def main():
    formulas()
    windows()
    attentions()
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, FILE)
    FILE.chmod(0o644)


main()
