#include "heed/text/byte_pair_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/text/test_corpus.h"
#include "heed/text/test_hard_lines.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BytePairTrainer, LearnsWhatHuggingFacesTokenizersLearns) {
  const std::vector<std::string> special = {"<|endoftext|>", "<pad>"};
  const Json cases = read_tokenizer_fixture("learned.json");
  ASSERT_EQ(cases.size(), 4u);
  for (const Json& expected : cases) {
    BytePairTrainer trainer;
    for (const Json& text : expected["texts"]) {
      trainer.add(text.get<std::string>());
    }
    const LearnedPairs learned =
        trainer.learn(special, expected["size"].get<int>(), expected["frequency"].get<int>());
    ASSERT_GE(learned.pieces.size(), 258u);
    EXPECT_EQ(learned.pieces[0], "<|endoftext|>");
    EXPECT_EQ(learned.pieces[2], "!");
    EXPECT_EQ(learned.pieces[257], "Ń");
    EXPECT_EQ(std::vector(learned.pieces.begin() + 258, learned.pieces.end()),
              expected["pieces"].get<std::vector<std::string>>());
    EXPECT_EQ(learned.merges, expected["merges"].get<std::vector<std::string>>());
  }
}

TEST(BytePairTrainer, TakesEqualPairsInTheOrderOfTheirIds) {
  BytePairTrainer trainer;
  trainer.add("ab");
  trainer.add("cd");
  EXPECT_THAT(trainer.learn({}, 258, 1).merges, ElementsAre("a b", "c d"));
  EXPECT_THAT(trainer.learn({}, 257, 1).merges, ElementsAre("a b"));
  EXPECT_THAT(trainer.learn({}, 1000, 2).merges, ElementsAre());
  EXPECT_THROW(trainer.add("\xC3"), Error);
}

PairStream running_text() {
  return [](const PairVisitor& visit) {
    for (int i = 0; i < 20; ++i) {
      visit("The dog runs.\n\tThe dogs run, 狗!\r\n", {});
      visit("It's  the end\n\n", {});
    }
  };
}

class LearnedFromText : public ::testing::TestWithParam<std::string> {};

TEST_P(LearnedFromText, SpellsRunningTextAndIsReadBack) {
  TokenizerConfig config;
  config.kind = GetParam();
  config.vocabulary_size = 300;
  const TokenizerPair pair = train_tokenizers(config, 1, running_text());
  EXPECT_EQ(pair.source, pair.target);
  EXPECT_EQ(pair.source->kind(), GetParam());
  const std::string text = "The end\n\n\tIt's 狗  dogs.\r\n";
  const std::vector<int> ids = pair.source->encode(text);
  EXPECT_EQ(pair.source->decode(ids), text);
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  const TokenizerPair loaded = load_tokenizers(directory.path());
  EXPECT_TRUE(loaded.joint);
  EXPECT_EQ(loaded.source->fingerprint(), pair.source->fingerprint());
  EXPECT_EQ(loaded.target->encode(text), ids);
  EXPECT_EQ(loaded.source->end_id(), pair.source->end_id());
  EXPECT_EQ(loaded.source->pad_id(), pair.source->pad_id());
  EXPECT_EQ(loaded.source->kind(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Kinds, LearnedFromText, ::testing::Values("byte-level-bpe", "character"),
                         [](const auto& info) { return info.param.substr(0, 4); });

TEST(ByteLevelKind, LaysSpecialPiecesFirst) {
  TokenizerConfig config;
  config.kind = "byte-level-bpe";
  config.vocabulary_size = 270;
  const auto tokenizer = train_tokenizers(config, 1, running_text()).source;
  EXPECT_EQ(tokenizer->size(), 270);
  EXPECT_EQ(tokenizer->end_id(), 0);
  EXPECT_EQ(tokenizer->pad_id(), 1);
  EXPECT_EQ(tokenizer->unknown_id(), -1);
  EXPECT_EQ(tokenizer->piece(0), "<|endoftext|>");
  EXPECT_EQ(tokenizer->encode_marked("<|endoftext|>"), std::vector{0});
  EXPECT_GT(tokenizer->encode("<|endoftext|>").size(), 1u);
}

TEST(CharacterKind, CountsCharacters) {
  TokenizerConfig config;
  config.kind = "character";
  config.vocabulary_size = 0;
  config.minimum_frequency = 2;
  const auto tokenizer =
      train_tokenizers(config, 1, [](const PairVisitor& visit) { visit("bb\naé", "\néx"); }).source;
  // Equals in the order of Unicode: line break, b, é; a and x occur once.
  ASSERT_EQ(tokenizer->size(), 6);
  EXPECT_THAT(tokenizer->encode("é\nxb"), ElementsAre(4, 2, 1, 3));
  EXPECT_EQ(tokenizer->decode(std::vector{4, 2, 1, 3, 0, 5}), "é\n\uFFFDb");
  EXPECT_EQ(tokenizer->piece(2), "\n");
  config.vocabulary_size = 5;
  EXPECT_EQ(train_tokenizers(config, 1, running_text()).source->size(), 5);
  config.minimum_frequency = 1000;
  EXPECT_THROW(train_tokenizers(config, 1, running_text()), Error);
}

TEST(CharacterKind, SpellsMarkedPiecesOut) {
  TokenizerConfig config;
  config.kind = "character";
  const auto tokenizer = train_tokenizers(config, 1, running_text()).source;
  EXPECT_EQ(tokenizer->encode_marked("</s>").size(), 4u);
}

TEST(LearnedKinds, RefuseSettingsThatTheyDoNotHave) {
  const auto message = [](const TokenizerConfig& config) {
    try {
      check_tokenizer_config(config);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message({.kind = "byte-level-bpe", .vocabulary_size = 257}),
              HasSubstr("tokenizer.vocabulary_size: 257 is less than 258"));
  EXPECT_THAT(message({.kind = "byte-level-bpe", .joint = false}), HasSubstr("tokenizer.joint"));
  EXPECT_THAT(message({.kind = "byte-level-bpe", .lowercase = true}),
              HasSubstr("tokenizer.lowercase"));
  EXPECT_THAT(message({.kind = "character", .lowercase = true}), HasSubstr("tokenizer.lowercase"));
  EXPECT_THAT(message({.kind = "character", .vocabulary_size = 3}),
              HasSubstr("tokenizer.vocabulary_size"));
}

}  // namespace
}  // namespace heed
