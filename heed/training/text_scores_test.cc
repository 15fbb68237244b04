#include "heed/training/text_scores.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "heed/data/text_windows.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

// Gives each token the probability 1/2, after an 'x' 1/8.
class HalfModel : public TranslationModel {
 public:
  std::vector<double> log_probabilities(const TranslationExamples& examples,
                                        ForwardContext&) const override {
    const auto inputs = examples.target_inputs.values<std::int32_t>();
    const auto& offsets = examples.target.offsets;
    std::vector<double> sums;
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
      double bits = 0;
      for (auto i = static_cast<std::size_t>(offsets[s]);
           i < static_cast<std::size_t>(offsets[s + 1]); ++i) {
        bits += inputs[i] == 2 + 'x' ? 3 : 1;
      }
      sums.push_back(-bits * std::log(2.0));
    }
    return sums;
  }
  ops::CrossEntropyResult loss(const TranslationExamples&, const ops::CrossEntropyOptions&,
                               ForwardContext&) const override {
    fail(ErrorKind::failure, "no loss");
  }
  std::unique_ptr<DecodingSession> start_decoding(const Tensor&, const Sequences&,
                                                  MatmulPrecision) const override {
    fail(ErrorKind::failure, "no decoding");
  }
  std::int64_t target_vocabulary_size() const override { return 259; }
  std::int64_t longest() const override { return 100; }
  void visit(ParameterVisitor&) override {}
};

class TextScores : public testing::Test {
 protected:
  TextScores()
      : path_(testing::TempDir() + "heed_text_scores_" + std::to_string(::getpid()) + ".tokens"),
        tokenizer_(std::make_shared<const ByteTokenizer>()),
        tokenizers_{tokenizer_, tokenizer_, true},
        // Windows: "aaxé" (é has two bytes), "bxb", with the token before each.
        windows_(open_text_windows(path_, "-aaxébxb", *tokenizer_, 5)) {}
  ~TextScores() override { std::filesystem::remove(path_); }

  std::vector<std::int64_t> row(const SentenceStatistics& statistics, std::size_t i) const {
    return {statistics.row(i).begin(), statistics.row(i).end()};
  }

  std::filesystem::path path_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TokenizerPair tokenizers_;
  std::shared_ptr<const TokenStore> windows_;
};

TEST_F(TextScores, ARowForEachWindow) {
  for (const int batch_tokens : {5, 100}) {
    const auto statistics =
        window_statistics(HalfModel(), *windows_, tokenizers_, {.batch_tokens = batch_tokens},
                          MatmulPrecision::float32);
    ASSERT_EQ(statistics.rows(), 2u);
    EXPECT_EQ(row(statistics, 0), (std::vector<std::int64_t>{7'000'000, 4, 5}));
    EXPECT_EQ(row(statistics, 1), (std::vector<std::int64_t>{5'000'000, 3, 3}));
    EXPECT_NEAR(BitsPerCharacter().score_of(statistics.total()), 12.0 / 7, 1e-9);
  }
}

TEST_F(TextScores, ARefusedWindowCountsAsGuessed) {
  const auto statistics = guessed_statistics(*windows_, tokenizers_);
  EXPECT_EQ(row(statistics, 1),
            (std::vector<std::int64_t>{std::llround(3e6 * std::log2(259.0)), 3, 3}));
}

}  // namespace
}  // namespace heed
