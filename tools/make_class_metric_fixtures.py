#!/usr/bin/env python3
"""Writes tests/data/metrics/classes.json: predictions, and what scikit-learn, SciPy, seqeval and
SQuAD's official script say of them.

Needs scikit-learn, SciPy, seqeval 1.2.2, NumPy, and the official script:

    tools/make_class_metric_fixtures.py evaluate-v1.1.py tests/data/metrics/classes.json
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
from scipy import optimize, special, stats
from seqeval.metrics import f1_score as entity_f1
from seqeval.metrics import precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn import metrics


def classes(random):
    cases = []
    for count, examples, skew in ((2, 200, 0.8), (6, 300, 0.6), (5, 40, 0.1), (3, 12, 0.0)):
        right = random.integers(0, count, examples)
        guess = np.where(random.random(examples) < skew, right, random.integers(0, count, examples))
        if count == 5:  # one class occurs nowhere, another is never predicted
            right[right == 3], guess[guess == 3], guess[guess == 1] = 0, 0, 2
        if count == 3:
            guess[:] = 1  # Matthews has no value
        case = {
            "classes": count, "right": right.tolist(), "predicted": guess.tolist(),
            "accuracy": metrics.accuracy_score(right, guess),
            "micro_f1": metrics.f1_score(right, guess, average="micro"),
            "macro_f1": metrics.f1_score(right, guess, average="macro", zero_division=0),
            "matthews": metrics.matthews_corrcoef(right, guess),
            "confusion": metrics.confusion_matrix(right, guess, labels=range(count)).tolist()}
        if count == 2:
            case["f1"] = metrics.f1_score(right, guess)
        cases.append(case)
    return cases


def several(random):
    right = random.random((60, 5)) < [0.5, 0.2, 0.1, 0.3, 0]
    guess = right ^ (random.random((60, 5)) < 0.15)
    return {"right": [np.flatnonzero(r).tolist() for r in right],
            "predicted": [np.flatnonzero(r).tolist() for r in guess],
            "accuracy": metrics.accuracy_score(right, guess),
            "micro_f1": metrics.f1_score(right, guess, average="micro", zero_division=0),
            "macro_f1": metrics.f1_score(right, guess, average="macro", zero_division=0)}


def correlations(random):
    cases = []
    for examples, rounded in ((150, False), (150, True), (7, True)):
        right = random.random(examples) * 5
        guess = right + random.normal(size=examples)
        if rounded:  # ties
            right, guess = np.round(right), np.round(guess * 2) / 2
        cases.append({"right": right.tolist(), "predicted": guess.tolist(),
                      "pearson": stats.pearsonr(right, guess)[0],
                      "spearman": stats.spearmanr(right, guess)[0]})
    return cases


def entities(random):
    sequences = []
    for places in ("BI", "BIES", "BIESO."):
        for length in range(0, 14):
            for _ in range(4):
                tags = []
                for _ in range(length):
                    place = str(random.choice(list(places) + ["O"]))
                    tags.append("O" if place == "O" else
                                place + str(random.choice(["-A", "-B", "-A-x"])))
                sequences.append(tags)
    sequences += [["B"], ["I", "I-A"], ["BA", "IA"], ["O", "E-A", "E-A"], ["S-A", "I-A"]]
    named = [{"tags": tags, "entities": [[t, int(b), int(e) + 1] for t, b, e in get_entities(tags)]}
             for tags in sequences]
    right = [tags for tags in sequences if tags]
    guess = [[str(random.choice(["O", "B-A", "I-A", "B-B"])) if random.random() < 0.2 else t
              for t in tags] for tags in right]
    return {"sequences": named, "right": right, "predicted": guess,
            "f1": entity_f1(right, guess), "precision": precision_score(right, guess),
            "recall": recall_score(right, guess)}


def answers(script):
    pairs = [
        ("the Rhine", ["Rhine", "river Rhine"]), ("Rhine river", ["the river Rhine"]),
        ("", ["the"]), ("a.b.c", ["abc"]), ("An  apple,\tthe pear", ["apple pear", "x"]),
        ("42%", ["42 percent", "about 42%"]), ("Theatre", ["the atre"]), ("the-end", ["theend"]),
        ("İstanbul’un", ["istanbul’un"]), ("STRASSE", ["Straße"]), ("a\u0301 b", ["b"]),
        ("x\u00a0the\u2003y\u001cz", ["x y z"]), ("\u0967 the\u0967", ["\u0967"]), ("²a a²", ["²"]),
        ("the the the", ["a an"]), ("yes yes no", ["yes no no"]), ("ΟΔΟΣ", ["οδος", "οδός"]),
        ("$10 million", ["10 million dollars", "$10 Million"]), ("_a_", ["a"]), ("“The”", ["the"]),
    ]
    rows, exact, f1 = [], 0, 0
    for given, right in pairs:
        e = script.metric_max_over_ground_truths(script.exact_match_score, given, right)
        f = script.metric_max_over_ground_truths(script.f1_score, given, right)
        exact, f1 = exact + e, f1 + f
        rows.append({"given": given, "right": right, "exact": int(e), "f1": f,
                     "normalised": script.normalize_answer(given)})
    return {"pairs": rows, "exact_match": 100.0 * exact / len(pairs), "f1": 100.0 * f1 / len(pairs)}


def calibration(random):
    logits = (random.normal(size=(250, 4)) * 3).astype(np.float32)
    right = np.where(random.random(250) < 0.6, logits.argmax(1), random.integers(0, 4, 250))

    def loss(log_temperature):
        p = special.log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -p[np.arange(250), right].sum()

    temperature = float(np.exp(optimize.minimize_scalar(
        loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x))
    p = special.softmax(logits.astype(np.float64), axis=1)
    sure, hit = p.max(1), p.argmax(1) == right
    error = 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low) & (sure <= low + 1 / 15)
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - hit[inside].mean())
    return {"classes": 4, "logits": logits.flatten().tolist(), "right": right.tolist(),
            "temperature": temperature, "error": error}


def main():
    spec = importlib.util.spec_from_file_location("official", sys.argv[1])
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    random = np.random.default_rng(7)
    result = {"classes": classes(random), "several": several(random),
              "correlations": correlations(random), "entities": entities(random),
              "answers": answers(script), "calibration": calibration(random)}
    pathlib.Path(sys.argv[2]).write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
