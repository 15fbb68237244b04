#include "heed/data/text_encoding.h"

#include <gmock/gmock.h>

#include "heed/data/test_files.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/text/word_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int end_symbol = 0;

class TextEncoding : public FileTest {
 protected:
  std::vector<std::int32_t> ids_of(const TokenText& text) const {
    std::vector<std::int32_t> ids;
    text.append(0, text.size(), ids);
    return ids;
  }
  std::shared_ptr<const TokenText> encode(const std::string& content, const TextForm& form) {
    return encode_text({.files = {write("text", content)}, .form = form}, tokenizer_, pool_);
  }
  std::vector<int> bytes(const std::string& text, int end = -1) const {
    std::vector<int> ids = tokenizer_.encode(text);
    if (end >= 0) {
      ids.push_back(end);
    }
    return ids;
  }

  ByteTokenizer tokenizer_;
  ThreadPool pool_{2};
};

TEST_F(TextEncoding, RunningTextIsItsTokens) {
  const auto text = encode("one two\nthree €\n", {});
  EXPECT_EQ(ids_of(*text), bytes("one two\nthree €\n"));
  EXPECT_TRUE(text->documents().empty());
  EXPECT_EQ(text->counts(), (TextCounts{.bytes = 18, .characters = 16, .words = 4, .lines = 2}));
}

TEST_F(TextEncoding, DocumentsEndWithTheirSymbol) {
  const auto text = encode("one\n\ntwo", {.documents = "line"});
  std::vector<int> expected = bytes("one", end_symbol);
  expected.push_back(end_symbol);
  const std::vector<int> two = bytes("two", end_symbol);
  expected.insert(expected.end(), two.begin(), two.end());
  EXPECT_EQ(ids_of(*text), expected);
  EXPECT_THAT(text->documents(), ElementsAre(0, 4, 5));
  EXPECT_EQ(text->counts(), (TextCounts{.bytes = 9, .characters = 9, .words = 2, .lines = 3}));
}

TEST_F(TextEncoding, NeitherThreadsNorCompressionChangeTheIds) {
  std::string content;
  for (int i = 0; i < 200'000; ++i) {
    content += "word" + std::to_string(i % 1013) + (i % 5 == 0 ? "\n" : " ");
  }
  const std::string plain = write("a.txt", content), packed = write_gzip("a.gz", content);
  for (const char* documents : {"none", "line", "file"}) {
    const TextForm form{.documents = documents};
    ThreadPool one(1);
    const auto text = encode_text({.files = {plain}, .form = form}, tokenizer_, one);
    const auto same = encode_text({.files = {packed}, .form = form}, tokenizer_, pool_);
    EXPECT_EQ(ids_of(*text), ids_of(*same));
    EXPECT_EQ(text->counts().words, 200'000);  // words that blocks cut in two are one
    if (form.documents == "none") {
      EXPECT_EQ(ids_of(*text), bytes(content));
    }
  }
}

// What blocks give is what the whole text gives, where blocks end.
TEST_F(TextEncoding, BlocksEndWhereByteLevelPairsMayPart) {
  std::string content;
  for (int i = 0; i < 400; ++i) {
    content += "It's said,  \"we'll see\"\n\n   1,234 \u00e9t\u00e9s\u3000!!\n\t" +
               std::to_string(i * 7919) + (i % 3 == 0 ? "\n" : " a\u00a0b\r\n") + "next\nline";
  }
  TokenizerConfig config;
  config.kind = "byte-level-bpe";
  config.vocabulary_size = 400;
  const auto tokenizer =
      train_tokenizers(config, 1, [&](const PairVisitor& visit) { visit(content, {}); }).target;
  const std::vector<int> whole = tokenizer->encode(content);
  const std::string file = write("a.txt", content);
  for (const std::size_t size : {64, 200, 1000}) {
    TextBlocks blocks({file}, {}, {}, size);
    std::vector<int> ids;
    int count = 0;
    for (TextBlock block; blocks.next(block); ++count) {
      const std::vector<int> part = tokenizer->encode(block.text);
      ids.insert(ids.end(), part.begin(), part.end());
    }
    EXPECT_EQ(ids, whole) << size;
    EXPECT_GT(count, 10);
  }
}

TEST_F(TextEncoding, AFileThatFitsIsUsedAgain) {
  const std::string file = write("a.txt", "one two three");
  const std::filesystem::path store = path("a.tokens");
  const auto open = [&](const TextForm& form) {
    return open_token_texts({.files = {file}, .form = form}, std::span(&store, 1), tokenizer_,
                            pool_)[0];
  };
  const auto first = open({});
  const auto time = std::filesystem::last_write_time(store);
  EXPECT_EQ(open({})->identity(), first->identity());
  EXPECT_EQ(std::filesystem::last_write_time(store), time);
  EXPECT_EQ(ids_of(*open({})), bytes("one two three"));
  EXPECT_NE(open({.documents = "line"})->identity(), first->identity());
  write("a.txt", "one two thrce");
  EXPECT_NE(open({})->identity(), first->identity());
  EXPECT_EQ(ids_of(*open({})), bytes("one two thrce"));
}

TEST_F(TextEncoding, PartsAreEncodedInOnePassAndOnlyThoseWanted) {
  const std::string file = write("a.txt", "0123456789");
  const TextSource source{.files = {file}, .cuts = {7, 9}};
  std::vector<std::filesystem::path> paths = {path("train"), path("validation"), ""};
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [&] {
                         const std::vector<std::filesystem::path> all = {"", "", path("test")};
                         open_token_texts(source, all, tokenizer_, pool_);
                       }),
              HasSubstr("test: a text of 1 tokens"));
  EXPECT_FALSE(std::filesystem::exists(path("test")));
  const auto texts = open_token_texts(source, paths, tokenizer_, pool_);
  EXPECT_EQ(ids_of(*texts[0]), bytes("0123456"));
  EXPECT_EQ(ids_of(*texts[1]), bytes("78"));
  EXPECT_EQ(texts[2], nullptr);
  EXPECT_NE(texts[0]->identity(), texts[1]->identity());
}

TEST_F(TextEncoding, NothingHalfWrittenIsLeft) {
  const std::string file = write("a.txt", std::string(3 << 20, 'x') + "\xFF");
  const std::vector<std::filesystem::path> paths = {path("a.tokens")};
  EXPECT_THAT(error_of(ErrorKind::bad_data,
                       [&] { open_token_texts({.files = {file}}, paths, tokenizer_, pool_); }),
              HasSubstr("a.txt: invalid UTF-8 at byte 3145728"));
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(entry.path().filename(), "a.txt");
  }
}

TEST_F(TextEncoding, WhatATokenizerRefusesIsToldWithItsFile) {
  class WithoutNul : public ByteTokenizer {
   public:
    std::vector<int> encode(std::string_view line) const override {
      check_data(line.find('\0') == std::string_view::npos, "tokenizer: a NUL byte");
      return ByteTokenizer::encode(line);
    }
  };
  const std::string file = write("a.txt", std::string("a\0b", 3));
  EXPECT_EQ(encode_text({.files = {file}}, tokenizer_, pool_)->size(), 3);
  EXPECT_EQ(
      error_of(ErrorKind::bad_data, [&] { encode_text({.files = {file}}, WithoutNul(), pool_); }),
      file + ": tokenizer: a NUL byte");
}

TEST_F(TextEncoding, TheFirstThatIsWrongIsNamed) {
  std::string content;
  for (int i = 0; i < 40; ++i) {
    content += std::string(200'000, 'x') + "\xFF\n";
  }
  const std::string file = write("a.txt", content);
  for (int round = 0; round < 5; ++round) {
    EXPECT_THAT(error_of(ErrorKind::bad_data,
                         [&] {
                           encode_text({.files = {file}, .form = {.documents = "line"}}, tokenizer_,
                                       pool_);
                         }),
                HasSubstr("invalid UTF-8 at byte 200000"));
  }
}

TEST_F(TextEncoding, LinesAreWhatTokenizersOfLinesTake) {
  const WordTokenizer words(
      Vocabulary::with_specials(std::vector<std::string>{"one", "two"}, "words"), WordRules());
  const std::string file = write("a.txt", "one two\n\ntwo three\n");
  const auto text = encode_text({.files = {file}, .form = {.documents = "line"}}, words, pool_);
  const int one = words.encode("one")[0], two = words.encode("two")[0];
  EXPECT_THAT(ids_of(*text), ElementsAre(one, two, words.end_id(), words.end_id(), two,
                                         words.unknown_id(), words.end_id()));
  for (const char* documents : {"none", "file", "blank-line", "json"}) {
    EXPECT_THAT(error_of(ErrorKind::usage,
                         [&] {
                           encode_text({.files = {file}, .form = {.documents = documents}}, words,
                                       pool_);
                         }),
                HasSubstr("tokenizer.kind word: takes text line by line"));
  }
}

// A tokenizer of bytes whose texts begin with <pad>, or that has no symbols at all.
class OtherSymbols : public ByteTokenizer {
 public:
  explicit OtherSymbols(bool any) : any_(any) {}
  std::optional<int> begin_id() const override {
    return any_ ? std::optional(ByteTokenizer::pad_id()) : std::nullopt;
  }
  int end_id() const override { return any_ ? ByteTokenizer::end_id() : -1; }

 private:
  bool any_;
};

TEST_F(TextEncoding, AStartSymbolComesBeforeTheTextOrEachDocument) {
  const std::string file = write("a.txt", "ab\nc\n");
  const OtherSymbols starts(true);
  const int start = *starts.begin_id();
  const auto text = encode_text({.files = {file}, .form = {}}, starts, pool_);
  std::vector<int> expected = {start};
  for (const int id : bytes("ab\nc\n")) {
    expected.push_back(id);
  }
  EXPECT_EQ(ids_of(*text), expected);
  EXPECT_TRUE(text->has_start_symbols());
  const int a = bytes("a")[0];
  const auto lines = encode_text({.files = {file}, .form = {.documents = "line"}}, starts, pool_);
  EXPECT_THAT(ids_of(*lines), ElementsAre(start, a, a + 1, end_symbol, start, a + 2, end_symbol));
  EXPECT_THAT(lines->documents(), ElementsAre(0, 4));
}

TEST_F(TextEncoding, DocumentsNeedAnEndSymbol) {
  const std::string file = write("a.txt", "ab\nc\n");
  const OtherSymbols none(false);
  EXPECT_EQ(encode_text({.files = {file}, .form = {}}, none, pool_)->size(), 5);
  EXPECT_THAT(
      error_of(ErrorKind::usage,
               [&] { encode_text({.files = {file}, .form = {.documents = "line"}}, none, pool_); }),
      HasSubstr("no end symbol"));
}

TEST_F(TextEncoding, TheFirstPartIsWhatTokenizersLearnFrom) {
  const std::string file = write("a.txt", "one\ntwo\nthree\nfour\n");
  std::vector<std::string> texts;
  for_each_text(TextSource{.files = {file}, .form = {.documents = "line"}, .cuts = {9}},
                [&](std::string_view text) { texts.emplace_back(text); });
  EXPECT_THAT(texts, ElementsAre("one", "two"));
}

}  // namespace
}  // namespace heed
