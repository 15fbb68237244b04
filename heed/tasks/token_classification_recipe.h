// What the recipe of a tagger says, and the checks of it before anything is read.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "heed/data/tagged_sentences.h"
#include "heed/metrics/metric.h"
#include "heed/tasks/encoder_recipe.h"
#include "heed/tasks/framed_texts.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/task.h"

namespace heed {

struct TokenClassificationData : TaggedTextConfig {
  std::string directory = ".";
  std::vector<std::string> train, validation, test;
  double validation_share = 0.1;
  double train_share = 1;
  std::string scheme = "auto";
  int max_tokens = 0;
  int stride = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    visit("train", train, "files of sentences to learn from; .gz as well");
    visit("validation", validation, "held-out sentences, to choose the best weights by");
    visit("test", test, "sentences to measure the best model on at the end");
    visit("validation_share", validation_share,
          "without validation files: this share of train is held out; 0: none");
    visit("train_share", train_share, "learn from this share of the training sentences alone");
    TaggedTextConfig::fields(visit);
    visit("scheme", scheme,
          "what tags mean: entities (BIO, BIOES), tags (each by itself), or auto (entities where "
          "all training tags are O or B, I, E, S with a type)");
    visit("max_tokens", max_tokens,
          "longest window in tokens, special ones included; 0: as long as the model takes");
    visit("stride", stride,
          "tokens from one window of a longer sentence to the next; 0: half a window. A word's tag "
          "is that of the window in which most stands around it");
  }
};

struct TokenClassificationRecipe : RunSettings {
  TokenClassificationData data;
  TokenizerConfig tokenizer;
  AdaptedModel model;
  AdaptingConfig adapting;

  TokenClassificationRecipe();

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    visit("data", data, "the sentences and their tags");
    visit("tokenizer", tokenizer, "how words become tokens, without init_from");
    visit("model", model, "the encoder");
    visit("adapting", adapting, "what learns, and how");
    training_fields(visit);
  }
};

// Errors (usage) name `source` or the key.
void check_token_classification_recipe(const TokenClassificationRecipe& recipe,
                                       const std::string& source);

// What is measured, the first of it decides; all of the same rows (tag_row).
std::vector<std::shared_ptr<const Metric>> tag_metrics(bool entities);

}  // namespace heed
