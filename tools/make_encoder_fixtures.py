"""Writes tests/data/torch/text_encoder_*.safetensors: encoders as Transformers computes them.

    python tools/make_encoder_fixtures.py    # needs torch, transformers, numpy, safetensors

Two sentences of a packed batch, with segments: the states, the summaries, what is guessed of some
tokens, whether parts follow each other or tokens were replaced; and the gradient of a loss over all
of that. As torch_fixtures.py says, in float64. Tensors of weights have heed's names.
"""

import json
import re

import torch
import torch.nn.functional as F
from transformers import (BertConfig, BertForPreTraining, ElectraConfig, ElectraForMaskedLM,
                          ElectraForPreTraining)

from torch_fixtures import Draws, offsets_of, save, start

LENGTHS = [5, 3]
VOCABULARY = 19

NAMES = [
    (r"(bert|electra)\.", ""),
    (r"embeddings\.word_embeddings", "model.encoder.embed_tokens"),
    (r"embeddings\.position_embeddings", "model.encoder.embed_positions"),
    (r"embeddings\.token_type_embeddings", "model.encoder.embed_segments"),
    (r"embeddings\.LayerNorm", "model.encoder.layernorm_embedding"),
    (r"embeddings_project", "model.encoder.embed_widening"),
    (r"encoder\.layer\.", "model.encoder.layers."),
    (r"attention\.self\.query", "self_attn.q_proj"),
    (r"attention\.self\.key", "self_attn.k_proj"),
    (r"attention\.self\.value", "self_attn.v_proj"),
    (r"attention\.output\.dense", "self_attn.out_proj"),
    (r"attention\.output\.LayerNorm", "self_attn_layer_norm"),
    (r"intermediate\.dense", "fc1"),
    (r"(layers\.\d+\.)output\.dense", r"\1fc2"),
    (r"(layers\.\d+\.)output\.LayerNorm", r"\1final_layer_norm"),
    (r"pooler\.dense", "pooler"),
    (r"(cls\.predictions\.transform|generator_predictions)\.dense", "masked_head.dense"),
    (r"(cls\.predictions\.transform|generator_predictions)\.LayerNorm", "masked_head.norm"),
    (r"cls\.predictions\.bias|generator_lm_head\.bias", "masked_head.output.bias"),
    (r"cls\.seq_relationship", "next_sentence_head"),
    (r"discriminator_predictions\.dense_prediction", "detection_head.score"),
    (r"discriminator_predictions\.dense", "detection_head.dense"),
]


def our_name(name):
    for pattern, ours in NAMES:
        name = re.sub(pattern, ours, name)
    return name


def weights_of(model):
    """By heed's names, each once."""
    return {our_name(name): weight for name, weight in model.named_parameters()}


def padded(packed):
    return torch.nn.utils.rnn.pad_sequence(packed.long().split(LENGTHS), batch_first=True)


def make(name, models, config, heads):
    """`models`: of the same encoder, which the first one has the weights of."""
    draws = Draws(len(name))
    weights = {}
    for model in models:
        model.double().eval()
        for ours, weight in sorted(weights_of(model).items()):
            if ours not in weights:
                with torch.no_grad():
                    weight.copy_(weight + draws.normal(*weight.shape, scale=0.3))
                weights[ours] = weight
    # One encoder below several heads.
    base = models[0].base_model
    for model in models[1:]:
        setattr(model, model.base_model_prefix, base)
        if hasattr(model, "generator_lm_head"):
            model.generator_lm_head.weight = base.embeddings.word_embeddings.weight

    count = sum(LENGTHS)
    # Transformers gives the embedding of padding, 0, no gradient.
    ids, segments = 1 + draws.ids(count, VOCABULARY - 1), draws.ids(count, config["segments"])
    masked = torch.tensor([1, 4, 6], dtype=torch.int32)
    targets, follows = draws.ids(3, VOCABULARY), torch.tensor([1, 0], dtype=torch.int32)
    mask = padded(torch.ones(count, dtype=torch.int32))
    rows = mask.bool().flatten()
    inputs = dict(input_ids=padded(ids), token_type_ids=padded(segments), attention_mask=mask)

    tensors = {"ids": ids, "segments": segments, "offsets": offsets_of(LENGTHS), "masked": masked,
               "targets": targets, "follows": follows}
    states = base(**inputs).last_hidden_state
    tensors["states"] = states.flatten(0, 1)[rows]
    dy = draws.normal(*tensors["states"].shape)
    loss = (tensors["states"] * dy).sum()
    tensors["d_states"] = dy
    for model in models:
        output = model(**inputs)
        logits = output.prediction_logits if "next" in heads else output.logits
        if logits.shape[-1] == VOCABULARY:
            guesses = logits.flatten(0, 1)[rows][masked.long()]
            tensors["guesses"] = guesses
            loss = loss + F.cross_entropy(guesses, targets.long(), reduction="sum")
        else:
            tensors["detection"] = logits.flatten()[rows][:, None]
            scale = draws.normal(count, 1)
            tensors["d_detection"] = scale
            loss = loss + (tensors["detection"] * scale).sum()
        if "next" in heads:
            tensors["summaries"] = base(**inputs).pooler_output
            tensors["next"] = output.seq_relationship_logits
            loss = loss + F.cross_entropy(tensors["next"], follows.long(), reduction="sum")
    loss.backward()
    tensors["loss"] = loss[None]
    for ours, weight in weights.items():
        tensors[f"weights/{ours}"] = weight
        tensors[f"gradients/{ours}"] = weight.grad
    save(f"text_encoder_{name}", tensors,
         {"case": json.dumps({"config": config, "vocabulary_size": VOCABULARY})})


SIZES = dict(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
             num_attention_heads=4, max_position_embeddings=9)
OURS = {"d_model": 16, "heads": 4, "feed_forward_size": 24, "layers": 2, "max_length": 9,
        "segments": 2, "dropout": 0.0, "attention_dropout": 0.0}


def main():
    start()
    make("bert", [BertForPreTraining(BertConfig(**SIZES))], OURS | {"next_sentence_head": True},
         ["next"])
    electra = ElectraConfig(**SIZES, embedding_size=8, type_vocab_size=3)
    make("electra", [ElectraForMaskedLM(electra), ElectraForPreTraining(electra)],
         OURS | {"embedding_size": 8, "segments": 3, "pooler": "none", "detection_head": True}, [])


if __name__ == "__main__":
    main()
