// What language models are tested on: the windows of a test text, of one length or of several.
#pragma once

#include "apps/heed/test_sets.h"

namespace heed::app {

// The bits per character of a recipe's model on windows, as a row for each.
SetResult score_windows(const TokenStore& windows, const Recipe& recipe, const TrainedModel& model);

// The test text of a recipe (for want of one its validation text) in windows as long as those
// trained on; with `multiples` of that length in windows of each of them as well, all cut from the
// same tokens: as many of the text's as make whole windows of every length. Encoded sets are kept
// in `directory`/cache. Errors: usage when there is no such text, or when it is too short for that.
TestPlan plan_text_tests(const Recipe& recipe, const std::vector<double>& multiples,
                         const TrainingData& data, const std::filesystem::path& directory);

}  // namespace heed::app
