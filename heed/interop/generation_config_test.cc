// What generation_config.json says and asks for.
#include "heed/interop/generation_config.h"

#include <gmock/gmock.h>

#include "heed/base/config_json.h"
#include "heed/interop/test_directory.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

GenerationDefaults read(const Json& json) {
  return read_generation_config(json, 100, "generation_config.json");
}

TEST(GenerationConfig, EverySettingComesBack) {
  DecodingConfig config;
  config.beam = 7;
  config.n_best = 3;
  config.length_penalty = 0.6;
  config.lookahead = 9;
  config.max_length = 41;
  config.max_length_ratio = 1.5;
  config.seed = 12;
  config.batch_sentences = 5;
  const TextSymbols symbols = marian_symbols(99);
  EXPECT_EQ(config_to_json(read(write_generation_config(symbols, config)).decoding),
            config_to_json(config));
  config.sample = true;
  config.temperature = 0.7;
  config.top_k = 20;
  config.top_p = 0.9;
  config.min_p = 0.05;
  config.repetition_penalty = 1.2;
  config.no_repeat_ngram = 3;
  const GenerationDefaults defaults = read(write_generation_config(symbols, config));
  EXPECT_EQ(config_to_json(defaults.decoding), config_to_json(config));
  EXPECT_THAT(defaults.suppressed, ElementsAre(99));
  EXPECT_THAT(defaults.not_done, IsEmpty());
}

// Transformers counts the start symbol, and with forced_eos_token_id the last token is an end.
TEST(GenerationConfig, LengthsAreThoseOfTransformers) {
  EXPECT_EQ(read({{"max_length", 20}}).decoding.max_length, 19);
  EXPECT_EQ(read({{"max_length", 20}, {"forced_eos_token_id", 0}}).decoding.max_length, 18);
  EXPECT_EQ(read({{"max_length", 20}, {"max_new_tokens", 5}}).decoding.max_length, 5);
}

TEST(GenerationConfig, SaysWhatIsAskedForAndNotDone) {
  EXPECT_THAT(read({{"min_length", 3},
                    {"typical_p", 0.9},
                    {"early_stopping", true},
                    {"forced_bos_token_id", 5},
                    {"bad_words_ids", {{1, 2}, {7}}}})
                  .not_done,
              UnorderedElementsAre("min_length 3", "typical_p 0.9", "early_stopping true",
                                   "forced_bos_token_id 5", "bad_words_ids of several tokens"));
  EXPECT_THAT(read({{"no_repeat_ngram_size", 0},
                    {"repetition_penalty", 1.0},
                    {"early_stopping", false},
                    {"forced_bos_token_id", nullptr},
                    {"stop_strings", Json::array()},
                    {"transformers_version", "4.50.0"}})
                  .not_done,
              IsEmpty());
}

TEST(GenerationConfig, SingleTokensAreSuppressed) {
  EXPECT_THAT(read({{"bad_words_ids", {{7}, {8}}}, {"suppress_tokens", {3}}}).suppressed,
              ElementsAre(7, 8, 3));
  for (const Json& bad : {Json{{"bad_words_ids", {{100}}}}, Json{{"suppress_tokens", {-1}}},
                          Json{{"bad_words_ids", {{"x"}}}}, Json{{"bad_words_ids", 3}}}) {
    EXPECT_THROW(read(bad), Error) << bad;
  }
}

using GenerationDirectory = ModelDirectoryTest;

TEST_F(GenerationDirectory, WhatIsNotDoneIsSaidWithItsFile) {
  Translator model = translator(1);
  save(model, directory_);
  EXPECT_THAT(load_model(directory_).notes, IsEmpty());
  edit("generation_config.json", [](Json& json) { json["min_length"] = 3; });
  EXPECT_THAT(load_model(directory_).notes,
              ElementsAre(HasSubstr("generation_config.json: asks for min_length 3")));
}

// A model with more rows than its tokenizer has pieces, as those padded to a round number.
TEST_F(GenerationDirectory, IdsThatTheTokenizerLacksAreNeverChosen) {
  const int pieces = tokenizers_.target->size(), rows = pieces + 5;
  Translator model(small_config(), {rows, rows, symbols_for(tokenizers_)});
  initialize_parameters(model, 1);
  // The rows without pieces would win every step.
  for (const NamedParameter& item : parameters_of(model)) {
    if (item.name == "final_logits_bias") {
      for (int id = pieces; id < rows; ++id) {
        item.parameter->value.columns(id, id + 1).fill(50);
      }
    }
  }
  save(model, directory_);
  const LoadedModel loaded = load_model(directory_);
  for (const int beam : {1, 3}) {
    DecodingConfig config = loaded.decoding;
    config.beam = beam;
    const auto found = translate(loaded.generator(), {{{5, 6, loaded.symbols.source_end}}},
                                 loaded.symbols, config);
    for (const int id : found[0][0].tokens) {
      EXPECT_LT(id, pieces);
    }
    EXPECT_NO_THROW(loaded.tokenizers.target->decode(found[0][0].tokens));
  }
}

}  // namespace
}  // namespace heed
