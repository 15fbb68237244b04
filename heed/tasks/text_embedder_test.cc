// Lines to vectors as sentence-transformers makes them (tests/data/sentences, made by
// tools/make_embedding_fixtures.py).
#include "heed/tasks/text_embedder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {
namespace {

class TextEmbedderTest : public testing::Test {
 protected:
  TextEmbedderTest() { register_cpu_backend(); }

  static LoadedModel load(MatmulPrecision running = MatmulPrecision::float32) {
    return load_model(data() / "encoders" / "BertModel", cpu_device, running);
  }
  static std::filesystem::path data() {
    return std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data";
  }
  Json expected_ = parse_json(read_file(data() / "sentences" / "expected.json"), "expected.json");
  std::vector<std::string> lines_ = expected_["lines"].get<std::vector<std::string>>();
};

TEST_F(TextEmbedderTest, VectorsAreThoseOfSentenceTransformers) {
  const LoadedModel model = load();
  for (const auto& [name, vectors] : expected_["vectors"].items()) {
    const bool normalise = name.ends_with(" 1");
    const SentenceSettings settings{.pooling = name.substr(0, name.size() - (normalise ? 2 : 0)),
                                    .normalise = normalise,
                                    .longest = expected_["longest"].get<std::int64_t>()};
    const Tensor found = TextEmbedder(model, settings, {}).embed(lines_);
    ASSERT_EQ(found.shape(), Shape({static_cast<std::int64_t>(lines_.size()), 16}));
    const auto values = found.values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], vectors[i / 16][i % 16].get<double>(), 1e-5)
          << name << ", line " << i / 16;
    }
  }
}

// To the bit: a line beside others and a line alone, in every precision.
TEST_F(TextEmbedderTest, ALineDoesNotDependOnThoseBesideIt) {
  for (const MatmulPrecision precision :
       {MatmulPrecision::float32, MatmulPrecision::bfloat16, MatmulPrecision::int8}) {
    const LoadedModel model = load(precision);
    const TextEmbedder embedder(model, {.longest = 9}, {.precision = precision});
    std::vector<std::string> many;
    for (int i = 0; i < 400; ++i) {
      many.push_back(lines_[static_cast<std::size_t>(i) % lines_.size()]);
    }
    const Tensor all = embedder.embed(many);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Tensor alone = embedder.embed(std::span(&lines_[i], 1));
      const auto row = static_cast<std::int64_t>(i + 10 * lines_.size());
      EXPECT_EQ(all.rows(row, row + 1).to_doubles(), alone.to_doubles()) << lines_[i];
    }
  }
  EXPECT_EQ(TextEmbedder(load(), {}, {}).embed({}).size(0), 0);
}

TEST_F(TextEmbedderTest, NearestRowsHaveTheHighestCosine) {
  const Tensor others =
      Tensor::from_values<float>(std::vector<float>{1, 0, 0, 5, 3, 3, -1, 0, 0, 0, 2, 2}, {6, 2});
  const Tensor vectors = Tensor::from_values<float>(std::vector<float>{2, 2, 0, 1}, {2, 2});
  const auto near = nearest_rows(vectors, others, 3);
  ASSERT_EQ(near.size(), 2u);
  const auto rows = [](const std::vector<NearRow>& found) {
    std::vector<std::int64_t> result;
    for (const NearRow& row : found) {
      result.push_back(row.row);
    }
    return result;
  };
  EXPECT_EQ(rows(near[0]), (std::vector<std::int64_t>{2, 5, 0}));
  EXPECT_NEAR(near[0][0].cosine, 1, 1e-6);
  EXPECT_NEAR(near[0][2].cosine, std::sqrt(0.5), 1e-6);
  EXPECT_EQ(rows(near[1]), (std::vector<std::int64_t>{1, 2, 5}));
  EXPECT_EQ(nearest_rows(vectors, others, 99)[0].size(), 6u);
  EXPECT_THROW(nearest_rows(vectors, Tensor::zeros({1, 3}, DType::float32), 1), Error);
}

TEST_F(TextEmbedderTest, WhatMakesNoSenseIsRefused) {
  const LoadedModel model = load();
  EXPECT_THROW(TextEmbedder(model, {.pooling = "median"}, {}), Error);
  EXPECT_THROW(TextEmbedder(model, {.longest = 2}, {}), Error);
}

}  // namespace
}  // namespace heed
