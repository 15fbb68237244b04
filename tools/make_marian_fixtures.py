"""Writes tests/data/marian: a small MarianMTModel as Transformers saves it, and what it computes.

    python tools/make_marian_fixtures.py    # needs torch, transformers, sentencepiece

The weights are drawn, not trained. expected.json holds, for a decoder that begins with the padding
symbol and for one that begins with </s>: pairs of texts with their ids, log p(target | source), and
the ids of greedy decoding and of beam search.
"""

import json
import pathlib
import shutil
import tempfile

import sentencepiece
import torch
from transformers import GenerationConfig, MarianConfig, MarianMTModel, MarianTokenizer

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "marian"
ENGLISH = ["two dogs play in the green grass .", "a man and a dog run .", "the dogs run in the street ."]
GERMAN = ["zwei Hunde spielen im grünen Gras .", "ein Mann und ein Hund laufen .", "die Hunde laufen ."]


def learn_subwords(lines, path):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(path), vocab_size=40, model_type="bpe",
        normalization_rule_name="identity", character_coverage=1.0, hard_vocab_limit=False,
        minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_file=f"{path}.model")
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())
            if not processor.is_control(i) and not processor.is_unknown(i)]


def save_tokenizer():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        pieces = learn_subwords(ENGLISH, scratch / "source") + learn_subwords(GERMAN, scratch / "target")
        names = ["</s>", "<unk>"] + list(dict.fromkeys(pieces)) + ["<pad>"]
        (scratch / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
        tokenizer = MarianTokenizer(
            source_spm=str(scratch / "source.model"), target_spm=str(scratch / "target.model"),
            vocab=str(scratch / "vocab.json"), source_lang="en", target_lang="de")
        tokenizer.save_pretrained(FOLDER)
    return MarianTokenizer.from_pretrained(FOLDER), len(names)


def make_model(size):
    config = MarianConfig(
        vocab_size=size, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24,
        activation_function="swish", scale_embedding=True, max_position_embeddings=32,
        pad_token_id=size - 1, decoder_start_token_id=size - 1, eos_token_id=0,
        forced_eos_token_id=0, dropout=0.1)
    torch.manual_seed(1)
    model = MarianMTModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Larger than Transformers draws them, so that everything has an effect.
            if "embed_positions" not in name:
                scale = 0.5 if parameter.dim() > 1 else 0.2
                base = 1.0 if "layer_norm.weight" in name else 0.0
                parameter.copy_(base + scale * torch.randn_like(parameter))
        model.final_logits_bias.copy_(0.3 * torch.randn_like(model.final_logits_bias))
    model.generation_config = GenerationConfig(
        num_beams=3, max_length=24, length_penalty=0.8, pad_token_id=size - 1, eos_token_id=0,
        decoder_start_token_id=size - 1, bad_words_ids=[[size - 1]])
    return model


def computed(model, tokenizer, start):
    model.config.decoder_start_token_id = start
    model.generation_config.decoder_start_token_id = start
    pairs = []
    for source, target in zip(ENGLISH, GERMAN):
        batch = tokenizer([source], text_target=[target], return_tensors="pt")
        labels = batch.pop("labels")
        inputs = torch.cat([torch.tensor([[start]]), labels[:, :-1]], 1)
        with torch.no_grad():
            logits = model(**batch, decoder_input_ids=inputs).logits
            scores = logits.log_softmax(-1).gather(-1, labels[..., None])
            greedy = model.generate(**batch, num_beams=1, do_sample=False)
            beam = model.generate(**batch, num_beams=3, do_sample=False)
        pairs.append({
            "source": source, "target": target, "source_ids": batch["input_ids"][0].tolist(),
            "target_ids": labels[0].tolist(), "log_probability": scores.double().sum().item(),
            "greedy": greedy[0, 1:].tolist(), "beam": beam[0, 1:].tolist()})
    return {"start": start, "pairs": pairs}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    tokenizer, size = save_tokenizer()
    model = make_model(size)
    model.save_pretrained(FOLDER)
    expected = [computed(model, tokenizer, start) for start in (size - 1, 0)]
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
