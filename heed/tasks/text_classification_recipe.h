// What the recipe of a classifier of texts says, and the checks of it before anything is read.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "heed/data/labelled_texts.h"
#include "heed/metrics/metric.h"
#include "heed/tasks/encoder_recipe.h"
#include "heed/tasks/framed_texts.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/task.h"

namespace heed {

struct TextClassificationData : LabelledTextConfig {
  std::string directory = ".";
  std::vector<std::string> train, validation, test;
  double validation_share = 0.1;
  double train_share = 1;
  int examples_per_class = 0;
  std::string class_weights = "none";
  int max_tokens = 0;
  std::string long_texts = "cut";
  int stride = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    visit("train", train, "files of examples to learn from; .gz as well");
    visit("validation", validation, "held-out examples, to choose the best weights by");
    visit("test", test, "examples to measure the best model on at the end");
    visit(
        "validation_share", validation_share,
        "without validation files: this share of train is held out, of every class alike; 0: none");
    LabelledTextConfig::fields(visit);
    visit("train_share", train_share,
          "learn from this share of the training examples alone, of every class alike");
    visit("examples_per_class", examples_per_class,
          "learn from so many examples of each class alone; 0: from all");
    visit("class_weights", class_weights,
          "factors on the loss: none, or balanced (each class has the same weight in all)");
    visit("max_tokens", max_tokens,
          "longest text in tokens, special ones included; 0: as long as the model takes");
    visit("long_texts", long_texts,
          "what is longer is cut off (cut) or read in windows that overlap (windows): each learns "
          "the label, and the mean of their scores counts");
    visit("stride", stride, "tokens from one window to the next; 0: half a window");
  }
};

struct TextClassificationRecipe : RunSettings {
  TextClassificationData data;
  TokenizerConfig tokenizer;
  AdaptedModel model;
  AdaptingConfig adapting;

  TextClassificationRecipe();

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    visit("data", data, "the texts and their labels");
    visit("tokenizer", tokenizer, "how text becomes tokens, without init_from");
    visit("model", model, "the encoder");
    visit("adapting", adapting, "what learns, and how");
    training_fields(visit);
  }
};

// Errors (usage) name `source` or the key.
void check_text_classification_recipe(const TextClassificationRecipe& recipe,
                                      const std::string& source);

// The paths of some of the data's files.
std::vector<std::filesystem::path> files_of(const TextClassificationRecipe& recipe,
                                            const std::vector<std::string>& names);

// "single_label", "multi_label" or "regression".
std::string problem_of(const LabelledTextConfig& config);

// How texts are read by a model that takes so many tokens.
LengthRule length_rule(const TextClassificationData& data, std::int64_t longest);

// What is measured of such a problem, the first of it decides; all of the same rows.
std::vector<std::shared_ptr<const Metric>> label_metrics(const std::string& problem,
                                                         std::int64_t classes);

}  // namespace heed
