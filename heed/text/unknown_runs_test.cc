#include "heed/text/unknown_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/sentencepiece_trainer.h"
#include "heed/text/test_corpus.h"

namespace heed {
namespace {

// `count` times the text.
std::string times(std::size_t count, std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    result += text;
  }
  return result;
}

class UnknownRunsTest : public ::testing::Test {
 protected:
  void learn(const std::string& kind, const std::string& normalization, bool byte_fallback) {
    TokenizerConfig config;
    config.kind = kind;
    config.vocabulary_size = byte_fallback ? 310 : 60;
    config.normalization = normalization;
    config.byte_fallback = byte_fallback;
    std::vector<std::string> lines;
    made_up_corpus(300)(
        [&](std::string_view source, std::string_view) { lines.emplace_back(source); });
    config.hard_vocab_limit = false;
    model_ = train_sentencepiece(config, lines);
    pieces_ = check_sentencepiece_model(model_, "model");
    vocabulary_ = std::make_shared<const Vocabulary>(
        Vocabulary::with_specials(text_pieces({model_}, "model"), "model"));
  }

  std::string shortened(const std::string& line) const {
    std::string buffer;
    return std::string(UnknownRuns(model_, pieces_).shorten(line, buffer));
  }
  std::vector<int> ids(const std::string& line) const {
    return SentencePieceTokenizer(model_, vocabulary_, false, "model").encode(line);
  }

  std::string model_;
  std::vector<ModelPiece> pieces_;
  std::shared_ptr<const Vocabulary> vocabulary_;
};

TEST_F(UnknownRunsTest, ShortensWhatTheModelDoesNotKnow) {
  learn("sentencepiece-bpe", "nmt_nfkc", false);
  for (const char* unit : {"\u0301", "漢", "[", "\ue000", "\u1100\u1161", "か\u3099", "👨\u200d"}) {
    const std::string line = "the dog " + times(5000, unit) + " runs " + times(5000, unit);
    EXPECT_LT(shortened(line).size(), 40u + 2 * UnknownRuns::kept * std::string(unit).size())
        << unit;
    EXPECT_TRUE(shortened(line).starts_with("the dog ")) << unit;
  }
  const std::string words = times(2000, "the dog runs ");
  EXPECT_EQ(shortened(words), words);
  EXPECT_EQ(shortened(times(1000, "[")), times(1000, "[")) << "a short line is left alone";
  const std::string few = times(100, times(100, "[") + "a");
  EXPECT_EQ(shortened(few), few);
}

TEST_F(UnknownRunsTest, LeavesTheIdsAsTheyAre) {
  const std::vector<std::string> unknown = {"\u0301", "漢", "[", "\u1100\u1161", "漢\u0301[", "ｶﾞ"};
  const std::vector<std::string> mixed = {"\u200d", "\ufdfa", "\u200b", "[\u00ad", "<unk>", "…"};
  for (const char* kind : {"sentencepiece-bpe", "sentencepiece-unigram"}) {
    for (const char* normalization : {"nmt_nfkc", "identity"}) {
      learn(kind, normalization, false);
      sentencepiece::SentencePieceProcessor library;
      ASSERT_TRUE(library.LoadFromSerializedProto(model_).ok());
      for (const std::vector<std::string>& units : {unknown, mixed}) {
        for (const std::string& unit : units) {
          const std::string run = times(1500, unit);
          const std::string line = "a" + run + "dogs " + run + " the " + run + ".";
          EXPECT_EQ(library.EncodeAsIds(line), library.EncodeAsIds(shortened(line)))
              << kind << " " << normalization << " " << unit;
        }
      }
      for (const std::string& unit : unknown) {
        EXPECT_EQ(ids("the dogs " + times(3000, unit) + " the dog"),
                  ids("the dogs " + times(30, unit) + " the dog"))
            << kind << " " << normalization << " " << unit;
      }
    }
  }
}

TEST_F(UnknownRunsTest, LeavesALineToModelsThatSpellInBytes) {
  learn("sentencepiece-bpe", "nmt_nfkc", true);
  const std::string line = times(5000, "[");
  EXPECT_EQ(shortened(line), line);
  EXPECT_EQ(ids(line).size(), 5001u);
}

TEST_F(UnknownRunsTest, LooksRewritingsUpAsTheLibraryDoes) {
  learn("sentencepiece-bpe", "nmt_nfkc", false);
  const NormalizationTable table(normalization_table_of(model_));
  const auto rewritten = [&](std::string_view text) {
    const auto rewriting = table.longest(text);
    return std::to_string(rewriting.size) + std::string(rewriting.text);
  };
  EXPECT_EQ(rewritten("ﬁx"), "3fi");
  EXPECT_EQ(rewritten("e\u0301x"), "3é");
  EXPECT_EQ(rewritten("\u1100\u1161"), "6가");
  EXPECT_EQ(rewritten("x"), "0");
  EXPECT_EQ(rewritten(""), "0");
  learn("sentencepiece-bpe", "identity", false);
  EXPECT_EQ(NormalizationTable(normalization_table_of(model_)).longest("ﬁx").size, 0u);
}

}  // namespace
}  // namespace heed
