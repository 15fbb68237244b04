// The texts of a classifier's recipe, ready to be trained on.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "heed/base/json.h"
#include "heed/tasks/classified_texts.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/text_classification_recipe.h"
#include "heed/text/tokenizer.h"

namespace heed {

// What is learned from and validated on, as read.
struct ClassificationSets {
  std::vector<LabelledText> train, validation;
  LabelSet labels;  // none for numbers
};

class TextClassificationTexts : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  ClassificationSets sets;
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

// Held out and cut down as the recipe says. Errors: those of read_labelled_texts and LabelSet;
// bad_data: nothing left to learn from.
ClassificationSets read_classification_sets(const TextClassificationRecipe& recipe);

// Reads every file of the recipe, those of the test as well, and looks for labels that occur in no
// training text. Errors: the same.
void check_text_classification_data(const TextClassificationRecipe& recipe);

// Fills `place`: tokenizer/.
std::shared_ptr<const TextClassificationTexts> prepare_text_classification(
    const TextClassificationRecipe& recipe, const TaskPlace& place);

Json text_classification_identity(const TextClassificationRecipe& recipe);

// A factor for each class: training texts / (classes · texts of the class); none unless asked for.
std::vector<double> class_weights_of(const TextClassificationRecipe& recipe,
                                     const ClassificationSets& sets);

}  // namespace heed
