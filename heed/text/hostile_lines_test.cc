// Lines that are made to be slow.
#include <gtest/gtest.h>

#include "heed/base/test_linear_time.h"
#include "heed/base/unicode.h"
#include "heed/text/subword_dropout.h"
#include "heed/text/test_corpus.h"
#include "heed/text/word_tokenizer.h"

namespace heed {
namespace {

TEST(HostileLines, AreEncodedAndDecodedInLinearTime) {
  for (const char* kind : {"sentencepiece-bpe", "sentencepiece-unigram", "byte-level-bpe", "word",
                           "character", "byte"}) {
    for (const bool byte_fallback : {false, true}) {
      TokenizerConfig config;
      config.kind = kind;
      config.vocabulary_size = byte_fallback || config.kind == "byte-level-bpe" ? 310 : 60;
      config.byte_fallback = byte_fallback;
      if (byte_fallback && !config.kind.starts_with("sentencepiece")) {
        continue;
      }
      const auto tokenizer = train_tokenizers(config, 1, made_up_corpus(300)).source;
      expect_linear_time(config.kind, [&](const std::string& line) {
        tokenizer->decode(tokenizer->encode(line));
      });
    }
  }
}

TEST(HostileLines, AreSampledInLinearTime) {
  TokenizerConfig config;
  config.vocabulary_size = 60;
  const auto tokenizer = train_tokenizers(config, 1, made_up_corpus(300)).source;
  const SubwordDropout dropout(*tokenizer);
  expect_linear_time("subword dropout", [&](const std::string& line) {
    const std::vector<int> ids = tokenizer->encode(line);
    Random random(1);
    dropout.sample(ids, 0.1, random);
  });
}

TEST(HostileLines, AreCountedAndLowerCasedInLinearTime) {
  expect_linear_time("words", [](const std::string& line) { join_words(split_words(line)); });
  expect_linear_time("lower case", [](const std::string& line) { to_lower(line); });
  expect_linear_time("UTF-8", [](const std::string& line) { decode_utf8(line); });
}

}  // namespace
}  // namespace heed
