// A MarianMTModel that Transformers saved gives here what it gives there (tests/data/marian, made
// by tools/make_marian_fixtures.py), whatever symbol its texts begin with.
#include <gmock/gmock.h>

#include "heed/base/json.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"
#include "heed/nn/generator_loss.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class Marian : public ModelDirectoryTest {
 protected:
  Marian() { fs::copy(folder(), directory_); }

  static fs::path folder() { return fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "marian"; }
  static Inputs inputs_of(const std::vector<std::int32_t>& ids) {
    const std::int32_t length[] = {static_cast<std::int32_t>(ids.size())};
    return {.ids = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(ids),
                                                     {static_cast<std::int64_t>(ids.size())}),
            .segments = {},
            .pixels = {},
            .rows = make_sequences(length)};
  }

  // log p(target | source) as training sees the pair: behind the start symbol.
  static double log_probability(const LoadedModel& loaded, const Json& pair) {
    const auto target = pair.at("target_ids").get<std::vector<std::int32_t>>();
    std::vector<std::int32_t> begun = {loaded.symbols.start};
    begun.insert(begun.end(), target.begin(), target.end() - 1);
    const Prompts prompts{
        .source = inputs_of(pair.at("source_ids").get<std::vector<std::int32_t>>()),
        .begun = inputs_of(begun)};
    ForwardContext context;
    return sequence_log_probabilities(loaded.generator(), prompts, inputs_of(target).ids,
                                      context)[0];
  }
};

TEST_F(Marian, GivesWhatTransformersGives) {
  for (const Json& expected : Json::parse(read_file(folder() / "expected.json"))) {
    for (const char* name : {"config.json", "generation_config.json"}) {
      edit(name, [&](Json& json) { json["decoder_start_token_id"] = expected.at("start"); });
    }
    const LoadedModel loaded = load_model(directory_);
    EXPECT_EQ(loaded.symbols.start, expected.at("start").get<int>());
    EXPECT_EQ(loaded.decoding.beam, 3);
    EXPECT_EQ(loaded.decoding.max_length, 23);  // they count the start symbol
    DecodingConfig greedy = loaded.decoding;
    greedy.beam = 1;
    greedy.max_length_ratio = 0;
    for (const Json& pair : expected.at("pairs")) {
      SCOPED_TRACE(pair.at("source").get<std::string>());
      std::vector<int> source =
          loaded.tokenizers.source->encode(pair.at("source").get<std::string>());
      source.push_back(loaded.symbols.source_end);
      EXPECT_EQ(Json(source), pair.at("source_ids"));
      std::vector<int> target =
          loaded.tokenizers.target->encode(pair.at("target").get<std::string>());
      target.push_back(loaded.symbols.end);
      EXPECT_EQ(Json(target), pair.at("target_ids"));
      const double log_p = pair.at("log_probability").get<double>();
      EXPECT_NEAR(log_probability(loaded, pair), log_p, 1e-4 * std::abs(log_p));
      const auto found = translate(loaded.generator(), {{source}}, loaded.symbols, greedy);
      const std::vector<int>& tokens = found[0][0].tokens;
      auto theirs = pair.at("greedy").get<std::vector<int>>();
      if (theirs.back() == loaded.symbols.end) {
        theirs.pop_back();
      }
      EXPECT_EQ(tokens, theirs);
    }
  }
}

// What is saved again is the same model, in the same layout.
TEST_F(Marian, IsSavedAsItWas) {
  const LoadedModel loaded = load_model(directory_);
  save_model(*loaded.module, loaded.tokenizers, loaded.symbols, loaded.decoding,
             directory_ / "again");
  const LoadedModel again = load_model(directory_ / "again");
  EXPECT_EQ(again.family, "marian");
  EXPECT_EQ(again.symbols, loaded.symbols);
  EXPECT_EQ(description_of(*again.module).section, description_of(*loaded.module).section);
  expect_same(*loaded.module, *again.module);
  const Json before = Json::parse(read_file(directory_ / "config.json"));
  const Json after = Json::parse(read_file(directory_ / "again" / "config.json"));
  for (const char* key :
       {"model_type", "d_model", "encoder_layers", "decoder_ffn_dim", "scale_embedding",
        "pad_token_id", "decoder_start_token_id", "vocab_size"}) {
    EXPECT_EQ(after.at(key), before.at(key)) << key;
  }
}

}  // namespace
}  // namespace heed
