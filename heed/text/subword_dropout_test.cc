#include "heed/text/subword_dropout.h"

#include <gtest/gtest.h>

#include <set>

#include "heed/base/error.h"
#include "heed/text/test_corpus.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {
namespace {

class SubwordDropoutTest : public testing::Test {
 protected:
  SubwordDropoutTest() {
    TokenizerConfig config;
    config.vocabulary_size = 120;
    config.hard_vocab_limit = false;
    tokenizers_ = train_tokenizers(config, 1, made_up_corpus(300));
  }
  std::vector<std::vector<int>> encoded_lines() const {
    std::vector<std::vector<int>> lines;
    made_up_corpus(300)([&](std::string_view source, std::string_view) {
      lines.push_back(tokenizers_.source->encode(source));
    });
    return lines;
  }
  TokenizerPair tokenizers_;
};

TEST_F(SubwordDropoutTest, MergesAsTheTokenizerDoesWhenNothingIsDropped) {
  const SubwordDropout dropout(*tokenizers_.source);
  Random random(1);
  for (const std::vector<int>& ids : encoded_lines()) {
    EXPECT_EQ(dropout.sample(ids, 1e-12, random), ids);
    EXPECT_EQ(dropout.sample(ids, 0, random), ids);
  }
}

TEST_F(SubwordDropoutTest, SpellsTheSameTextInMorePieces) {
  const SubwordDropout dropout(*tokenizers_.source);
  Random random(1);
  std::size_t whole = 0, light = 0, heavy = 0;
  for (const std::vector<int>& ids : encoded_lines()) {
    const auto some = dropout.sample(ids, 0.1, random);
    const auto most = dropout.sample(ids, 0.9, random);
    EXPECT_EQ(tokenizers_.source->decode(some), tokenizers_.source->decode(ids));
    EXPECT_EQ(tokenizers_.source->decode(most), tokenizers_.source->decode(ids));
    whole += ids.size();
    light += some.size();
    heavy += most.size();
  }
  EXPECT_GT(light, whole);
  EXPECT_GT(heavy, light);
}

TEST_F(SubwordDropoutTest, FollowsTheRandomNumbers) {
  const SubwordDropout dropout(*tokenizers_.source);
  const std::vector<int> ids = encoded_lines()[0];
  std::set<std::vector<int>> samples;
  for (std::uint64_t stream = 0; stream < 20; ++stream) {
    Random random(7, stream), again(7, stream);
    const auto sample = dropout.sample(ids, 0.3, random);
    EXPECT_EQ(dropout.sample(ids, 0.3, again), sample);
    samples.insert(sample);
  }
  EXPECT_GT(samples.size(), 5u);
}

TEST_F(SubwordDropoutTest, KeepsUnknownAndSpecialPieces) {
  const SubwordDropout dropout(*tokenizers_.source);
  const std::vector<int> ids = {tokenizers_.source->unknown_id(), tokenizers_.source->end_id()};
  Random random(1);
  EXPECT_EQ(dropout.sample(ids, 0.5, random), ids);
}

TEST_F(SubwordDropoutTest, RefusesOtherTokenizers) {
  TokenizerConfig config;
  config.kind = "byte";
  EXPECT_THROW(SubwordDropout(*train_tokenizers(config, 1, made_up_corpus(3)).source), Error);
  config.kind = "sentencepiece-unigram";
  config.vocabulary_size = 60;
  config.hard_vocab_limit = false;
  EXPECT_THROW(SubwordDropout(*train_tokenizers(config, 1, made_up_corpus(300)).source), Error);
}

}  // namespace
}  // namespace heed
