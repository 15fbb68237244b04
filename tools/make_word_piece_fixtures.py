#!/usr/bin/env python3
"""Makes tests/data/tokenizers/word_pieces.json: what Hugging Face's WordPieceTrainer learns.

  python3 tools/make_word_piece_fixtures.py tests/data/tokenizers

Its ids of pieces that go on with a word depend on the order of a hash table, and with them which of
equally frequent pairs is merged first: kept are the largest vocabularies that it learned in the
same way twenty times.
"""
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from make_tokenizer_fixtures import SENTENCES, TRICKY, corpus

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def learn(texts, size, frequency, lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=frequency, special_tokens=SPECIAL, show_progress=False))
    return set(tokenizer.get_vocab())


def main():
    result = []
    for texts, frequency, lowercase, sizes in (
            (TRICKY, 2, True, range(40, 60)), (corpus(), 2, True, range(170, 330, 3)),
            (corpus(), 2, False, range(190, 350, 3))):
        found = []
        for size in sizes:
            runs = [learn(texts, size, frequency, lowercase) for _ in range(20)]
            if all(run == runs[0] for run in runs):
                found.append({"size": size, "pieces": sorted(runs[0])})
        print([len(each["pieces"]) for each in found])
        result.append({"texts": texts, "frequency": frequency, "lowercase": lowercase,
                       "learned": found[-3:]})
    Path(sys.argv[1], "word_pieces.json").write_text(
        json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
