#!/usr/bin/env python3
"""Makes tests/data/tokenizers: tokenizers in all shapes that tokenizer.json may have, and what
Hugging Face's `tokenizers` makes of 10,000 hard lines with each.

  python3 tools/make_tokenizer_fixtures.py tests/data/tokenizers

Made with tokenizers 0.23 and sentencepiece 0.2. What a unigram model learns differs a little from call
to call. The lines are put together from the parts in lines.json, as heed/text/test_hard_lines.h does
it. Of the ids and of the decoded text a hash is kept for each 100 lines. Models are small, shared
between variants, and kept apart from them.
"""
import base64
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import ByteLevelBPETokenizer, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

MASK = (1 << 64) - 1
LINES, BLOCK = 10_000, 100

SENTENCES = """The quick brown fox jumps over the lazy dog, doesn't it? We're sure they've seen 1234 of them.
In 1969 the crew of Apollo 11 landed on the Moon; "one small step", he'd said. It's 3.14159 or 2,718.
A model learns to write what follows: token by token, word by word, line by line, and so on and on.
Grüße aus München, naïve café, résumé, señor, Ångström, łódź, žluťoučký kůň, İstanbul, ΑΒΓ ΣΑΣ.
for (int i = 0; i < n; ++i) { sum += values[i] * weights[i]; } // the sum of the products
Привет, мир! Как дела? Добрый день. 日本語のテキストと中文。 مرحبا بالعالم שלום עולם नमस्ते दुनिया
The end of the story is the beginning of another one, and the dog is running in the green grass.
""".splitlines()

PARTS = (
    # words, contractions, spaces
    "the The THE dog running stories we're We'RE they'll I'd 'tis don't can't o'clock rock'n'roll".split()
    + ["'s", "'S", "'ll", "'ve ", "''", "' t", " ", "  ", "   ", "       ", "\t", "\n", "\r\n", "\n\n",
       " \n ", "\t\t ", "\u00a0", "\u2003", "\u3000", "\u2028", "\u0085", "\u000b", "\u200b", "\ufeff"]
    # numbers and signs
    + ["0", "7", "42", "1969", "1234567890", "3.14", "1,000,000", "½", "²", "Ⅷ", "٣٤٥", "१२", "①", "10%", "$5", "#1",
       "...", "…", "—", "?!", "(", ")", "[x]", "{y}", "<", ">", "&amp;", "/", "\\", "\\n", "_", "__init__", "a_b", "|",
       "~", "^", "`", "@", "*", "+", "=", "+=", "->", "::", ";", "\"", "“", "”", "«", "»", "¿", "¡", "、", "。", "！",
       "-", "‑", "•", "™", "©", "°", "§", "€", "£", "∑", "≤", "→"]
    # accents, marks, case, width, ligatures
    + ["é", "e\u0301", "ü", "u\u0308", "Å", "A\u030a", "ñ", "ß", "ẞ", "İ", "ı", "ŀ", "ﬁ", "ﬀ", "Ω", "Σ", "ς", "ſ", "ǆ",
       "ＡＢＣ", "ｶﾞ", "か\u3099", "が", "각", "\u1100\u1161\u11a8", "q\u0307\u0323", "\u0301", "\u0301\u0302", "o\u0335",
       "\u0489", "क्षि", "นี้", "ﷺ", "㍿", "㎏", "Ⅳ", "ﾟ", "\u0903"]
    # scripts
    + ["привет", "Мир", "日本", "漢字かな", "カタカナ", "中文", "한국어", "مرحبا", "العالم", "שלום", "नमस्ते", "ไทย", "ελληνικά",
       "Հայ", "ქართ", "ᚠᛇ", "𝒜𝔹", "𠀀𠁁", "㐀", "豈"]
    # emoji, joiners, flags, private and control characters
    + ["🙂", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "☃", "🎉🎉", "1️⃣", "\u200d", "\ufe0f", "\u200e", "\u202e", "\u00ad",
       "\ue000", "\U000f0000", "\ufffd", "\ufffe", "\u0000", "\u0001", "\u001b[0m", "\u007f", "\u009f"]
    # what spells pieces of vocabularies
    + ["<s>", "</s>", "<unk>", "<pad>", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "<mask>", "<|endoftext|>", "<|im_start|>",
       "<|im_end|>", "<|end", "oftext|>", "<extra_id_0>", "<extra_id_1>", "<0x41>", "<0x", "Ġ", "▁", "▁▁", "##", "##ing",
       "</w>", "@@", "foo", "foofoo", "Foo", " foo ", "bar ", " baz", "BAZ", "ＦＯＯ"]
    # long words
    + ["a" * 30, "ab" * 90, "é" * 60, "漢" * 40, "🙂" * 20, " " * 50, "1" * 45, "." * 70, "xyz" * 120, "\u0301" * 25]
)


class Random:
    """A 64-bit linear congruential generator (Knuth, MMIX)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % n


def hard_lines():
    random = Random(14)
    lines = []
    for _ in range(LINES):
        count = random.below(12)
        line = ""
        for _ in range(count):
            line += PARTS[random.below(len(PARTS))]
            if random.below(3) == 0:
                line += " "
        lines.append(line)
    return lines


def fnv(text, value=0xCBF29CE484222325):
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def corpus():
    random = Random(3)
    words = " ".join(SENTENCES).split()
    return SENTENCES * 8 + [" ".join(words[random.below(len(words))] for _ in range(9)) for _ in range(300)]


def charsmap():
    """A small table of rewritings, as SentencePiece compiles it."""
    with tempfile.TemporaryDirectory() as folder:
        rules = {"ﬁ": "fi", "ﬀ": "ff", "\u212b": "\u00c5", "e\u0301": "é", "u\u0308": "ü", "か\u3099": "が", "ｶﾞ": "ガ", "½": "1/2",
                 "①": "1", "…": "...", "\u3000": " ", "\u00a0": " ", "\u200b": "", "\ufeff": "", "Ａ": "A", "Ｂ": "B",
                 "㍿": "株式会社", "\t": " ", "\n": " ", "\r": " "}
        Path(folder, "rules.tsv").write_text("".join(
            " ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n" for a, b in rules.items()))
        Path(folder, "text").write_text("\n".join(corpus()))
        sentencepiece.SentencePieceTrainer.Train(
            f"--input={folder}/text --model_prefix={folder}/m --normalization_rule_tsv={folder}/rules.tsv "
            "--vocab_size=200 --hard_vocab_limit=false --minloglevel=3")
        data = Path(folder, "m.model").read_bytes()
    normalizer = dict(message_fields(data))[3]
    return base64.b64encode(dict(message_fields(normalizer))[2]).decode()


def message_fields(data):
    """Numbers and contents of the fields of bytes in a message of protocol buffers."""
    place = 0

    def varint():
        nonlocal place
        value, shift = 0, 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        tag = varint()
        if tag & 7 == 2:
            size = varint()
            yield tag >> 3, data[place : place + size]
            place += size
        elif tag & 7 == 0:
            varint()
        else:
            place += 4 if tag & 7 == 5 else 8


def model_json(tokenizer):
    return json.loads(tokenizer.to_str())["model"]


def train(model, trainer, pre_tokenizer=None, normalizer=None):
    tokenizer = Tokenizer(model)
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(corpus(), trainer)
    return model_json(tokenizer)


def make_models():
    quiet = {"show_progress": False}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    byte_level = train(models.BPE(), trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=alphabet, special_tokens=["<|endoftext|>", "<|im_start|>", "<s>", "</s>"], **quiet),
        pre_tokenizers.ByteLevel(add_prefix_space=False))
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    llama = train(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True), trainers.BpeTrainer(
        vocab_size=480, special_tokens=["<unk>", "<s>", "</s>"] + bytes_, limit_alphabet=60, **quiet),
        pre_tokenizers.Metaspace())
    suffix = train(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), trainers.BpeTrainer(
        vocab_size=220, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=50, **quiet),
        pre_tokenizers.Whitespace())
    prefix = train(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), trainers.BpeTrainer(
        vocab_size=220, special_tokens=["<unk>"], continuing_subword_prefix="##", limit_alphabet=50, **quiet),
        pre_tokenizers.Whitespace())
    unigram = train(models.Unigram(), trainers.UnigramTrainer(
        vocab_size=180, special_tokens=["<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_1>"], unk_token="<unk>",
        **quiet), pre_tokenizers.Metaspace())
    unigram_bytes = json.loads(json.dumps(unigram))
    unigram_bytes["vocab"] += [[b, -20.0] for b in bytes_]
    unigram_bytes["byte_fallback"] = True
    word_piece = train(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(
        vocab_size=260, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=90, **quiet),
        pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer())
    word_level = train(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(
        vocab_size=120, special_tokens=["<unk>", "<s>", "</s>"], **quiet), pre_tokenizers.WhitespaceSplit())
    return {"byte_level": byte_level, "llama": llama, "suffix": suffix, "prefix": prefix, "unigram": unigram,
            "unigram_bytes": unigram_bytes, "word_piece": word_piece, "word_level": word_level}


def added(content, id, special=True, normalized=False, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": normalized, "special": special, **flags}


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
          r"\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")


def make_variants(models_):
    def byte_level(prefix=False, regex=True):
        return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}

    def split(pattern, behavior="Isolated", invert=False):
        return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}

    def sequence(kind, *steps):
        return {"type": "Sequence", kind: list(steps)}

    def pre(*steps):
        return sequence("pretokenizers", *steps)

    def norm(*steps):
        return sequence("normalizers", *steps)

    def dec(*steps):
        return sequence("decoders", *steps)

    def metaspace(scheme, split_=True):
        return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split_}

    def replace(pattern, content):
        return {"type": "Replace", "pattern": pattern, "content": content}

    size = {name: len(model["vocab"]) for name, model in models_.items()}
    special = [added("<|endoftext|>", 0), added("<|im_start|>", 1), added("<s>", 2), added("</s>", 3)]
    n = size["byte_level"]
    more = special + [added("<|im_end|>", n), added("<mask>", n + 1, lstrip=True),
                      added("foo", n + 2, special=False, normalized=True, single_word=True),
                      added("bar", n + 3, special=False, rstrip=True), added("  ", n + 4, special=False),
                      added("foofoo", n + 5, special=False)]
    llama = [added("<unk>", 0), added("<s>", 1), added("</s>", 2)]
    llama_decoder = dec(replace({"String": "▁"}, " "), {"type": "ByteFallback"}, {"type": "Fuse"},
                        {"type": "Strip", "content": " ", "start": 1, "stop": 0})
    u = size["unigram"]
    t5 = [added("<pad>", 0), added("</s>", 1), added("<unk>", 2), added("<extra_id_0>", 3), added("<extra_id_1>", 4),
          added("baz", u, special=False, normalized=True)]
    bert = [added(t, i) for i, t in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])]
    precompiled = {"type": "Precompiled", "precompiled_charsmap": charsmap()}
    bert_normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True}
    byte_decoder = byte_level(True)
    template = {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                           {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                                   "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}
    return {
        "gpt2": ("byte_level", None, byte_level(), byte_decoder, more, None, {}),
        "roberta": ("byte_level", None, byte_level(True), byte_decoder, more,
                    {"type": "RobertaProcessing", "sep": ["</s>", 3], "cls": ["<s>", 2], "trim_offsets": True,
                     "add_prefix_space": True}, {}),
        "llama3": ("byte_level", None, pre(split({"Regex": LLAMA3}), byte_level(regex=False)), byte_decoder, special, None,
                   {"ignore_merges": True}),
        "qwen2": ("byte_level", {"type": "NFC"}, pre(split({"Regex": QWEN2}), byte_level(regex=False)), byte_decoder, more,
                  {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}, {}),
        "smollm": ("byte_level", None, pre({"type": "Digits", "individual_digits": True}, byte_level()), byte_decoder,
                   special, None, {}),
        "stripped": ("byte_level", norm({"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
                                        replace({"Regex": r" {2,}|\p{Sc}"}, "¤"),
                                        {"type": "Strip", "strip_left": True, "strip_right": True}),
                     byte_level(), byte_decoder, more, None, {}),
        "llama2": ("llama", norm({"type": "Prepend", "prepend": "▁"}, replace({"String": " "}, "▁")), None, llama_decoder,
                   llama, {**template, "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                  {"Sequence": {"id": "A", "type_id": 0}}],
                           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}, {}),
        "llama2-first": ("llama", None, metaspace("first", False), llama_decoder, llama, None, {}),
        "llama2-words": ("llama", {"type": "NFKC"}, metaspace("always"), metaspace("always"), llama, None,
                         {"byte_fallback": False, "fuse_unk": False}),
        "llama2-never": ("llama", {"type": "NFKD"}, metaspace("never"), metaspace("never"), llama, None,
                         {"byte_fallback": False}),
        "first-of-words": ("llama", None, pre({"type": "WhitespaceSplit"}, metaspace("first")), metaspace("first"), llama,
                           None, {}),
        "t5": ("unigram", precompiled, metaspace("always"), metaspace("always"), t5, None, {}),
        "albert": ("unigram", norm(replace({"String": "``"}, '"'), {"type": "NFKD"}, {"type": "StripAccents"},
                                   {"type": "Lowercase"}, replace({"Regex": " {2,}"}, " ")),
                   pre({"type": "WhitespaceSplit"}, metaspace("always")), metaspace("always"), t5, None, {}),
        "unigram-bytes": ("unigram_bytes", {"type": "NFKC"}, metaspace("first", False),
                          dec(metaspace("first"), {"type": "ByteFallback"}, {"type": "Fuse"}), t5[:5], None, {}),
        "bert": ("word_piece", bert_normalizer, {"type": "BertPreTokenizer"},
                 {"type": "WordPiece", "prefix": "##", "cleanup": True}, bert, template, {}),
        "bert-cased": ("word_piece", {**bert_normalizer, "lowercase": False, "strip_accents": True,
                                      "handle_chinese_chars": False}, {"type": "Whitespace"},
                       {"type": "WordPiece", "prefix": "##", "cleanup": False}, bert,
                       {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
                       {"max_input_chars_per_word": 25}),
        "words": ("word_level", None, pre({"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}),
                  None, llama, None, {}),
        "suffix": ("suffix", {"type": "Lowercase"},
                   pre(split({"Regex": r"\s+"}, "Removed"), {"type": "Punctuation", "behavior": "MergedWithPrevious"}),
                   {"type": "BPEDecoder", "suffix": "</w>"}, [added("<unk>", 0)], None, {}),
        "prefix": ("prefix", None, pre({"type": "CharDelimiterSplit", "delimiter": " "},
                                       {"type": "Digits", "individual_digits": False},
                                       {"type": "Punctuation", "behavior": "Contiguous"}),
                   {"type": "WordPiece", "prefix": "##", "cleanup": True}, [added("<unk>", 0)], None, {}),
        "merged-with-next": ("suffix", None, pre(split({"String": " "}, "MergedWithNext"),
                                                 split({"Regex": "[a-z]+"}, "MergedWithPrevious", True)),
                             {"type": "BPEDecoder", "suffix": "</w>"}, [added("<unk>", 0)], None, {"fuse_unk": True}),
        "contiguous": ("word_level", None, split({"Regex": r"\w"}, "Contiguous"), None, llama, None, {}),
        "added": ("word_piece", {"type": "Lowercase"}, {"type": "WhitespaceSplit"},
                  {"type": "WordPiece", "prefix": "##", "cleanup": True},
                  bert + [added("Foo", size["word_piece"], special=False, normalized=True, lstrip=True, rstrip=True),
                          added("the", size["word_piece"] + 1, special=False, normalized=True, single_word=True),
                          added("<|im_end|>", size["word_piece"] + 2, normalized=True),
                          added("<mask>", size["word_piece"] + 3, lstrip=True, single_word=True)], None, {}),
    }


TRICKY = ["aaaaaaa aaaa aaa aa a", "abcabcabc abc ab bc bcbc cab", "ababab baba abab", "  x  x   x\n\n\nx", "ééé éé é",
          "hug hugs hugging pug pugs pun bun", "1212121 212 12 1", "the then there these they"]


def learned_pairs():
    """What ByteLevelBPETokenizer learns of small corpora."""
    result = []
    for texts, size, frequency in ((TRICKY, 300, 2), (TRICKY, 420, 1), (SENTENCES, 330, 2), (SENTENCES * 3, 500, 3)):
        tokenizer = ByteLevelBPETokenizer()
        tokenizer.train_from_iterator(texts, vocab_size=size, min_frequency=frequency, show_progress=False,
                                      special_tokens=["<|endoftext|>", "<pad>"])
        model = json.loads(tokenizer.to_str())["model"]
        pieces = sorted(model["vocab"], key=model["vocab"].get)
        result.append({"texts": texts, "size": size, "frequency": frequency, "pieces": pieces[258:],
                       "merges": [" ".join(m) for m in model["merges"]]})
    return result


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    models_ = make_models()
    lines = hard_lines()
    expected = {}
    for name, (model, normalizer, pre_tokenizer, decoder, added_tokens, post, changes) in make_variants(models_).items():
        variant = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens,
                   "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post, "decoder": decoder}
        tokenizer = Tokenizer.from_str(json.dumps({**variant, "model": {**models_[model], **changes}}))
        variant["added_tokens"] = json.loads(tokenizer.to_str())["added_tokens"]
        before = tokenizer.encode("", add_special_tokens=True).ids
        ids, texts, plain = [], [], []
        for begin in range(0, LINES, BLOCK):
            block = lines[begin : begin + BLOCK]
            tokenizer.encode_special_tokens = False
            encoded = [e.ids for e in tokenizer.encode_batch(block, add_special_tokens=False)]
            ids.append(f"{fnv(''.join(' '.join(map(str, e)) + chr(10) for e in encoded)):016x}")
            decoded = [tokenizer.decode(e, skip_special_tokens=True) for e in encoded]
            texts.append(f"{fnv(''.join(d + chr(10) for d in decoded)):016x}")
        expected[name] = {"model": model, "changes": changes, "json": variant, "surrounding": before, "ids": ids,
                          "texts": texts}
        if len(sys.argv) > 2:  # for a closer look
            Path(sys.argv[2], name).mkdir(parents=True, exist_ok=True)
            Path(sys.argv[2], name, "tokenizer.json").write_text(tokenizer.to_str())
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    (folder / "lines.json").write_text(json.dumps({"lines": LINES, "block": BLOCK, "parts": PARTS}, **compact) + "\n")
    (folder / "learned.json").write_text(json.dumps(learned_pairs(), **compact) + "\n")
    (folder / "models.json").write_text(
        "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, **compact)}" for k, v in models_.items()) + "\n}\n")
    (folder / "variants.json").write_text(
        "{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, **compact)}" for k, v in expected.items()) + "\n}\n")


if __name__ == "__main__":
    main()
