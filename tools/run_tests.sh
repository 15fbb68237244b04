#!/bin/sh
# Runs every test of a build directory in parallel, shows what failed, and ends with a line
# "N passed, N failed" that counts the cases of the test programs, and the other tests as one each.
#
#   tools/run_tests.sh build [ctest options]
set -eu

directory=$1
shift
jobs=${HEED_TEST_JOBS:-$(nproc)}
status=0
ctest --test-dir "$directory" --output-on-failure --parallel "$jobs" --timeout 1200 "$@" \
  </dev/null || status=$?

counts=$(awk '
  /^[0-9]+\/[0-9]+ Test: / { passed = 0; failed = 0 }
  /^\[  PASSED  \] [0-9]+ tests?\./ { passed = $4 }
  /^\[  FAILED  \] [0-9]+ tests?, listed below/ { failed = $4 }
  /^Test Passed\.$/ { all_passed += passed > 0 ? passed : 1 }
  /^Test Failed\.$/ { all_passed += passed; all_failed += failed > 0 ? failed : 1 }
  END { printf "%d passed, %d failed\n", all_passed, all_failed }
' "$directory/Testing/Temporary/LastTest.log")
echo
echo "$counts"

# ctest also fails for what the log does not count, such as a test program that was not built.
exit "$status"
