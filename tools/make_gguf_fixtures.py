"""Writes tests/data/gguf: a small LLaMA as a GGUF file, in every type of numbers that heed reads.

    python tools/make_gguf_fixtures.py    # needs gguf, torch, transformers

model.gguf holds matrices of all types; ids.npy is a text [tokens], and logits.npy what Transformers
computes after each of its tokens from the numbers that the package gguf unpacks, [tokens,
vocabulary].
"""

import pathlib
import shutil

import gguf
import numpy
import torch
from transformers import LlamaConfig, LlamaForCausalLM

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "gguf"
WORDS = ["▁the", "▁a", "th", "he", "▁t", "in", "▁in", "er"]
PIECES = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + WORDS
TYPES = [gguf.GGMLQuantizationType[name] for name in ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"]]
HEADS, KEY_HEADS, WIDTH, INNER, LAYERS = 4, 2, 64, 96, 3
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}


def interleaved(weight, heads):
    """Rows of a head in halves -> pairs side by side, as GGUF has them."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def halves(weight, heads):
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def name_in_gguf(name):
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    if name == "lm_head.weight":
        return "output.weight"
    _, _, layer, *part = name.split(".")
    return f"blk.{layer}.{NAMES['.'.join(part[:-1])]}.weight"


def add_metadata(writer):
    writer.add_context_length(48)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500.0)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(PIECES)
    writer.add_token_scores([0.0] * 259 + [-float(i) for i in range(len(WORDS))])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(WORDS))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=len(PIECES), hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=KEY_HEADS, max_position_embeddings=48,
        rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 500.0})).eval()
    writer = gguf.GGUFWriter(FOLDER / "model.gguf", "llama")
    add_metadata(writer)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for index, (name, parameter) in enumerate(model.named_parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
            values = parameter.numpy()
            if parameter.dim() == 1:
                parameter.add_(1)
                writer.add_tensor(name_in_gguf(name), parameter.numpy())
                continue
            kind = TYPES[index % len(TYPES)]
            heads = {"q_proj": HEADS, "k_proj": KEY_HEADS}.get(name.split(".")[-2])
            if heads:
                values = interleaved(values, heads)
            packed = gguf.quantize(numpy.ascontiguousarray(values), kind)
            writer.add_tensor(name_in_gguf(name), packed, raw_dtype=kind)
            unpacked = gguf.dequantize(packed, kind)
            parameter.copy_(torch.tensor(halves(unpacked, heads) if heads else unpacked))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    ids = [1] + [(29 * i * i + 7 * i + 3) % (len(PIECES) - 3) + 3 for i in range(20)]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy()
    numpy.save(FOLDER / "ids.npy", numpy.array(ids, dtype=numpy.int32))
    numpy.save(FOLDER / "logits.npy", logits)


if __name__ == "__main__":
    main()
