#include "heed/tasks/window_scores.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/data/text_windows.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

// After an 'x' it gives the tokens that follow in these windows the probability 1/8 each, else 1/2.
class HalfModel : public Generator {
 public:
  HalfModel() {
    const auto id = [](char byte) { return std::size_t{2} + static_cast<unsigned char>(byte); };
    const std::string text = "-aaxébxb";
    // By token and the token before it.
    std::vector<double> logits(size * size, -100.0);
    for (std::size_t before = 0; before < size; ++before) {
      const bool after_x = before == id('x');
      std::set<std::size_t> following;
      for (std::size_t i = 1; i < text.size(); ++i) {
        if (id(text[i - 1]) == before) {
          following.insert(id(text[i]));
        }
      }
      for (const std::size_t token : following) {
        logits[token * size + before] = std::log(after_x ? 1.0 / 8 : 1.0 / 2);
      }
      const double rest = 1 - static_cast<double>(following.size()) * (after_x ? 1.0 / 8 : 1.0 / 2);
      logits[before] = rest > 0 ? std::log(rest) : -100.0;  // that of the token 0
    }
    weight_ = Tensor::from_values<double>(logits, {size, size}, reference_device);
  }
  Tensor hidden(const Prompts& prompts, ForwardContext&) const override {
    const auto ids = prompts.begun.ids.values<std::int32_t>();
    std::vector<double> states(ids.size() * size, 0.0);
    for (std::size_t row = 0; row < ids.size(); ++row) {
      states[row * size + static_cast<std::size_t>(ids[row])] = 1;
    }
    return Tensor::from_values<double>(states, {static_cast<std::int64_t>(ids.size()), size},
                                       reference_device);
  }
  Projection projection() const override { return {weight_, Tensor()}; }
  std::unique_ptr<DecodingSession> start(const ForwardContext&) const override {
    fail(ErrorKind::failure, "no decoding");
  }
  std::int64_t vocabulary_size() const override { return size; }
  std::int64_t longest() const override { return 100; }
  void visit(ParameterVisitor&) override {}

 private:
  static constexpr std::size_t size = 259;
  Tensor weight_;
};

class WindowScores : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }
  WindowScores()
      : path_(testing::TempDir() + "heed_window_scores_" + std::to_string(::getpid()) + ".tokens"),
        tokenizer_(std::make_shared<const ByteTokenizer>()),
        // Windows: "aaxé" (é has two bytes), "bxb", with the token before each.
        windows_(open_text_windows(path_, "-aaxébxb", *tokenizer_, 5)) {}
  ~WindowScores() override { std::filesystem::remove(path_); }

  std::vector<std::int64_t> row(const SentenceStatistics& statistics, std::size_t i) const {
    return {statistics.row(i).begin(), statistics.row(i).end()};
  }

  std::filesystem::path path_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const TokenStore> windows_;
};

TEST_F(WindowScores, ARowForEachWindow) {
  for (const int batch_tokens : {5, 100}) {
    const auto statistics =
        window_statistics(HalfModel(), windows_, *tokenizer_, {.batch_tokens = batch_tokens},
                          MatmulPrecision::float32);
    ASSERT_EQ(statistics.rows(), 2u);
    EXPECT_EQ(row(statistics, 0), (std::vector<std::int64_t>{7'000'000, 4, 5}));
    EXPECT_EQ(row(statistics, 1), (std::vector<std::int64_t>{5'000'000, 3, 3}));
    EXPECT_NEAR(BitsPerCharacter().score_of(statistics.total()), 12.0 / 7, 1e-9);
  }
}

TEST_F(WindowScores, ARefusedWindowCountsAsGuessed) {
  const auto statistics = guessed_statistics(*windows_, *tokenizer_);
  EXPECT_EQ(row(statistics, 1),
            (std::vector<std::int64_t>{std::llround(3e6 * std::log2(259.0)), 3, 3}));
}

}  // namespace
}  // namespace heed
