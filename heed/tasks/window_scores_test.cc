#include "heed/tasks/window_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/data/text_encoding.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/models/language_model.h"
#include "heed/ops/softmax.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/tokenizer_kinds.h"

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
  // "aaxé" (é has two bytes), "bxb", with the token before each.
  static std::shared_ptr<const TokenText> text_of(const std::string& text) {
    const std::vector<int> ids = ByteTokenizer().encode(text);
    bool in_word = false;
    return std::make_shared<const TokenText>(ids, std::vector<std::uint64_t>(), false,
                                             count_text_units(text, in_word), TokenTextOrigin());
  }
  std::vector<std::int64_t> row(const SentenceStatistics& statistics, std::size_t i) const {
    return {statistics.row(i).begin(), statistics.row(i).end()};
  }

  ByteTokenizer tokenizer_;
  std::shared_ptr<const TokenText> text_ = text_of("-aaxébxb");
  std::shared_ptr<const TextWindows> windows_ =
      std::make_shared<const TextWindows>(text_, WindowConfig{.window = 5, .stride = 5});
};

TEST_F(WindowScores, ARowForEachWindow) {
  for (const int batch_tokens : {5, 100}) {
    const auto statistics =
        window_statistics(HalfModel(), windows_, tokenizer_, {.batch_tokens = batch_tokens}, {});
    ASSERT_EQ(statistics.rows(), 2u);
    EXPECT_EQ(row(statistics, 0), (std::vector<std::int64_t>{7'000'000, 4, 5}));
    EXPECT_EQ(row(statistics, 1), (std::vector<std::int64_t>{5'000'000, 3, 3}));
    EXPECT_NEAR(BitsPerCharacter().score_of(statistics.total()), 12.0 / 7, 1e-9);
  }
}

TEST_F(WindowScores, OfWindowsThatOverlapWhatIsNewCounts) {
  const auto windows =
      std::make_shared<const TextWindows>(text_, WindowConfig{.window = 5, .stride = 2});
  const auto statistics = window_statistics(HalfModel(), windows, tokenizer_, {}, {});
  ASSERT_EQ(statistics.rows(), 3u);
  EXPECT_EQ(row(statistics, 0), (std::vector<std::int64_t>{7'000'000, 4, 5}));
  EXPECT_EQ(row(statistics, 1), (std::vector<std::int64_t>{2'000'000, 2, 2}));
  EXPECT_EQ(row(statistics, 2), (std::vector<std::int64_t>{3'000'000, 1, 1}));
}

TEST_F(WindowScores, ARefusedWindowCountsAsGuessed) {
  const auto statistics = guessed_statistics(*windows_, tokenizer_);
  EXPECT_EQ(row(statistics, 1),
            (std::vector<std::int64_t>{std::llround(3e6 * std::log2(259.0)), 3, 3}));
}

TEST_F(WindowScores, OfAWholeText) {
  const auto statistics = window_statistics(HalfModel(), windows_, tokenizer_, {}, {});
  const TextScore score = score_of_text(statistics, *text_, tokenizer_);
  const double nats = 12 * std::log(2.0);
  EXPECT_EQ(score.tokens, 8);
  EXPECT_EQ(score.characters, 7);
  EXPECT_EQ(score.bytes, 8);
  EXPECT_EQ(score.words, 1);
  EXPECT_NEAR(score.loss, nats / 8, 1e-9);
  EXPECT_NEAR(score.perplexity, std::exp(nats / 8), 1e-6);
  EXPECT_NEAR(score.byte_perplexity, std::exp(nats / 8), 1e-6);
  EXPECT_NEAR(score.word_perplexity, std::exp(nats), 1e-2);
  EXPECT_NEAR(score.bits_per_character, 12.0 / 7, 1e-9);
}

// Against a loop that forms each prediction by itself.
TEST(TextScores, AreThoseOfAPlainLoop) {
  register_cpu_backend();
  LanguageModelConfig config;
  config.d_model = 16;
  config.layers = 2;
  config.heads = 2;
  config.feed_forward_size = 24;
  config.max_length = 12;
  const ByteTokenizer tokenizer;
  LanguageModel model(config, tokenizer.size());
  initialize_parameters(model, 3);
  const std::string line = "First Citizen:\nBefore we proceed any further, hear me speak.\n";
  const std::vector<int> ids = tokenizer.encode(line);
  bool in_word = false;
  const auto text = std::make_shared<const TokenText>(
      ids, std::vector<std::uint64_t>(), false, count_text_units(line, in_word), TokenTextOrigin());
  for (const std::int64_t stride : {1, 5, 12}) {
    const WindowConfig windows{.window = 12, .stride = stride};
    double nats = 0;
    for (std::int64_t p = 0; p + 1 < text->size(); ++p) {
      // The first window that reaches the prediction.
      const std::int64_t window = p < 12 ? 0 : (p - 12) / stride + 1;
      const std::vector<std::int32_t> context(ids.begin() + window * stride, ids.begin() + p + 1);
      const std::int32_t lengths[] = {static_cast<std::int32_t>(context.size())};
      Prompts prompts;
      prompts.begun = {.ids = Tensor::from_values<std::int32_t>(context, {lengths[0]}),
                       .rows = make_sequences(lengths)};
      ForwardContext context_of_pass;
      const Tensor logits = ops::log_softmax(
          logits_of(model, model.hidden(prompts, context_of_pass), context_of_pass));
      const auto values = logits.values<float>();
      nats -= values[values.size() - static_cast<std::size_t>(tokenizer.size()) +
                     static_cast<std::size_t>(ids[static_cast<std::size_t>(p) + 1])];
    }
    const auto cut = std::make_shared<const TextWindows>(text, windows);
    std::vector<SentenceStatistics> found;
    for (const int batch_tokens : {12, 40, 4096}) {
      for (const int threads : {1, 2}) {
        set_thread_count(threads);
        found.push_back(
            window_statistics(model, cut, tokenizer, {.batch_tokens = batch_tokens}, {}));
        EXPECT_EQ(found.back().total(), found.front().total());
      }
    }
    const TextScore score = score_of_text(found.front(), *text, tokenizer);
    EXPECT_EQ(score.tokens, text->size() - 1);
    EXPECT_NEAR(score.loss, nats / static_cast<double>(score.tokens), 2e-6);
  }
}

// The published count of the test set, an <eos> for each line.
TEST(TextScores, CountWordsAsWikiTextDoes) {
  const char* data = std::getenv("HEED_DATA");
  if (data == nullptr) {
    GTEST_SKIP() << "HEED_DATA is not set: needs a directory with data/wikitext-2 in it";
  }
  const ByteTokenizer tokenizer;
  ThreadPool pool(2);
  const auto text = encode_text(
      {.files = {std::string(data) + "/data/wikitext-2/test.txt"}, .form = {.documents = "line"}},
      tokenizer, pool);
  EXPECT_EQ(text->counts().words + text->counts().lines, 245'569);
  EXPECT_EQ(text->counts().bytes, 1'256'449);
  // And so many tokens they are to a tokenizer of words.
  TokenizerConfig config;
  config.kind = "word";
  config.word_split = "white_space";
  const TextSource source{.files = {std::string(data) + "/data/wikitext-2/test.txt"},
                          .form = {.documents = "line"}};
  const TokenizerPair words = train_tokenizers(config, 1, [&](const PairVisitor& visit) {
    for_each_text(source, [&](std::string_view line) { visit(line, {}); });
  });
  EXPECT_EQ(encode_text(source, *words.target, pool)->size(), 245'569);
}

}  // namespace
}  // namespace heed
