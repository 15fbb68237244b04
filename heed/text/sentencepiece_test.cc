#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/text/sentencepiece_model.h"
#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/test_corpus.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

constexpr int small_size = 60;

TokenizerConfig small_config(const std::string& kind = "sentencepiece-bpe", bool joint = true) {
  TokenizerConfig config;
  config.kind = kind;
  config.vocabulary_size = small_size;
  config.joint = joint;
  return config;
}

// The message of the error that `action` throws, with its kind checked.
template <typename Action>
std::string message_of(ErrorKind kind, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(SentencePiece, FollowsTheMarianLayoutAndReadsBackWhatItWrote) {
  for (const std::string kind : {"sentencepiece-bpe", "sentencepiece-unigram"}) {
    for (const bool joint : {true, false}) {
      SCOPED_TRACE(kind + (joint ? " joint" : " separate"));
      TokenizerConfig config = small_config(kind, joint);
      config.hard_vocab_limit = false;  // unigram finds fewer pieces in one language
      const TokenizerPair pair = train_tokenizers(config, 1, made_up_corpus(300));
      ASSERT_EQ(pair.joint, joint);
      for (const auto& tokenizer : {pair.source, pair.target}) {
        if (joint || kind == "sentencepiece-bpe") {
          EXPECT_EQ(tokenizer->size(), small_size);
        }
        EXPECT_EQ(tokenizer->end_id(), 0);
        EXPECT_EQ(tokenizer->unknown_id(), 1);
        EXPECT_EQ(tokenizer->pad_id(), tokenizer->size() - 1);
        EXPECT_EQ(tokenizer->piece(0), "</s>");
        EXPECT_EQ(tokenizer->piece(tokenizer->size() - 1), "<pad>");
      }
      made_up_corpus(50)([&](std::string_view source, std::string_view target) {
        EXPECT_EQ(pair.source->decode(pair.source->encode(source)), source);
        EXPECT_EQ(pair.target->decode(pair.target->encode(target)), target);
      });
      EXPECT_TRUE(pair.source->encode("").empty());

      TemporaryDirectory directory;
      save_tokenizers(pair, directory.path());
      EXPECT_EQ(std::filesystem::exists(directory.path() / "target_vocab.json"), !joint);
      const TokenizerPair loaded = load_tokenizers(directory.path());
      EXPECT_EQ(loaded.joint, joint);
      EXPECT_EQ(loaded.source->fingerprint(), pair.source->fingerprint());
      EXPECT_EQ(loaded.target->fingerprint(), pair.target->fingerprint());
      EXPECT_EQ(loaded.source == loaded.target, joint);  // one model is loaded once
      EXPECT_EQ(load_tokenizers(directory.path()).target->encode("Straße"),
                pair.target->encode("Straße"));
    }
  }
}

TEST(SentencePiece, IsTheSameForTheSameSeedAndSamplesByTheSeed) {
  TokenizerConfig config = small_config();
  config.sample_lines = 40;
  config.hard_vocab_limit = false;
  const auto fingerprint = [&](std::uint64_t seed) {
    return train_tokenizers(config, seed, made_up_corpus(300)).source->fingerprint();
  };
  const std::uint64_t first = fingerprint(1);
  EXPECT_EQ(first, fingerprint(1));
  EXPECT_NE(first, fingerprint(2));
}

TEST(SentencePiece, TextNeverBecomesASpecialPiece) {
  const PairStream corpus = [](const PairVisitor& visit) {
    made_up_corpus(300)(visit);
    for (int i = 0; i < 300; ++i) {
      visit("x<pad>y</s>z<unk>", "x<pad>y</s>z<unk>");
    }
    visit("<>/padsunk xyz", "<>/padsunk xyz");
  };
  const TokenizerPair pair = train_tokenizers(small_config(), 1, corpus);
  const auto ids = pair.source->encode("</s> <pad> x<pad>y</s>");
  EXPECT_THAT(ids, ::testing::Not(::testing::Contains(pair.source->end_id())));
  EXPECT_THAT(ids, ::testing::Not(::testing::Contains(pair.source->pad_id())));
}

TEST(SentencePiece, UnknownTextIsUnknownUnlessSpelledInBytes) {
  TokenizerConfig config = small_config();
  const TokenizerPair plain = train_tokenizers(config, 1, made_up_corpus(300));
  EXPECT_THAT(plain.source->encode("dog 犬"), ::testing::Contains(plain.source->unknown_id()));
  EXPECT_THAT(plain.source->decode(std::vector<int>{plain.source->unknown_id()}), HasSubstr("⁇"));
  config.byte_fallback = true;
  config.vocabulary_size = 360;
  config.hard_vocab_limit = false;
  const TokenizerPair bytes = train_tokenizers(config, 1, made_up_corpus(300));
  EXPECT_EQ(bytes.source->decode(bytes.source->encode("dog 犬")), "dog 犬");
}

TEST(SentencePiece, NormalisesAsAsked) {
  TokenizerConfig config = small_config();
  EXPECT_EQ(train_tokenizers(config, 1, made_up_corpus(300)).source->piece(1), "<unk>");
  const auto through = [&](std::string_view line) {
    const auto tokenizer = train_tokenizers(config, 1, made_up_corpus(300)).source;
    return tokenizer->decode(tokenizer->encode(line));
  };
  EXPECT_EQ(through("ｄｏｇ"), "dog");
  config.lowercase = true;
  EXPECT_EQ(through("DOG"), "dog");
  config.normalization = "identity";
  EXPECT_THAT(message_of(ErrorKind::usage, [&] { through("dog"); }), HasSubstr("lowercase"));
  config.lowercase = false;
  EXPECT_EQ(through("dog"), "dog");
  EXPECT_NE(through("ｄｏｇ"), "dog");
}

TEST(SentencePiece, SaysHowManyPiecesTheTextGives) {
  TokenizerConfig config = small_config();
  config.vocabulary_size = 30000;
  const std::string message =
      message_of(ErrorKind::usage, [&] { train_tokenizers(config, 1, made_up_corpus(300)); });
  EXPECT_THAT(message, HasSubstr("tokenizer.vocabulary_size: the text gives at most"));
  config.hard_vocab_limit = false;
  const TokenizerPair pair = train_tokenizers(config, 1, made_up_corpus(300));
  EXPECT_THAT(message, HasSubstr(" " + std::to_string(pair.source->size()) + " pieces"));
  config.vocabulary_size = 8;
  EXPECT_THAT(
      message_of(ErrorKind::usage, [&] { train_tokenizers(config, 1, made_up_corpus(300)); }),
      HasSubstr("fewer than the text has characters"));
  EXPECT_THAT(message_of(ErrorKind::bad_data,
                         [&] { train_tokenizers(small_config(), 1, made_up_corpus(0)); }),
              HasSubstr("no text to learn from"));
}

TEST(SentencePiece, UsesGivenModels) {
  TemporaryDirectory directory;
  save_tokenizers(train_tokenizers(small_config(), 1, made_up_corpus(300)), directory.path());
  TokenizerConfig config = small_config();
  config.source_model = (directory.path() / "source.spm").string();
  const auto no_corpus = [](const PairVisitor&) { FAIL() << "the corpus was read"; };
  const TokenizerPair pair = train_tokenizers(config, 1, no_corpus);
  EXPECT_EQ(pair.target->fingerprint(), load_tokenizers(directory.path()).target->fingerprint());
  config.source_model = (directory.path() / "missing.spm").string();
  EXPECT_THAT(message_of(ErrorKind::input_output, [&] { train_tokenizers(config, 1, no_corpus); }),
              HasSubstr("missing.spm"));
}

TEST(SentencePiece, LooksUpALeadingLanguageCodeAsOneToken) {
  const TokenizerPair pair = train_tokenizers(small_config(), 1, made_up_corpus(300));
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  std::string json = read_file(directory.path() / "vocab.json");
  json.replace(json.rfind("\"<pad>\": 59"), 11, "\">>de<<\": 59, \"<pad>\": 60");
  write_file(directory.path() / "vocab.json", json);
  const auto tokenizer = load_tokenizers(directory.path()).source;
  std::vector<int> expected = tokenizer->encode("the dog");
  expected.insert(expected.begin(), 59);
  EXPECT_EQ(tokenizer->encode(">>de<< the dog"), expected);
  EXPECT_NE(tokenizer->encode(">>fr<< the dog").front(), 59);
}

TEST(SentencePiece, SeveralThreadsMayUseIt) {
  const TokenizerPair pair = train_tokenizers(small_config(), 1, made_up_corpus(300));
  std::vector<int> failures(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([&, t] {
      made_up_corpus(200)([&](std::string_view source, std::string_view) {
        failures[t] += pair.source->decode(pair.source->encode(source)) == source ? 0 : 1;
      });
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(failures, ::testing::Each(0));
}

TEST(SentencePiece, RefusesLinesThatAreNoText) {
  const TokenizerPair pair = train_tokenizers(small_config(), 1, made_up_corpus(300));
  EXPECT_THAT(message_of(ErrorKind::bad_data, [&] { pair.source->encode("abc\xff"); }),
              HasSubstr("byte 3"));
  EXPECT_THAT(
      message_of(ErrorKind::bad_data, [&] { pair.source->encode(std::string_view("a\0b", 3)); }),
      HasSubstr("NUL"));
  EXPECT_THROW(pair.source->decode(std::vector<int>{small_size}), Error);
  EXPECT_THROW(pair.source->decode(std::vector<int>{-1}), Error);
  EXPECT_THROW(pair.source->piece(small_size), Error);
}

// Damaged files: each is refused with an Error or works; anything else is a crash of the test.
class DamagedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    save_tokenizers(train_tokenizers(small_config("sentencepiece-unigram"), 1, made_up_corpus(300)),
                    directory.path());
    model = read_file(directory.path() / "source.spm");
    vocabulary = read_file(directory.path() / "vocab.json");
  }

  // True when the tokenizer loads; it is then used on text that reaches far into its tables.
  bool try_loading() {
    try {
      const auto tokenizer = load_tokenizers(directory.path()).source;
      const auto ids = tokenizer->encode(text);
      for (const int id : ids) {
        EXPECT_TRUE(id >= 0 && id < tokenizer->size());
      }
      EXPECT_FALSE(find_invalid_utf8(tokenizer->decode(ids)));
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  static std::string all_scripts() {
    std::string result = "the younger player ｄｏｇ ﬁ ½ ㍿ Å Å ﷺ … ";
    for (char32_t c = 0x20; c < 0x30000; c += c < 0x3000 ? 3 : 97) {
      if (c < 0xD800 || c > 0xDFFF) {
        result += encode_utf8(c);
      }
    }
    return result;
  }

  TemporaryDirectory directory;
  std::string model;
  std::string vocabulary;
  const std::string text = all_scripts();
};

TEST_F(DamagedFiles, TruncatedModels) {
  ASSERT_TRUE(try_loading());
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    const std::size_t limit = round % 2 == 0 ? model.size() : std::size_t{3000};
    write_file(directory.path() / "source.spm", model.substr(0, random.below(limit)));
    try_loading();
  }
  write_file(directory.path() / "source.spm", "");
  EXPECT_FALSE(try_loading());
  std::filesystem::remove(directory.path() / "source.spm");
  EXPECT_FALSE(try_loading());
}

TEST_F(DamagedFiles, FlippedBytesInModels) {
  Random random(2);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = model;
    const std::uint64_t flips = 1 + random.below(8);
    for (std::uint64_t flip = 0; flip < flips; ++flip) {
      // The pieces are a small part of the file: every second round aims at them.
      const std::size_t limit = round % 2 == 0 ? damaged.size() : std::size_t{3000};
      damaged[random.below(limit)] = static_cast<char>(random.below(256));
    }
    write_file(directory.path() / "source.spm", damaged);
    refused += try_loading() ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST_F(DamagedFiles, DamagedVocabularies) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = vocabulary;
    if (round % 3 == 0) {
      damaged.resize(random.below(damaged.size()));
    } else {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    write_file(directory.path() / "vocab.json", damaged);
    try_loading();
  }
}

TEST_F(DamagedFiles, VocabulariesThatAreNoBijection) {
  const std::map<std::string, std::string> cases{
      {R"({"</s>":0,"<unk>":1,"a":2,"a":3,"<pad>":4})", "occurs twice"},
      {R"({"</s>":0,"<unk>":1,"a":2,"b":2,"<pad>":3})", "the id 2 belongs to both"},
      {R"({"</s>":0,"<unk>":1,"a":7,"<pad>":3})", "the id 7 is outside"},
      {R"({"</s>":0,"<unk>":1,"a":-1,"<pad>":3})", "the id -1 is outside"},
      {R"({"</s>":0,"<unk>":1,"a":18446744073709551615,"<pad>":3})", "outside"},
      {R"({"</s>":0,"<unk>":1,"a":2.0,"<pad>":3})", "expected an object of pieces"},
      {R"({"</s>":0,"<unk>":1,"a":{"b":2},"<pad>":3})", "expected an object of pieces"},
      {R"({"</s>":0,"<unk>":1,"a":[2],"<pad>":3})", "expected an object of pieces"},
      {R"({"</s>":0,"<unk>":1,"":2,"<pad>":3})", "is empty"},
      {R"({"</s>":0,"<unk>":1,"a":2})", "\"<pad>\" is missing"},
      {R"({"<unk>":0,"<pad>":1})", "\"</s>\" is missing"},
      {R"({})", "is missing"},
      {R"(5)", "expected an object of pieces"},
      {R"([])", "expected an object of pieces"},
      {"", "invalid JSON"},
      {"{\"\xff\":0}", "invalid UTF-8"},
      {"{\"a\":0", "invalid JSON"},
      {R"({"</s>":0,"<unk>":1,"<pad>":2})" + std::string(1, '\0'), "a NUL byte"},
  };
  for (const auto& [json, expected] : cases) {
    write_file(directory.path() / "vocab.json", json);
    const std::string message =
        message_of(ErrorKind::bad_data, [&] { load_tokenizers(directory.path()).source; });
    EXPECT_THAT(message, HasSubstr(expected)) << json;
    EXPECT_THAT(message, HasSubstr("vocab.json")) << json;
  }
}

// A model of one message field at a time, in the wire format.
std::string bytes_field(int number, const std::string& content) {
  std::string result(1, static_cast<char>(number << 3 | 2));
  for (std::size_t size = content.size();; size >>= 7) {
    result += static_cast<char>(size < 128 ? size : (size & 127) | 128);
    if (size < 128) {
      return result + content;
    }
  }
}

std::string piece_field(const std::string& text, float score, char type) {
  std::string score_bytes(4, '\0');
  std::copy_n(reinterpret_cast<const char*>(&score), 4, score_bytes.begin());
  return bytes_field(1, bytes_field(1, text) + "\x15" + score_bytes + "\x18" + type);
}

std::string table_of(const std::vector<std::uint32_t>& units, const std::string& replacements) {
  std::string table(4 + units.size() * 4, '\0');
  const auto size = static_cast<std::uint32_t>(units.size() * 4);
  std::copy_n(reinterpret_cast<const char*>(&size), 4, table.begin());
  std::copy_n(reinterpret_cast<const char*>(units.data()), size, table.begin() + 4);
  return table + replacements;
}

TEST(SentencePieceModel, RefusesWhatTheLibraryWouldTrust) {
  const std::string unknown = piece_field("<unk>", 0, 2);
  const std::string piece = piece_field("a", -1, 1);
  const auto with_table = [&](const std::string& table) {
    return unknown + piece + bytes_field(3, bytes_field(2, table));
  };
  const auto unit = [](std::uint32_t label, std::uint32_t offset, bool leaf) {
    return label | (leaf ? 0x100u : 0u) | offset << 10;
  };
  const auto refusal = [](const std::string& bytes) {
    return message_of(ErrorKind::bad_data, [&] { check_sentencepiece_model(bytes, "x.spm"); });
  };
  EXPECT_EQ(check_sentencepiece_model(unknown + piece, "x.spm").size(), 2u);
  EXPECT_THAT(refusal(piece), HasSubstr("0 pieces stand for unknown text"));
  EXPECT_THAT(refusal(unknown + piece + piece), HasSubstr("occurs twice"));
  EXPECT_THAT(refusal(unknown + piece_field("b", NAN, 1)), HasSubstr("score"));
  EXPECT_THAT(refusal(unknown + piece_field("b", 1e30f, 1)), HasSubstr("score"));
  EXPECT_THAT(refusal(unknown + piece_field("\xff", 0, 1)), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(unknown + piece_field(std::string(1, '\0'), 0, 1)), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(unknown + piece_field("b", 0, 9)), HasSubstr("unknown type"));
  EXPECT_THAT(refusal(unknown + bytes_field(3, "") + bytes_field(3, "")), HasSubstr("section 3"));
  EXPECT_THAT(refusal(unknown + "\x0a\x7f"), HasSubstr("damaged"));
  EXPECT_THAT(refusal(unknown + std::string(12, '\xff')), HasSubstr("damaged"));

  std::vector<std::uint32_t> units(256);
  units[0] = unit(0, 1, false);
  EXPECT_EQ(
      check_sentencepiece_model(with_table(table_of(units, std::string("b\0", 2))), "x").size(),
      2u);
  EXPECT_THAT(refusal(with_table("abc")), HasSubstr("its size does not fit"));
  EXPECT_THAT(refusal(with_table(table_of(units, ""))), HasSubstr("its size does not fit"));
  units[0] = unit(0, 1 << 20, false);
  EXPECT_THAT(refusal(with_table(table_of(units, "b"))), HasSubstr("a node leads outside"));
  units[0] = unit(0, 0, false);
  units['a'] = unit('a', 'a' ^ 1u, true);  // its leaf is unit 1
  units[1] = 0x80000005u;
  EXPECT_THAT(refusal(with_table(table_of(units, std::string("b\0", 2)))),
              HasSubstr("a replacement lies outside"));
  units[1] = 0x80000000u;
  EXPECT_THAT(refusal(with_table(table_of(units, "bc"))), HasSubstr("a replacement has no end"));
  EXPECT_THAT(refusal(with_table(table_of(units, std::string("\xff\0", 2)))), HasSubstr("UTF-8"));
  units['a'] = unit('a', 'a', false);  // leads back to itself
  EXPECT_THAT(refusal(with_table(table_of(units, std::string("b\0", 2)))),
              HasSubstr("a branch leads back to itself"));
}

}  // namespace
}  // namespace heed
