// T5 models that Transformers saved give here what they give there (tests/data/t5, made by
// tools/make_t5_fixtures.py), and are saved as they were.
#include <gmock/gmock.h>

#include "heed/formats/numpy.h"
#include "heed/interop/export_model.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class T5 : public ModelDirectoryTest, public testing::WithParamInterface<const char*> {
 protected:
  T5() {
    fs::copy(fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "t5" / GetParam(), directory_);
    expected_ = Json::parse(read_file(directory_ / "expected.json"));
  }

  Inputs inputs(const char* name) const {
    const auto ids = expected_.at(name).get<std::vector<std::int32_t>>();
    const std::int32_t length[] = {static_cast<std::int32_t>(ids.size())};
    return {.ids = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(ids),
                                                     {static_cast<std::int64_t>(ids.size())}),
            .segments = {},
            .pixels = {},
            .rows = make_sequences(length)};
  }
  void expect_logits(const LoadedModel& loaded) const {
    const Prompts prompts{.source = inputs("source"), .begun = inputs("begun")};
    ForwardContext context;
    const auto got =
        logits_of(loaded.generator(), loaded.generator().hidden(prompts, context), context)
            .to_doubles();
    const auto expected = read_npy(directory_ / "logits.npy").to_doubles();
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], expected[i], 1e-4) << i;
    }
  }

  Json expected_;
};

TEST_P(T5, GivesWhatTransformersGives) {
  const LoadedModel loaded = load_model(directory_);
  expect_logits(loaded);
  for (const auto& [beam, tokens] : expected_.at("written").items()) {
    DecodingConfig config;
    config.beam = std::stoi(beam);
    config.max_length = 8;
    config.max_length_ratio = 0;
    config.lookahead = 8;
    auto expected = tokens.get<std::vector<int>>();
    if (expected.back() == loaded.symbols.end) {
      expected.pop_back();
    }
    const auto source = expected_.at("source").get<std::vector<int>>();
    EXPECT_EQ(translate(loaded.generator(), {{source}}, loaded.symbols, config)[0][0].tokens,
              expected)
        << "beam " << beam;
  }
}

TEST_P(T5, IsSavedAsItWas) {
  const LoadedModel loaded = load_model(directory_);
  save_model(*loaded.module, loaded.tokenizers, loaded.symbols, loaded.decoding,
             directory_ / "saved");
  const LoadedModel again = load_model(directory_ / "saved");
  EXPECT_EQ(again.family, "t5");
  EXPECT_EQ(description_of(*again.module).section, description_of(*loaded.module).section);
  EXPECT_EQ(again.symbols, loaded.symbols);
  expect_logits(again);
}

TEST_P(T5, IsExportedAsTransformersWritesIt) {
  export_model(load_model(directory_), directory_ / "saved", {.family = "t5"});
  expect_same_layout(directory_, directory_ / "saved");
}

INSTANTIATE_TEST_SUITE_P(All, T5, testing::Values("t5", "t5-gated"), [](const auto& info) {
  return std::string(info.param) == "t5" ? "plain" : "gated";
});

}  // namespace
}  // namespace heed
