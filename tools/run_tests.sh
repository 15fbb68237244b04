#!/bin/sh
# Runs every test of a build directory in parallel, shows what failed, and ends with a line
# "N passed, N failed, N skipped" that counts the cases of the test programs, and the other tests as
# one each. A line above it tells why cases were skipped, and so what they need.
#
#   tools/run_tests.sh build [ctest options]
set -eu

directory=$1
shift
jobs=${HEED_TEST_JOBS:-$(nproc)}
status=0
ctest --test-dir "$directory" --output-on-failure --parallel "$jobs" --timeout 1200 "$@" \
  </dev/null || status=$?

summary=$(awk '
  /^[0-9]+\/[0-9]+ Test: / { passed = 0; failed = 0 }
  /^\[  PASSED  \] [0-9]+ tests?\./ { passed = $4 }
  /^\[  FAILED  \] [0-9]+ tests?, listed below/ { failed = $4 }
  /: Skipped$/ { wants_reason = 1; next }
  wants_reason { reason = $0; wants_reason = 0 }
  # With its time: once in the course of the program, and not again in its list at the end.
  /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ {
    ++skipped
    if (!count[reason]++) reasons[++reason_count] = reason
  }
  # A program in which nothing but skips happened has passed nothing.
  /^Test Passed\.$/ { all_passed += passed > 0 || skipped > skipped_before ? passed : 1
                      skipped_before = skipped }
  /^Test Failed\.$/ { all_passed += passed; all_failed += failed > 0 ? failed : 1
                      skipped_before = skipped }
  END {
    for (i = 1; i <= reason_count; ++i)
      printf "%s%d %s", i == 1 ? "skipped: " : "; ", count[reasons[i]], reasons[i]
    if (reason_count) printf "\n"
    printf "%d passed, %d failed", all_passed, all_failed
    if (skipped) printf ", %d skipped", skipped
    printf "\n"
  }
' "$directory/Testing/Temporary/LastTest.log")
echo
echo "$summary"

# ctest also fails for what the log does not count, such as a test program that was not built.
exit "$status"
