// The recipe of a translator.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/data/encoded_corpus.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/toy_tasks.h"
#include "heed/generation/generate.h"
#include "heed/models/translator_config.h"
#include "heed/tasks/run_settings.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/task.h"

namespace heed {

struct TranslationData {
  std::string directory = ".";
  CorpusFiles train;
  CorpusFiles validation;
  CorpusFiles test;
  ToyTaskConfig toy;
  LengthConfig length;
  double subword_dropout = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    visit("train", train, "the corpus to learn from");
    visit("validation", validation, "held-out pairs, for loss and BLEU while training");
    visit("test", test, "pairs to measure the best model on at the end");
    visit("toy", toy, "made-up sequences instead of files: corpora that are written into the run");
    visit("length", length, "what becomes of long sentences");
    visit("subword_dropout", subword_dropout,
          "probability of leaving out a merge when sentences are cut into subwords, anew each "
          "epoch; needs tokenizer.kind sentencepiece-bpe. batches.batch_tokens counts the subwords "
          "without it");
  }
};

// How translations are searched, after training and while it validates.
struct TranslationDecoding : DecodingConfig {
  int validation_beam = 1;

  template <typename Visitor>
  void fields(Visitor& visit) {
    DecodingConfig::fields(visit);
    visit("validation_beam", validation_beam, "beam of decoding for validation; 1 is greedy");
  }
};

struct TranslationRecipe : RunSettings {
  TranslationData data;
  TokenizerConfig tokenizer;
  TranslatorConfig model;
  TranslationDecoding decoding;

  TranslationRecipe() { task = "translation"; }

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    visit("data", data, "the corpora");
    visit("tokenizer", tokenizer, "how text becomes tokens");
    visit("model", model, "the Transformer");
    training_fields(visit);
    visit("decoding", decoding, "how translations are searched, for the test and as the default");
  }
};

// Errors (usage) name `source` and the key.
void check_translation_recipe(const TranslationRecipe& recipe, const std::string& source);

// What validation measures besides the loss.
std::vector<TaskMeasure> translation_measures(const TranslationRecipe& recipe);

bool has_files(const CorpusFiles& files);

// Where the corpora of a recipe lie: its files, or of a toy task files below `directory`, once the
// data were prepared there.
struct CorpusPlaces {
  CorpusFiles train, validation, test;
};
CorpusPlaces corpora_of(const TranslationRecipe& recipe, const std::filesystem::path& directory);

// The lengths that hold in training: data.length, within model.max_length.
LengthConfig effective_length(const TranslationRecipe& recipe);

// Of validation: the recipe's with validation_beam, the best translation only, nothing drawn.
DecodingConfig validation_decoding(const TranslationRecipe& recipe);

}  // namespace heed
