#include "heed/text/word_piece_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {
namespace {

const std::vector<std::string> special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// Where it learns the same each time, whatever the order of its hash tables (tests/data/tokenizers,
// made by tools/make_word_piece_fixtures.py).
TEST(WordPieceTrainer, LearnsWhatHuggingFacesTrainerLearns) {
  int compared = 0;
  for (const Json& corpus : read_tokenizer_fixture("word_pieces.json")) {
    WordPieceTrainer trainer(corpus["lowercase"].get<bool>());
    for (const Json& text : corpus["texts"]) {
      trainer.add(text.get<std::string>());
    }
    for (const Json& learned : corpus["learned"]) {
      std::vector<std::string> pieces =
          trainer.learn(special, learned["size"].get<int>(), corpus["frequency"].get<int>());
      EXPECT_TRUE(std::equal(special.begin(), special.end(), pieces.begin()));
      std::ranges::sort(pieces);
      EXPECT_EQ(pieces, learned["pieces"].get<std::vector<std::string>>());
      ++compared;
    }
  }
  EXPECT_EQ(compared, 9);
}

TEST(WordPieceTrainer, MergesTheMostFrequentPair) {
  WordPieceTrainer trainer(true);
  trainer.add("Hug hugs HÚG, pug");
  const std::vector<std::string> pieces = trainer.learn(special, 100, 3);
  EXPECT_THAT(pieces, testing::ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "g",
                                           "h", "p", "s", "u", "##g", "##s", "##u", "##ug", "hug"));
  EXPECT_THROW(trainer.add("\xC3"), Error);
}

TEST(WordPieceKind, IsLearnedSavedAndRead) {
  TokenizerConfig config;
  config.kind = "wordpiece";
  config.vocabulary_size = 60;
  config.lowercase = true;
  const PairStream corpus = [](const PairVisitor& visit) {
    for (int i = 0; i < 5; ++i) {
      visit("The dog runs after the dogs.", "");
      visit("Running dogs run, aren't they?", "");
    }
  };
  const TokenizerPair learned = train_tokenizers(config, 1, corpus);
  EXPECT_EQ(learned.source->kind(), "wordpiece");
  EXPECT_LE(learned.source->size(), 60);
  const TokenizerPair read = load_tokenizers(TokenizerFiles(tokenizer_files(learned), "memory"));
  for (const char* line : {"The dog runs.", "dogs' RUNS", "unseen Zebra", "[MASK] dog"}) {
    EXPECT_EQ(read.source->encode(line), learned.source->encode(line));
    EXPECT_EQ(read.source->encode_marked(line), learned.source->encode_marked(line));
  }
  EXPECT_EQ(learned.source->decode(learned.source->encode("The dog runs.")), "the dog runs.");
  EXPECT_EQ(read.source->mask_id(), 4);
  EXPECT_EQ(read.source->frame(), learned.source->frame());
  EXPECT_EQ(read.source->kind(), "wordpiece");
  config.joint = false;
  EXPECT_THROW(train_tokenizers(config, 1, corpus), Error);
}

}  // namespace
}  // namespace heed
