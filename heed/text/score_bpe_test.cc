// Tokenizers made from pieces in memory.
#include "heed/text/score_bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "heed/base/error.h"
#include "heed/text/byte_level_bpe.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// <unk>, <s>, </s>, the bytes, and pieces with scores.
ScoredVocabulary small_scores() {
  ScoredVocabulary vocabulary;
  vocabulary.pieces = {{"<unk>", 0, PieceType::unknown},
                       {"<s>", 0, PieceType::control},
                       {"</s>", 0, PieceType::control}};
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    vocabulary.pieces.push_back({name, 0, PieceType::byte});
  }
  float score = 0;
  for (const char* piece : {" a", "bc", "ab", " ab", " ", "a", "b", "c"}) {
    vocabulary.pieces.push_back({piece, score--, PieceType::normal});
  }
  return vocabulary;
}

constexpr int first = 3 + 256;  // " a" 259, "bc" 260, "ab" 261, " ab" 262, " " 263, "a" 264 …

TEST(ScoreTokenizer, JoinsNeighboursOfTheHighestScore) {
  const auto tokenizer = make_score_tokenizer(small_scores(), "scores");
  EXPECT_EQ(tokenizer->size(), first + 8);
  EXPECT_EQ(tokenizer->begin_id(), 1);
  EXPECT_EQ(tokenizer->end_id(), 2);
  EXPECT_EQ(tokenizer->unknown_id(), 0);
  EXPECT_EQ(tokenizer->pad_id(), -1);
  EXPECT_THAT(tokenizer->encode("abc"), ElementsAre(first, first + 1));  // " a" + "bc"
  EXPECT_THAT(tokenizer->encode("cab"), ElementsAre(first + 4, first + 7, first + 2));
  EXPECT_THAT(tokenizer->encode("  ab"), ElementsAre(first + 4, first + 4, first + 3));
  // What is in no piece is spelled in bytes.
  EXPECT_THAT(tokenizer->encode("é"), ElementsAre(first + 4, 3 + 0xC3, 3 + 0xA9));
  for (const char* text : {"abc", "a b\n c", "  é日", ""}) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
}

TEST(ScoreTokenizer, NeedNotThinkASpaceBeforeTheText) {
  ScoredVocabulary vocabulary = small_scores();
  vocabulary.prepend_space = vocabulary.begins = false;
  const auto tokenizer = make_score_tokenizer(vocabulary, "scores");
  EXPECT_FALSE(tokenizer->begin_id());
  EXPECT_THAT(tokenizer->encode("ab"), ElementsAre(first + 2));
  EXPECT_THAT(tokenizer->encode_marked("ab<s>ab"), ElementsAre(first + 2, 1, first + 2));
  const std::vector<int> plain = tokenizer->encode("<s>");
  EXPECT_EQ(std::ranges::count(plain, 1), 0);
}

TEST(ScoreTokenizer, IsReadBackFromItsFiles) {
  const auto tokenizer = make_score_tokenizer(small_scores(), "scores");
  const auto again =
      load_tokenizers(TokenizerFiles(tokenizer_files({tokenizer, tokenizer, true}), "saved"));
  EXPECT_EQ(again.source, again.target);
  EXPECT_EQ(again.source->fingerprint(), tokenizer->fingerprint());
  EXPECT_EQ(again.source->begin_id(), 1);
  EXPECT_EQ(again.source->encode("abc é"), tokenizer->encode("abc é"));
}

TEST(ScoreTokenizer, RefusesPiecesThatDoNotFitTogether) {
  const auto refusal = [](const ScoredVocabulary& vocabulary) {
    try {
      make_score_tokenizer(vocabulary, "model.gguf");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  ScoredVocabulary vocabulary = small_scores();
  vocabulary.pieces[first].text = "a";
  EXPECT_THAT(refusal(vocabulary), HasSubstr("model.gguf: the piece \"a\" occurs twice"));
  vocabulary = small_scores();
  vocabulary.pieces[first].score = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal(vocabulary), HasSubstr("piece 259 has the score"));
  vocabulary = small_scores();
  vocabulary.pieces[0].type = PieceType::control;
  EXPECT_THAT(refusal(vocabulary), HasSubstr("0 pieces stand for unknown text"));
  vocabulary = small_scores();
  vocabulary.pieces.erase(vocabulary.pieces.begin() + 10);
  EXPECT_THAT(refusal(vocabulary), HasSubstr("SentencePiece refuses the model"));
  EXPECT_THAT(refusal({}), HasSubstr("0 pieces stand for unknown text"));
}

BytePairVocabulary small_pairs() {
  return {.pieces = {"<|end|>", "a", "b", "Ġ", "1", "2", "ab", "Ġab", "12", "<tool>"},
          .merges = {"a b", "Ġ ab", "1 2"},
          .types = {PieceType::control, PieceType::normal, PieceType::normal, PieceType::normal,
                    PieceType::normal, PieceType::normal, PieceType::normal, PieceType::normal,
                    PieceType::normal, PieceType::user_defined},
          .begin = 0,
          .end = 0};
}

TEST(ByteLevelTokenizer, CutsWordsAsItsNameSays) {
  const auto encode = [](const std::string& pre_tokenizer, const std::string& text) {
    BytePairVocabulary vocabulary = small_pairs();
    vocabulary.pre_tokenizer = pre_tokenizer;
    return make_byte_level_tokenizer(std::move(vocabulary), "pairs")->encode(text);
  };
  EXPECT_THAT(encode("gpt-2", "ab ab12"), ElementsAre(6, 7, 8));
  EXPECT_THAT(encode("smollm", "ab ab12"), ElementsAre(6, 7, 4, 5));
  EXPECT_THAT(encode("qwen2", "ab ab12"), ElementsAre(6, 7, 4, 5));
  EXPECT_THAT(encode("llama-bpe", "ab ab12"), ElementsAre(6, 7, 8));
  EXPECT_THAT(encode("llama-bpe", "1212"), ElementsAre(8, 4, 5));  // three digits at most
  try {
    encode("tekken", "");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "pairs: the pre-tokenizer 'tekken' is not supported; known are gpt-2, smollm, "
                 "llama-bpe and qwen2");
  }
}

TEST(ByteLevelTokenizer, KnowsControlAndUserDefinedPieces) {
  const auto tokenizer = make_byte_level_tokenizer(small_pairs(), "pairs");
  EXPECT_EQ(tokenizer->begin_id(), 0);
  EXPECT_EQ(tokenizer->end_id(), 0);
  EXPECT_EQ(tokenizer->unknown_id(), -1);
  EXPECT_THAT(tokenizer->encode_marked("ab<|end|><tool>"), ElementsAre(6, 0, 9));
  EXPECT_THAT(tokenizer->encode("ab<|end|><tool>"), ElementsAre(6, 9));
  EXPECT_EQ(tokenizer->decode(std::vector{6, 0, 7, 9}), "ab ab<tool>");
  EXPECT_EQ(tokenizer->piece(7), "Ġab");
  const auto again =
      load_tokenizers(TokenizerFiles(tokenizer_files({tokenizer, tokenizer, true}), "saved"));
  EXPECT_EQ(again.source->fingerprint(), tokenizer->fingerprint());
  EXPECT_EQ(again.source->begin_id(), 0);
  EXPECT_EQ(again.source->end_id(), 0);
  EXPECT_EQ(again.source->encode_marked("12<|end|>"), tokenizer->encode_marked("12<|end|>"));
}

TEST(ByteLevelTokenizer, RefusesPartsThatDoNotFitTogether) {
  BytePairVocabulary vocabulary = small_pairs();
  vocabulary.merges.push_back("b a");
  EXPECT_THROW(make_byte_level_tokenizer(vocabulary, "pairs"), Error);
  vocabulary = small_pairs();
  vocabulary.types.pop_back();
  EXPECT_THROW(make_byte_level_tokenizer(vocabulary, "pairs"), Error);
  vocabulary = small_pairs();
  vocabulary.end = 10;
  EXPECT_THROW(make_byte_level_tokenizer(vocabulary, "pairs"), Error);
  vocabulary = small_pairs();
  vocabulary.pieces[2] = "a";
  EXPECT_THROW(make_byte_level_tokenizer(vocabulary, "pairs"), Error);
}

}  // namespace
}  // namespace heed
