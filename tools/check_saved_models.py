"""Checks that Transformers loads what heed saves, and that both compute the same.

    python tools/check_saved_models.py [--build build] [--gguf FILE.gguf] [--families llama,t5]

A tiny model of each family is trained for some steps and exported by heed, loaded by Transformers
with its tokenizer, and asked for the ids of hard lines and the logits after each of their tokens;
so is a GGUF file, exported as llama, and what Transformers saves again is loaded by heed. Exit code
1 where ids differ, or logits by more than 1e-4, and above 10 by more than 1e-5 of the largest: both
programs round in float32, and what they round is in proportion. Needs torch, transformers, sentencepiece, and the
targets heed_application and example_logits.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

SMALL = "model.layers=2 model.d_model=32 model.heads=4 model.max_length=64"
LLAMA = SMALL + " model.preset=llama-260k model.feed_forward_size=48"
QWEN = LLAMA + " model.attention.key_heads=2 model.attention.topology=window model.attention.window=5"
PAIRS = ("model.encoder_layers=2 model.decoder_layers=1 model.d_model=32 model.heads=4 "
         "model.feed_forward_size=48 model.max_length=64")
T5 = (PAIRS + " model.norm=pre model.norm_kind=rms model.norm_epsilon=1e-6 model.position.kind=t5 "
      "model.attention.kind=dot model.attention.biases=none model.feed_forward_bias=false "
      "model.output_bias=false model.scale_embeddings=false")
# Family, and which of its kinds: task, keys of the recipe.
FAMILIES = {
    "gpt2": ("language_modelling", SMALL + " model.preset=gpt2-124m model.feed_forward_size=64"),
    "llama": ("language_modelling", LLAMA + " model.attention.key_heads=2"),
    "mistral": ("language_modelling", QWEN),
    "qwen2": ("language_modelling", QWEN + " model.attention.biases=qkv model.attention.windows=[0,5]"),
    "qwen3": ("language_modelling", QWEN + " model.attention.qk_norm=true model.attention.windows=[5,0]"
              " model.tie_embeddings=none model.norm_epsilon=1e-6"),
    "t5": ("translation", T5 + " model.tie_embeddings=all model.logit_scale=0.17677669529663687 "
           "model.activation=relu"),
    "t5 gated": ("translation", T5 + " model.tie_embeddings=all model.activation=geglu_tanh"),
    "marian": ("translation", PAIRS + " model.activation=silu"),
}
TEXT = ("the cat sat on the mat, and the dog sat on the log.\nOnce upon a time there were 42 hens — "
        "naïve ones; 東京 has 13.9 million people.\nit's   spaces\tand tabs, i'll say \"so\".\n")
LINES = ["the cat sat on the log", "Once upon a time", "naïve 東京 hens, 13.9!", "  it's   so  ",
         "unseen zebra 😀 é", "\"so\" — and 42"]


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return result.stdout


def train(build, folder, family):
    """A run of a few steps of this family's kind."""
    task, keys = FAMILIES[family]
    (folder / "text").write_text(TEXT * 40, encoding="utf-8")
    pairs = task == "translation"
    data = "{train: {source: [text], target: [text]}}" if pairs else "{train: [text], window: 32}"
    tokenizer = "sentencepiece-unigram" if pairs else "byte-level-bpe"
    (folder / "recipe.yaml").write_text(
        f"task: {task}\ndata: {data}\n"
        f"tokenizer: {{kind: {tokenizer}, vocabulary_size: {120 if pairs else 300}, "
        f"{'hard_vocab_limit: false, ' if pairs else ''}minimum_frequency: 1}}\n"
        "batches: {batch_tokens: 256}\nschedule: {learning_rate: 0.01}\n"
        "training: {max_steps: 20}\n", encoding="utf-8")
    settings = [part for key in keys.split() for part in ("--set", key)]
    run(build / "heed", "train", "recipe.yaml", "--run", "run", *settings, cwd=folder)
    return folder / "run"


def ours(build, directory, line, pairs):
    """heed's ids (of the source, and what is begun) and its logits."""
    text = run(build / "examples" / "example_logits", directory,
               input=f"{line}\t{line}\n" if pairs else line + "\n").splitlines()
    ids = [[int(word) for word in row.split()] for row in text[:2 if pairs else 1]]
    return ids, torch.tensor([[float(word) for word in row.split()] for row in text[len(ids):]])


def compare(build, directory, pairs):
    """Loads the directory there and here; returns the model, the tokenizer, the greatest difference and
    whether it is within bounds."""
    kind = AutoModelForSeq2SeqLM if pairs else AutoModelForCausalLM
    model = kind.from_pretrained(directory, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    largest, sound = 0.0, True
    for line in LINES:
        ids, logits = ours(build, directory, line, pairs)
        expected = tokenizer(line).input_ids
        if ids[0] != expected:
            sys.exit(f"{directory}: {line!r} is {ids[0]} here and {expected} there")
        given = {"input_ids": torch.tensor([ids[0]])}
        if pairs:
            given["decoder_input_ids"] = torch.tensor([ids[1]])
        with torch.no_grad():
            found = model(**given).logits[0]
        if found.shape != logits.shape:
            sys.exit(f"{directory}: logits {tuple(logits.shape)} here, {tuple(found.shape)} there")
        difference = (found - logits).abs().max().item()
        largest = max(largest, difference)
        sound &= difference <= max(1e-4, 1e-5 * found.abs().max().item())
    return model, tokenizer, largest, sound


def check(build, name, directory, pairs, again):
    model, tokenizer, largest, sound = compare(build, directory, pairs)
    model.save_pretrained(again)
    tokenizer.save_pretrained(again)
    _, _, back, sound_again = compare(build, again, pairs)
    print(f"{name:8} {type(model).__name__:28} ids of {len(LINES)} lines agree; logits differ by at "
          f"most {largest:.1e}, saved by Transformers again {back:.1e}", flush=True)
    return sound and sound_again


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--gguf", type=pathlib.Path)
    parser.add_argument("--families", default=",".join(FAMILIES))
    options = parser.parse_args()
    build, sound = options.build.resolve(), True
    for family in filter(None, options.families.split(",")):
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            trained = train(build, folder, family)
            run(build / "heed", "export", trained, folder / "saved", "--family", family.split()[0])
            pairs = FAMILIES[family][0] == "translation"
            sound &= check(build, family, folder / "saved", pairs, folder / "again")
    if options.gguf:
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            run(build / "heed", "export", options.gguf, folder / "saved", "--family", "llama")
            sound &= check(build, "GGUF", folder / "saved", False, folder / "again")
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
