// Two SentencePiece models under one vocabulary.
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/sentencepiece_trainer.h"

namespace heed {
namespace {

std::string model_of(const std::string& word) {
  TokenizerConfig config;
  config.kind = "sentencepiece-bpe";
  config.vocabulary_size = 12;
  std::vector<std::string> lines(20, word + " " + word + word);
  return train_sentencepiece(config, lines);
}

// As MarianTokenizer does: the mark of a space is a space, also in pieces that the target's model
// does not know.
TEST(SharedVocabulary, PiecesOfTheOtherModelLeaveNoMark) {
  const std::string source = model_of("bako"), target = model_of("lumi");
  const auto vocabulary = std::make_shared<const Vocabulary>(
      Vocabulary::with_specials(text_pieces({source, target}, "both"), "both"));
  const SentencePieceTokenizer tokenizer(target, vocabulary, false, "target");
  const auto id = [&](const std::string& piece) {
    const int found = vocabulary->id_of_text(piece);
    EXPECT_NE(found, vocabulary->unknown_id()) << piece;
    return found;
  };
  const int foreign = id("▁bako"), own = id("▁lumi");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{own, own}), "lumi lumi");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{own, foreign, own}), "lumi bako lumi");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{foreign, own}), "bako lumi");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{foreign}), "bako");
}

}  // namespace
}  // namespace heed
