// Reading what a tagger's recipe names.
//
// Thread-safety: functions, from any thread.
#pragma once

#include <memory>
#include <vector>

#include "heed/tasks/token_classification.h"

namespace heed {

// Everything but tokenizers and fingerprints. Errors: those of read_tagged_sentences; bad_data: a
// tag of held-out sentences that no training sentence has, one tag only, entities asked for where
// tags are none.
TokenClassificationTexts read_token_classification(const TokenClassificationRecipe& recipe);

// The test sentences. Errors: the same.
std::vector<TaggedSentence> read_test_sentences(const TokenClassificationRecipe& recipe);

// Reads all files, those of the test as well.
void check_token_classification_data(const TokenClassificationRecipe& recipe);

std::shared_ptr<const TokenClassificationTexts> prepare_token_classification(
    const TokenClassificationRecipe& recipe, const TaskPlace& place);

Json token_classification_identity(const TokenClassificationRecipe& recipe);

}  // namespace heed
