#!/usr/bin/env python3
"""Times CTranslate2 on a translator of heed's, for comparison with heed_decoding_speed.

    ctranslate2_decoding.py --model run/best --source test.en --beam 5 --batch 64 --precision int8

The model directory must be in the Marian layout (post-norm, sinusoidal positions in halves), which
CTranslate2's own converter reads; the converted model is kept in --converted. Prints JSON objects as
heed_decoding_speed does: tokens of the best hypotheses over the wall time from lines of text to
lines of text. Each beam is measured with one worker that has all threads and with one worker for each
thread: which is faster depends on the model.
"""

import argparse
import json
import os
import pathlib
import time

LEAST_SECONDS = 1  # as heed_decoding_speed


def parse_arguments():
    parser = argparse.ArgumentParser(description="Times decoding in CTranslate2")
    parser.add_argument("--model", required=True)
    parser.add_argument("--converted", required=True, help="where the converted model is kept")
    parser.add_argument("--source", required=True)
    parser.add_argument("--beam", type=int, nargs="+", default=[5, 1])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--sentences", type=int, default=0, help="the first so many; 0: all")
    parser.add_argument("--precision", choices=["float32", "int8"], default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="+", help="default: 1, and one for each thread")
    return parser.parse_args()


def main():
    options = parse_arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    import ctranslate2
    import sentencepiece

    if not pathlib.Path(options.converted, "model.bin").exists():
        ctranslate2.converters.TransformersConverter(options.model).convert(options.converted)
    model = pathlib.Path(options.model)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model / "source.spm"))
    target = sentencepiece.SentencePieceProcessor(model_file=str(model / "target.spm"))
    settings = json.loads((model / "generation_config.json").read_text())
    lines = [line for line in pathlib.Path(options.source).read_text().splitlines() if line]
    lines = lines[: options.sentences or len(lines)]

    def translate(translator, some, beam):
        sources = [pieces.encode(line, out_type=str) + ["</s>"] for line in some]
        results = translator.translate_batch(
            sources,
            beam_size=beam,
            max_batch_size=options.batch,
            length_penalty=settings["length_penalty"],
            max_decoding_length=256,
        )
        best = [result.hypotheses[0] for result in results]
        texts = [target.decode(tokens) for tokens in best]
        assert any(texts)
        return sum(len(tokens) + 1 for tokens in best)

    for workers in sorted(set(options.workers or [1, options.threads])):
        translator = ctranslate2.Translator(
            options.converted,
            device="cpu",
            compute_type=options.precision,
            inter_threads=workers,
            intra_threads=options.threads // workers,
        )
        for beam in options.beam:
            translate(translator, lines[: 2 * options.batch], beam)  # warm
            begin = time.perf_counter()
            tokens, seconds = 0, 0.0
            while seconds < LEAST_SECONDS:
                tokens += translate(translator, lines, beam)
                seconds = time.perf_counter() - begin
            result = {
                "program": "CTranslate2",
                "version": ctranslate2.__version__,
                "kind": "decoding",
                "model": options.model,
                "beam": beam,
                "batch": options.batch,
                "precision": options.precision,
                "threads": options.threads,
                "workers": workers,
                "sentences": len(lines),
                "tokens": tokens,
                "seconds": seconds,
            }
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
