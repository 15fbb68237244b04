"""Writes tests/data/decoders: small language models as Transformers saves them, and their logits.

    python tools/make_decoder_fixtures.py    # needs torch, transformers

Each folder is a model directory with drawn weights, for a vocabulary of bytes; ids.npy holds a text
[tokens] and logits.npy what the model gives after each of its tokens, [tokens, vocabulary].
"""

import json
import pathlib
import shutil

import numpy
import torch
from transformers import (GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig,
                          MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM)

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "decoders"
PIECES = 259
SIZES = dict(vocab_size=PIECES, hidden_size=16, intermediate_size=24, num_hidden_layers=3,
             num_attention_heads=4, max_position_embeddings=32, bos_token_id=0, eos_token_id=0,
             pad_token_id=None)

MODELS = {
    "gpt2": GPT2LMHeadModel(GPT2Config(
        vocab_size=PIECES, n_embd=16, n_layer=2, n_head=2, n_positions=32, bos_token_id=0,
        eos_token_id=0)),
    "gpt2-untied": GPT2LMHeadModel(GPT2Config(
        vocab_size=PIECES, n_embd=16, n_layer=1, n_head=2, n_positions=16, n_inner=20,
        activation_function="gelu", scale_attn_weights=False, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0)),
    "llama": LlamaForCausalLM(LlamaConfig(**SIZES, num_key_value_heads=2, rms_norm_eps=1e-5)),
    "llama-biases": LlamaForCausalLM(LlamaConfig(
        **SIZES, attention_bias=True, mlp_bias=True, head_dim=6, tie_word_embeddings=True,
        hidden_act="gelu_pytorch_tanh")),
    "llama3": LlamaForCausalLM(LlamaConfig(
        **SIZES, rope_parameters=dict(
            rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=8))),
    "llama-yarn": LlamaForCausalLM(LlamaConfig(
        **SIZES, rope_parameters=dict(rope_type="yarn", rope_theta=500.0, factor=4.0,
                                      original_max_position_embeddings=8))),
    "llama-linear": LlamaForCausalLM(LlamaConfig(
        **SIZES, rope_parameters=dict(rope_type="linear", rope_theta=500.0, factor=2.0))),
    "mistral": MistralForCausalLM(MistralConfig(**SIZES, num_key_value_heads=1, sliding_window=5)),
    "qwen2": Qwen2ForCausalLM(Qwen2Config(
        **SIZES, num_key_value_heads=2, use_sliding_window=True, sliding_window=4,
        max_window_layers=1, tie_word_embeddings=True)),
    "qwen3": Qwen3ForCausalLM(Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=8)),
}


def draw_weights(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            # Larger than Transformers draws them, so that everything has an effect.
            if parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
            else:
                parameter.copy_(parameter + torch.randn(parameter.shape, generator=generator) * 0.3)


# Ways of writing: keys of heed's DecodingConfig and of Transformers' generate().
# Drawn weights seldom repeat themselves: penalties below 1 make them.
WAYS = [
    ({"beam": 1}, {}),
    ({"beam": 1, "repetition_penalty": 0.2}, {"repetition_penalty": 0.2}),
    ({"beam": 1, "repetition_penalty": 0.2, "no_repeat_ngram": 1},
     {"repetition_penalty": 0.2, "no_repeat_ngram_size": 1}),
    ({"beam": 1, "repetition_penalty": 0.2, "no_repeat_ngram": 2},
     {"repetition_penalty": 0.2, "no_repeat_ngram_size": 2}),
    ({"beam": 3}, {"num_beams": 3}),
    ({"beam": 3, "repetition_penalty": 0.2, "no_repeat_ngram": 2},
     {"num_beams": 3, "repetition_penalty": 0.2, "no_repeat_ngram_size": 2}),
]


def write_on(model, ids):
    written = []
    for ours, theirs in WAYS:
        output = model.generate(torch.tensor([ids]), max_new_tokens=9, do_sample=False,
                                pad_token_id=0, **theirs)
        written.append({"config": ours, "begun": ids, "tokens": output[0, len(ids):].tolist()})
    return written


def save(name, model, seed):
    folder = FOLDER / name
    draw_weights(model, seed)
    model.eval()
    options = {"max_shard_size": "10KB"} if name == "llama3" else {}
    model.save_pretrained(folder, **options)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "HeedByteTokenizer"}, indent=2) + "\n")
    # Read in float32: a model in bfloat16 has rounded the frequencies of its positions, too.
    read_again = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    ids = [(37 * i * i + 11 * i + 5) % 256 + 2 for i in range(16)]
    with torch.no_grad():
        logits = read_again(torch.tensor([ids])).logits[0].numpy()
    if name in ("gpt2", "llama"):
        (folder / "written.json").write_text(json.dumps(write_on(read_again, ids[:6])) + "\n")
    numpy.save(folder / "ids.npy", numpy.array(ids, dtype=numpy.int32))
    numpy.save(folder / "logits.npy", logits)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for seed, (name, model) in enumerate(MODELS.items()):
        if name == "llama-biases":
            model = model.to(torch.bfloat16)
        save(name, model, seed)


if __name__ == "__main__":
    main()
