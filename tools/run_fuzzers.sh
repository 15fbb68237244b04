#!/bin/sh
# Runs the libFuzzer programs of a build directory, FUZZ_SECONDS (60) each, as many at a time as
# there are cores. Each begins from its seeds and from what earlier runs found, which stays in
# DIRECTORY/fuzz/TARGET/corpus. Ends with an error when one fails, and says how to run it again.
#
#   [FUZZ_TARGETS="yaml numpy"] tools/run_fuzzers.sh build-fuzz
set -eu

if [ "${1:-}" = --one ]; then
  programs=$2
  name=$3
  place=$programs/../../fuzz/$name
  mkdir -p "$place/corpus" "$place/failures"
  "$programs/heed_fuzz_$name" --write-seeds "$place/seeds" >"$place/log" 2>&1
  if "$programs/heed_libfuzzer_$name" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=20 \
    -malloc_limit_mb=512 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$place/failures/" "$place/corpus" "$place/seeds" >>"$place/log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$place/log" | tail -n 1)
    echo "$name: $runs inputs, $covered edges covered"
    exit 0
  fi
  tail -n 30 "$place/log"
  echo "$name: FAILED; run again: $programs/heed_libfuzzer_$name $place/failures/…"
  exit 1
fi

programs=$1/tests/fuzz
names=${FUZZ_TARGETS:-$(cd "$programs" && ls -d heed_libfuzzer_* | sed 's/^heed_libfuzzer_//')}
printf '%s\n' $names | xargs -P "$(nproc)" -n 1 "$0" --one "$programs"
