"""Writes tests/data/sentences: what sentence-transformers makes of lines with small encoders.

    python tools/make_embedding_fixtures.py    # needs sentence-transformers; after
                                               # make_encoder_model_fixtures.py

expected.json holds the lines, and for each way of pooling their vectors by the encoder of
tests/data/encoders/BertModel, whose texts are cut at seven tokens.
"""

import json
import pathlib
import shutil
import tempfile

from sentence_transformers import SentenceTransformer, models

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
LINES = ["the cat sat", "  The cats sat, a cat. ", "", "b", "the the the the the the the the",
         "a b a b a b", "unknown words"]


def main():
    result = {"lines": LINES, "longest": 7, "vectors": {}}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DATA / "encoders" / "BertModel", folder, dirs_exist_ok=True)
        (pathlib.Path(folder) / "tokenizer_config.json").write_text(json.dumps(
            {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]",
             "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}))
        for pooling in ("cls", "mean", "max", "mean_sqrt_len_tokens"):
            for normalise in (False, True):
                transformer = models.Transformer(folder, max_seq_length=7)
                parts = [transformer,
                         models.Pooling(transformer.get_word_embedding_dimension(), pooling)]
                if normalise:
                    parts.append(models.Normalize())
                model = SentenceTransformer(modules=parts, device="cpu")
                name = pooling.replace("_len_tokens", "_length") + (" 1" if normalise else "")
                result["vectors"][name] = model.encode(LINES).tolist()
    (DATA / "sentences").mkdir(exist_ok=True)
    (DATA / "sentences" / "expected.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
