"""Writes tests/data/t5: small T5 models as Transformers saves them, and what they compute.

    python tools/make_t5_fixtures.py    # needs torch, transformers

Each folder is a model directory with drawn weights, for a vocabulary of bytes; expected.json holds
ids of a source and of what was begun, and what greedy decoding and beam search write; logits.npy
the logits after each token begun, [tokens, vocabulary].
"""

import json
import pathlib
import shutil

import numpy
import torch
from transformers import T5Config, T5ForConditionalGeneration

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "t5"
PIECES = 259
SIZES = dict(vocab_size=PIECES, d_model=16, d_kv=6, d_ff=24, num_layers=3, num_decoder_layers=2,
             num_heads=2, pad_token_id=258, eos_token_id=0, decoder_start_token_id=258)
MODELS = {
    "t5": T5Config(**SIZES, relative_attention_num_buckets=8, relative_attention_max_distance=12),
    "t5-gated": T5Config(**SIZES, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for seed, (name, config) in enumerate(MODELS.items()):
        model = T5ForConditionalGeneration(config).eval()
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for _, parameter in sorted(model.named_parameters()):
                scale = 0.5 if parameter.dim() > 1 else 0.2
                drawn = torch.randn(parameter.shape, generator=generator) * scale
                parameter.copy_(drawn + (1 if parameter.dim() == 1 else 0))
        folder = FOLDER / name
        model.save_pretrained(folder)
        (folder / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "HeedByteTokenizer"}, indent=2) + "\n")
        source = [(37 * i * i + 11 * i + 5) % 256 + 2 for i in range(18)] + [0]
        begun = [258] + [(29 * i * i + 3 * i + 1) % 256 + 2 for i in range(12)]
        with torch.no_grad():
            logits = model(torch.tensor([source]),
                           decoder_input_ids=torch.tensor([begun])).logits[0].numpy()
        written = {}
        for beam in (1, 3):
            output = model.generate(torch.tensor([source]), max_new_tokens=8, num_beams=beam,
                                    do_sample=False, suppress_tokens=[258])
            written[str(beam)] = output[0, 1:].tolist()
        numpy.save(folder / "logits.npy", logits)
        (folder / "expected.json").write_text(
            json.dumps({"source": source, "begun": begun, "written": written}) + "\n")


if __name__ == "__main__":
    main()
