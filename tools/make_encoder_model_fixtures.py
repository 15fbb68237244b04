"""Writes tests/data/encoders: small encoders as Transformers saves them, with every head, and what
they compute.

    python tools/make_encoder_model_fixtures.py    # needs torch, transformers, numpy, safetensors

Each folder is a model directory with drawn weights; expected.json names two texts of token ids with
their segments, and holds what the model gives for them, a list for each: `values` with a row for
each token, or one for the text; `summaries` of models without a task.
"""

import json
import pathlib
import shutil

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "encoders"
PIECES = ["[PAD]", "<pad>", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "a", "b"]
SIZES = dict(vocab_size=len(PIECES), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
             intermediate_size=24)
HEADS = ["Model", "ForPreTraining", "ForMaskedLM", "ForSequenceClassification",
         "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice",
         "ForNextSentencePrediction"]
TASKS = dict(ForSequenceClassification=dict(id2label={0: "no", 1: "yes", 2: "perhaps"},
                                            problem_type="multi_label_classification"),
             ForTokenClassification=dict(id2label={0: "O", 1: "B-X"}))

FAMILIES = {
    "Bert": dict(SIZES, max_position_embeddings=12),
    "Roberta": dict(SIZES, max_position_embeddings=14, type_vocab_size=1, pad_token_id=1,
                    bos_token_id=3, eos_token_id=4),
    "XLMRoberta": dict(SIZES, max_position_embeddings=14, type_vocab_size=1, pad_token_id=1,
                       bos_token_id=3, eos_token_id=4),
    "DistilBert": dict(vocab_size=len(PIECES), dim=16, n_layers=2, n_heads=2, hidden_dim=24,
                       max_position_embeddings=12),
    "Electra": dict(SIZES, max_position_embeddings=12, embedding_size=8),
}
TEXTS = [([3, 6, 7, 9, 8, 4, 10, 4], [0, 0, 0, 0, 0, 0, 1, 1]), ([3, 5, 8, 4], [0, 0, 0, 0])]


def save_tokenizer(folder):
    tokenizer = Tokenizer(models.WordPiece(dict(zip(PIECES, range(len(PIECES)))), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 4), ("[CLS]", 3))
    tokenizer.add_special_tokens(PIECES[:6])
    tokenizer.save(str(folder / "tokenizer.json"))


def draw_weights(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            # Larger than Transformers draws them, so that everything has an effect.
            deviation = 0.3 if parameter.dim() > 1 else 0.2
            parameter.add_(torch.randn(parameter.shape, generator=generator) * deviation)


def compute(model, ids, segments, family, choice):
    inputs = dict(input_ids=torch.tensor([ids]))
    if family in ("Bert", "Electra"):
        inputs["token_type_ids"] = torch.tensor([segments])
    if choice:
        inputs = {key: value[None] for key, value in inputs.items()}
    with torch.no_grad():
        output = model(**inputs)
    result = {}
    if hasattr(output, "start_logits"):
        result["values"] = torch.stack([output.start_logits[0], output.end_logits[0]], -1)
    elif hasattr(output, "prediction_logits"):
        result["values"] = output.prediction_logits[0]
        result["next"] = output.seq_relationship_logits[0]
    elif hasattr(output, "last_hidden_state"):
        result["values"] = output.last_hidden_state[0]
        if getattr(output, "pooler_output", None) is not None:
            result["summaries"] = output.pooler_output[0]
    else:
        result["values"] = output.logits[0]
    return {key: value.tolist() for key, value in result.items()}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    seed = 0
    for family, sizes in FAMILIES.items():
        for head in HEADS:
            seed += 1
            model_class = getattr(transformers, family + head, None)
            if model_class is None or (family == "XLMRoberta" and head != "Model"):
                continue
            config = getattr(transformers, family + "Config")(**sizes, **TASKS.get(head, {}))
            model = model_class(config).eval()
            draw_weights(model, seed)
            folder = FOLDER / (family + head)
            model.save_pretrained(folder)
            save_tokenizer(folder)
            read_again = model_class.from_pretrained(folder).eval()
            texts = []
            for ids, segments in TEXTS:
                if family not in ("Bert", "Electra"):
                    segments = [0] * len(ids)
                texts.append({"ids": ids, "segments": segments,
                              **compute(read_again, ids, segments, family, "Choice" in head)})
            (folder / "expected.json").write_text(json.dumps(texts) + "\n")


if __name__ == "__main__":
    main()
