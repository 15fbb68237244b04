// What the recipe of a model that answers questions says, and the checks of it before anything is
// read.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/data/question_file.h"
#include "heed/tasks/encoder_recipe.h"
#include "heed/text/tokenizer_config.h"

namespace heed {

struct QuestionAnsweringData {
  std::string directory = ".";
  std::string train, validation, test;
  std::string train_articles, validation_articles, test_articles;
  double validation_share = 0.05;
  int max_tokens = 384;
  int stride = 128;
  int answer_tokens = 30;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    visit("train", train, "a file of SQuAD's JSON to learn from; .gz as well");
    visit("validation", validation, "held-out questions, to choose the best weights by");
    visit("test", test, "questions to measure the best model on at the end");
    visit("train_articles", train_articles,
          "learn from these articles of the file alone, numbered from 1: \"1-40\"");
    visit("validation_articles", validation_articles, "the same of the validation file");
    visit("test_articles", test_articles, "the same of the test file");
    visit("validation_share", validation_share,
          "without a validation file: this share of the training contexts is held out; 0: none");
    visit("max_tokens", max_tokens,
          "longest window in tokens: question, context and special ones; 0: as long as the model "
          "takes");
    visit("stride", stride,
          "tokens from one window of a longer context to the next; 0: half of what is left beside "
          "the question");
    visit("answer_tokens", answer_tokens, "longest answer that is given, in tokens");
  }
};

struct QuestionAnsweringRecipe : RunSettings {
  QuestionAnsweringData data;
  TokenizerConfig tokenizer;
  AdaptedModel model;
  AdaptingConfig adapting;

  QuestionAnsweringRecipe();

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    visit("data", data, "the questions and their contexts");
    visit("tokenizer", tokenizer, "how text becomes tokens, without init_from");
    visit("model", model, "the encoder");
    visit("adapting", adapting, "what learns, and how");
    training_fields(visit);
  }
};

// Errors (usage) name `source` or the key.
void check_question_answering_recipe(const QuestionAnsweringRecipe& recipe,
                                     const std::string& source);

// "1-40"; empty: all. Error (usage) names `key`.
ArticleRange parse_articles(const std::string& text, const std::string& key);

}  // namespace heed
