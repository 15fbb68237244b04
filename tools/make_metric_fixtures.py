#!/usr/bin/env python3
"""Writes tests/data/metrics: synthetic corpora, system outputs, and what sacreBLEU says of them.

Needs sacrebleu 2.6.0 and NumPy 2. The same call writes the same bytes:

    tools/make_metric_fixtures.py tests/data/metrics

Written are
  CORPUS.refN.txt, CORPUS.SYSTEM.txt   one segment per line, UTF-8, lines end at \\n alone
  scores.jsonl      for each corpus and setting the printed line of each system; what the lines have
                    in common stands in "head"
  sentences.jsonl   the same for single sentences
  command.jsonl     the lines that the `sacrebleu` command prints with confidence intervals
  paired.jsonl      paired bootstrap tests, numbers in full
  tokens.jsonl      odd lines with their tokens by each tokenizer
  random.json       numbers drawn by NumPy
"""

import itertools
import json
import os
import pathlib
import random
import subprocess
import sys

import numpy as np
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

LINES = 500
TOKENIZERS = ["13a", "intl", "char", "none", "zh"]

ENGLISH = [
    "The {a} {n} {v} the {n2} on {d}.",
    "{name} said: \"We {v} {num} {n}s, didn't we?\"",
    "It cost {money} - a {a}, well-known price (plus {pct} tax).",
    "In {year}, {num} {n}s {v} near the {a} {n2}; nobody knew why!",
    "Is the {n} [sic] of {name}'s {n2} {a}/{a2} or not?",
    "{a2}: {n} no. {small}, see p. {small}-{small} & fig. {small}.{small}",
]
GERMAN = [
    "Der {a} {n} {v} am {d} über die Straße.",
    "{name} fragte: „Warum {v} {num} {n}?“ – keine Antwort …",
    "Es kostete {money}, also {pct} mehr als im Jahr {year}.",
    "Größe: {small} × {small} m², Übung Nr. {small}; {a} und {a2}.",
]
WORDS = {
    "a": "small red old quick déjà-vu naïve large twenty-first groß schön".split(),
    "n": "dog house bridge engineer committee café Mädchen Fußgänger parser".split(),
    "v": "sees bought had crossed didn't mention weren't möchte läuft".split(),
    "name": "Anna O'Neill|Jürgen Weiß|Dr. Smith|ΟΔΥΣΣΕΥΣ|İpek|Mr. X".split("|"),
}
CHINESE = [
    "{s}在{year}年{month}月{v}了{num}{o}。",
    "“{s}为什么{v}{o}？”{s2}问道。",
    "{s}的{o}价格是{money}，比去年上涨了{pct}！",
    "据{s}报道，{s2}（{abbr}）将{v}{o}、{o2}和{o}……",
    "{s}用{abbr} {small}.0{v}{o}；{s2}不同意。",
]
CHINESE_WORDS = {
    "s": "小明 老师 北京大学 中国政府 张先生 记者 工程师 联合国".split(),
    "v": "购买 讨论 发现 研究 翻译 取消 批准 参观".split(),
    "o": "一本书 新的计划 自行车 机器翻译系统 合同 桥梁 长城 电影".split(),
    "abbr": "GDP WTO iPhone AI Ｗｅｂ Windows".split(),
}
ODD = [
    "", " ", ".", "...", "--", "-", "#", "\u00a0", "\u3000", "1", "a", "?!",
    "1,000.5 vs. 1.000,5 and 1'000 or .5, 5. and ,5",
    "€5.99, $1,234.00, £3, ¥500, 20%, 5‰, 3 + 4 = 7, 2^10 < 10^4, a|b~c`d",
    "&quot;quoted&quot; &amp; &lt;tag&gt; &amp;lt; &apos;x&apos; <skipped> a<skipped>b",
    "http://example.org/a-b_c?d=e&f=g#h, mail: some.one+tag@example.org.",
    "don't can't it's 'tis rock'n'roll “smart” ‘quotes’ «guillemets» ‹x›",
    "well-known 1-2-3 a-1 1-a -5 --flag e-mail 2019-12-31 10:30-11:00",
    "non\u00a0breaking\u202fspace, thin\u2009space, zero\u200bwidth, soft\u00adhyphen, tab\there",
    "separators \u001c \u001d \u001e \u001f \u0085 \u2028 \u2029 end",
    "carriage\rreturn, vertical\u000btab, form\u000cfeed",
    "smile 😀 family 👨\u200d👩\u200d👧 flag 🇩🇪 heart ❤\ufe0f arrow → math ∑ √2 ≤ 3 © ® ™ ° §",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ Σ ΑΣ. İSTANBUL I ı DŽ ẞ STRASSE ﬁ Ǆ",
    "e\u0301 vs é, Å vs Å, ½ cup, x², Ⅷ, ٣٤, ①②, 二〇二一年",
    "العربية، نص؛ سؤال؟ עברית: \"ציטוט\" ไทย हिन्दी। 한국어, 日本語「括弧」。カタカナ・テスト",
    "全角ＡＢＣ１２３，．！？　半角ｱｲｳ ㈱ ㎏ ⿰ ㄅㄆ 𠀀𠮷 丽 ⼀ ︵︶ ☀ ✂ ㋀",
    ",,,...,,, .,. a., ,.b 1.,2 3,.4 ..5 6..",
    "(((nested [brackets {here}]))) \\backslash/ /slash\\ *star* _under_ `tick`",
    "ALL CAPS SENTENCE WITH NUMBERS 42 AND A FINAL STOP .",
    "  leading and trailing spaces   ", "\ttabs\t", "x" * 70, "a a a a a a a a b a a a a",
]


def template_line(rng, templates, words):
    money = rng.choice(["$1,234.50", "€3.99", "1.000,50 €", "£20", "¥5000", "99¢"])
    fields = {key: rng.choice(values) for key, values in words.items()}
    fields.update({key + "2": rng.choice(values) for key, values in words.items()})
    fields.update(
        money=money, pct=rng.choice(["5%", "12.5 %", "0,3%", "100%"]),
        num=rng.choice(["3", "1,000", "1.000", "2,500.75", "-7", "one", "12"]),
        year=rng.randint(1950, 2030), month=rng.randint(1, 12), small=rng.randint(1, 99),
        d=rng.choice(["3.4.2021", "2021-04-03", "the 3rd of March", "Monday, 10:30"]))
    return rng.choice(templates).format(**fields)


def odd_line(rng):
    parts = [rng.choice(ODD) for _ in range(rng.choice([0, 1, 1, 2]))]
    return rng.choice([" ", "", ", "]).join(parts)


def perturb(rng, text, strength, by_character):
    """A worse copy of a line: units dropped, doubled, swapped, changed in case or punctuation."""
    units = list(text) if by_character else text.split(" ")
    result = []
    for unit in units:
        if rng.random() >= strength:
            result.append(unit)
            continue
        kind = rng.randrange(7)
        if kind == 1:
            result += [unit, unit]
        elif kind == 2 and result:
            result.insert(-1, unit)
        elif kind == 3:
            result.append(unit.upper() if rng.random() < 0.5 else unit.lower())
        elif kind == 4:
            result.append(unit + rng.choice([".", ",", " -", "!", "…", "。", "”", "😀"]))
        elif kind == 5:
            result.append(rng.choice(units))
        elif kind == 6:
            result.append(unit.strip(".,!?。"))
    return ("" if by_character else " ").join(result)


class Corpus:
    """References, and systems by name."""

    def __init__(self, name, rng, line, reference_count, systems, by_character=False):
        self.name = name
        truth = [line(rng) for _ in range(LINES)]
        self.references = [truth]
        for number in range(1, reference_count):
            self.references.append([perturb(rng, t, 0.15 * number, by_character) for t in truth])
        self.systems = {}
        for system, strength, empty in systems:
            output = [perturb(rng, rng.choice(pair), strength, by_character)
                      for pair in zip(*self.references)]
            for index in rng.sample(range(LINES), empty):
                output[index] = ""
            self.systems[system] = output

    def write(self, directory):
        files = {f"ref{i}": r for i, r in enumerate(self.references)} | self.systems
        for name, lines in files.items():
            path = directory / f"{self.name}.{name}.txt"
            path.write_bytes("".join(line + "\n" for line in lines).encode())


def make_corpora():
    rng = random.Random(20240607)
    words = {key: list(values) for key, values in WORDS.items()}
    return [
        Corpus("western", rng, lambda r: template_line(r, ENGLISH + GERMAN, words), 3,
               [("a", 0.05, 0), ("b", 0.15, 3), ("c", 0.3, 0), ("d", 0.6, 20), ("e", 0.9, 100)]),
        Corpus("chinese", rng, lambda r: template_line(r, CHINESE, CHINESE_WORDS), 2,
               [("a", 0.05, 1), ("b", 0.2, 0), ("c", 0.5, 30)], by_character=True),
        Corpus("odd", rng, odd_line, 2,
               [("a", 0.1, 0), ("b", 0.3, 10), ("c", 0.5, 0), ("d", 0.8, 250)]),
    ]


def bleu(settings):
    return BLEU(tokenize=settings["tokenize"], lowercase=settings["lowercase"],
                smooth_method=settings["smooth"], smooth_value=settings["smooth_value"],
                effective_order=settings["effective_order"])


def chrf(settings):
    return CHRF(word_order=settings["word_order"], lowercase=settings["lowercase"],
                whitespace=settings["whitespace"], char_order=settings["char_order"],
                beta=settings["beta"])


def bleu_settings(tokenize="13a", lowercase=False, smooth="exp", smooth_value=None,
                  effective_order=False):
    return {"metric": "bleu", "tokenize": tokenize, "lowercase": lowercase, "smooth": smooth,
            "smooth_value": smooth_value, "effective_order": effective_order}


def chrf_settings(word_order=0, lowercase=False, whitespace=False, char_order=6, beta=2):
    return {"metric": "chrf", "word_order": word_order, "lowercase": lowercase,
            "whitespace": whitespace, "char_order": char_order, "beta": beta}


def metric_of(settings):
    return bleu(settings) if settings["metric"] == "bleu" else chrf(settings)


def all_settings():
    smoothings = [("none", None), ("floor", None), ("add-k", None), ("exp", None),
                  ("floor", 0.37), ("add-k", 0.25)]
    for (smooth, value), tokenize, lowercase in itertools.product(
            smoothings, TOKENIZERS, [False, True]):
        if value is None or tokenize == "13a":
            yield bleu_settings(tokenize, lowercase, smooth, value)
    yield bleu_settings("intl", effective_order=True)
    for word_order, lowercase, whitespace in itertools.product([0, 2], [False, True], [False, True]):
        yield chrf_settings(word_order, lowercase, whitespace)
    yield chrf_settings(1, char_order=4, beta=3)


def with_interval(settings):
    """Whether the bootstrap runs for these settings: it takes its time here."""
    return settings in (bleu_settings(), bleu_settings("intl", lowercase=True),
                        bleu_settings("char", smooth="floor"), bleu_settings("zh", smooth="add-k"),
                        bleu_settings("none", smooth="none"), chrf_settings(), chrf_settings(2),
                        chrf_settings(2, lowercase=True, whitespace=True))


def score_records(corpora):
    """Every setting on every system, with one reference and with all."""
    for corpus, settings in itertools.product(corpora, all_settings()):
        for count in sorted({1, len(corpus.references)}):
            for samples, width in [(1, 1), (137, 2)] if with_interval(settings) else [(1, 2)]:
                lines = {}
                for system, output in corpus.systems.items():
                    metric = metric_of(settings)
                    score = metric.corpus_score(output, corpus.references[:count],
                                                n_bootstrap=samples)
                    head = f"{score.name}|{metric.get_signature().format()} = "
                    line = score.format(width, signature=metric.get_signature().format())
                    lines[system] = line.removeprefix(head)
                yield {"corpus": corpus.name, "references": count, **settings, "samples": samples,
                       "width": width, "head": head, "lines": lines}


def sentence_records(corpora):
    for corpus, system, settings in [("odd", "b", bleu_settings("intl", effective_order=True)),
                                     ("western", "d", bleu_settings(smooth="floor",
                                                                    effective_order=True)),
                                     ("odd", "c", chrf_settings(2)), ("chinese", "b", chrf_settings())]:
        found = next(c for c in corpora if c.name == corpus)
        metric = metric_of(settings)
        lines = []
        for index, hypothesis in enumerate(found.systems[system][:250]):
            score = metric.sentence_score(hypothesis, [r[index] for r in found.references])
            head = f"{score.name}|{metric.get_signature().format()} = "
            line = score.format(2, signature=metric.get_signature().format())
            lines.append(line.removeprefix(head))
        yield {"corpus": corpus, "system": system, "references": len(found.references), **settings,
               "head": head, "lines": lines}


def command_records(corpora, directory):
    """What the command prints, 1000 samples; it strips the alignment of several lines."""
    environment = dict(os.environ, NO_COLOR="1")
    environment.pop("SACREBLEU_SEED", None)
    for corpus in corpora:
        for (system, _), word_order in zip(corpus.systems.items(), itertools.cycle([0, 2])):
            files = [f"{corpus.name}.ref{i}.txt" for i in range(len(corpus.references))]
            tokenize = "zh" if corpus.name == "chinese" else "13a"
            printed = subprocess.run(
                [sys.executable, "-m", "sacrebleu", *files, "-i", f"{corpus.name}.{system}.txt",
                 "-m", "bleu", "chrf", "-ci", "--chrf-word-order", str(word_order), "-tok",
                 tokenize, "--format", "text", "-w", "2" if word_order else "1"],
                cwd=directory, env=environment, check=True, capture_output=True).stdout.decode()
            yield {"corpus": corpus.name, "system": system, "references": len(files),
                   "tokenize": tokenize, "word_order": word_order, "width": 2 if word_order else 1,
                   "lines": [line.strip() for line in printed.splitlines()]}


def paired_records(corpora):
    for corpus in corpora:
        names = list(corpus.systems)
        for samples, settings in [(1000, bleu_settings()), (999, chrf_settings()),
                                  (130, bleu_settings("char")), (77, chrf_settings(2))]:
            test = PairedTest([(n, corpus.systems[n]) for n in names], {"m": metric_of(settings)},
                              corpus.references, test_type="bs", n_samples=samples)
            _, scores = test()
            results = next(v for k, v in scores.items() if k != "System")
            yield {"corpus": corpus.name, "references": len(corpus.references), **settings,
                   "samples": samples,
                   "systems": [{"system": n, "score": r.score, "mean": float(r.mean),
                                "half_width": float(r.ci), "p_value": r.p_value}
                               for n, r in zip(names, results)]}


def token_records():
    rng = random.Random(7)
    for line in ODD + [odd_line(rng) for _ in range(60)]:
        tokens = {name: bleu(bleu_settings(name))._preprocess_segment(line).split()
                  for name in TOKENIZERS}
        lowered = bleu(bleu_settings("none", True))._preprocess_segment(line).split()
        yield {"line": line, "tokens": tokens, "lowered": lowered}


def random_numbers():
    records = []
    for seed in [0, 1, 12345, 2**32 - 1, 2**32, 2**64 - 1]:
        drawn = {"seed": seed}
        drawn["u64"] = [str(int(x)) for x in np.random.default_rng(seed).bit_generator.random_raw(5)]
        for bound in [1, 2, 7, 500, 1000, 3000000000, 2**32 - 1]:
            drawn[str(bound)] = [int(x) for x in np.random.default_rng(seed).choice(bound, size=40)]
        records.append(drawn)
    return records


def write_lines(path, records):
    text = "".join(json.dumps(record, ensure_ascii=True) + "\n" for record in records)
    path.write_text(text, encoding="ascii")


def main():
    if sacrebleu.__version__ != "2.6.0" or int(np.__version__.split(".")[0]) != 2:
        sys.exit("make_metric_fixtures: needs sacrebleu 2.6.0 and NumPy 2")
    os.environ.pop("SACREBLEU_SEED", None)
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    corpora = make_corpora()
    for corpus in corpora:
        corpus.write(directory)
    write_lines(directory / "scores.jsonl", score_records(corpora))
    write_lines(directory / "sentences.jsonl", sentence_records(corpora))
    write_lines(directory / "command.jsonl", command_records(corpora, directory))
    write_lines(directory / "paired.jsonl", paired_records(corpora))
    write_lines(directory / "tokens.jsonl", token_records())
    (directory / "random.json").write_text(json.dumps(random_numbers()) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
