// Recipes: everything that decides a training run, in one YAML file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/data/batching.h"
#include "heed/data/encoded_corpus.h"
#include "heed/data/text_windows.h"
#include "heed/data/toy_tasks.h"
#include "heed/generation/decoding.h"
#include "heed/models/translator_config.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/optimizer.h"
#include "heed/training/schedule.h"
#include "heed/training/training_config.h"

namespace heed::app {

struct DataConfig {
  std::string directory = ".";
  CorpusFiles train;
  CorpusFiles validation;
  CorpusFiles test;
  TextConfig text;
  ToyTaskConfig task;
  LengthConfig length;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    visit("train", train, "the corpus to learn from");
    visit("validation", validation, "held-out pairs, for loss and BLEU while training");
    visit("test", test, "pairs to measure the best model on at the end");
    visit("text", text, "running text instead of pairs, for a language model");
    visit("task", task, "a made-up task instead of files: its corpora are written into the run");
    visit("length", length, "what becomes of long sentences");
  }
};

struct ModelConfig : TranslatorConfig {
  std::string kind = "translator";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind,
          "translator, or language_model: a decoder alone, which learns running text (data.text). "
          "encoder_layers does nothing there");
    TranslatorConfig::fields(visit);
  }
};

struct Recipe {
  std::string title;
  std::int64_t seed = 1;
  int threads = 0;
  std::string precision = "float32";
  std::string init_from;
  DataConfig data;
  TokenizerConfig tokenizer;
  ModelConfig model;
  BatchConfig batches;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  TrainingConfig training;
  DecodingConfig decoding;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("title", title, "heading of the report");
    visit("seed", seed, "of all that is random: the same seed gives the same bytes");
    visit("threads", threads, "0: one for each core; results do not depend on it");
    visit("precision", precision,
          "of matrix products: float32, or bf16 (bfloat16 with float32 master weights; activations "
          "are kept in it, too)");
    visit("init_from", init_from, "start from this model's weights and tokenizers");
    visit("data", data, "the corpora");
    visit("tokenizer", tokenizer, "how text becomes tokens");
    visit("model", model, "the Transformer");
    visit("batches", batches, "how sentences are put together");
    visit("optimizer", optimizer, "Adam");
    visit("schedule", schedule, "the learning rate");
    visit("training", training, "how long, and what to keep");
    visit("decoding", decoding, "how translations are searched, for the test and as the default");
  }
};

// Reads a recipe file and applies overrides such as "training.max_steps=100". Errors: input_output,
// or usage naming the file, the line or the key.
Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides);

// The same for a recipe that was parsed already; `source` is its name in errors.
Recipe recipe_from_json(const Json& json, const std::string& source);
// The document of a recipe file with overrides applied.
Json read_recipe_document(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides);

// The files of a corpus with data.directory before relative paths.
CorpusFiles located(CorpusFiles files, const std::string& directory);
bool has_files(const CorpusFiles& files);
// Whether the recipe is a language model's, which learns data.text.
bool learns_text(const Recipe& recipe);
// The text of such a recipe. Errors: those of read_text_parts.
TextParts text_of(const Recipe& recipe);

}  // namespace heed::app
