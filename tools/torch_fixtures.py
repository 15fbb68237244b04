"""What the scripts share that write tests/data/torch: what PyTorch computes for heed.

Everything is computed in float64. Inputs and weights are numbers that float32 holds exactly, and so
are the constants that heed's kernels take as float32 (see `rounded`). Sentences are padded here and
masked, while heed packs them; the files hold packed rows. Names: case/input, case/d_input (its
gradient), case/y, case/dy.
"""

import functools
import pathlib

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


def start():
    """Before anything is computed: the same numbers on every machine."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)


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


def gated(function, x):
    gate, up = x.chunk(2, -1)
    return function(gate) * up


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
