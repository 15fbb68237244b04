// Trains and tests every variant of a study with every seed, and writes what they show.
#pragma once

#include <filesystem>
#include <string>

#include "heed/tasks/run.h"
#include "heed/tasks/study.h"

namespace heed {

// Works in `directory`, created if missing and locked:
//
//   VARIANT/seed-N/    a run directory like any other, with results.json, measures.json and test/
//   data/              corpora, tokenizers and encoded sets that variants share
//   study.yaml         what is compared
//   comparison.html    the page; comparison.md and comparison.json hold the same
//
// Every variant is tried out before the first one is trained. With RunOptions::resume, runs that
// are done are not repeated, and the one that was interrupted goes on from its checkpoint; more
// variants, seeds or lengths than before are added.
//
// Errors: usage (a variant that its model refuses, with the reason; a directory that holds a
// comparison already, or none and a resume; a recipe or data that changed since), and those of
// training.
struct StudyOutcome {
  int interrupted = 0;  // what ended the training of a run before its time, or 0
  std::string text;     // the tables and findings, for a terminal
};
StudyOutcome run_study(const Study& study, const std::filesystem::path& directory,
                       const RunOptions& options = {});

}  // namespace heed
