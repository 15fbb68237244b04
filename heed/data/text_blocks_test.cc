#include "heed/data/text_blocks.h"

#include <gmock/gmock.h>

#include <numeric>

#include "heed/data/test_files.h"
#include "heed/data/white_space.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class TextBlocksTest : public FileTest {
 protected:
  static std::vector<TextBlock> blocks_of(std::vector<std::string> files, const TextForm& form,
                                          std::vector<std::int64_t> cuts = {},
                                          std::size_t size = TextBlocks::usual_size) {
    TextBlocks reader(std::move(files), form, std::move(cuts), size);
    std::vector<TextBlock> blocks;
    for (TextBlock block; reader.next(block);) {
      blocks.push_back(block);
    }
    return blocks;
  }
  static std::vector<std::string> texts_of(const std::vector<TextBlock>& blocks) {
    std::vector<std::string> texts;
    for (const TextBlock& block : blocks) {
      texts.push_back(block.text);
    }
    return texts;
  }
  static std::vector<std::string> documents_of(std::vector<std::string> files, const TextForm& form,
                                               std::size_t size = 1 << 18) {
    std::vector<std::string> documents;
    for (const TextBlock& block : blocks_of(std::move(files), form, {}, size)) {
      for_each_stretch(block, form, [&](const TextStretch& stretch) {
        EXPECT_TRUE(stretch.begins && stretch.ends);
        documents.emplace_back(stretch.text);
      });
    }
    return documents;
  }
};

TEST_F(TextBlocksTest, RunningTextIsCutAtSingleLineBreaks) {
  const std::string file = write("a.txt", "one two\n\nthree\nfour, five\n six\n");
  const auto blocks = blocks_of({file}, {}, {}, 22);
  // Not at the blank line, and not before a space.
  EXPECT_THAT(texts_of(blocks), ElementsAre("one two\n\nthree\n", "four, five\n six\n"));
  EXPECT_TRUE(blocks[0].begins && !blocks[0].ends);
  EXPECT_TRUE(!blocks[1].begins && blocks[1].ends);
  EXPECT_EQ(blocks[1].place, 15);
  EXPECT_EQ(blocks[1].line, 4);
}

TEST_F(TextBlocksTest, WithoutLineBreaksAtASpaceOrBetweenCharacters) {
  const std::string words = write("words.txt", "aaa bbb  ccc ddd eee fff");
  EXPECT_THAT(texts_of(blocks_of({words}, {}, {}, 8)),
              ElementsAre("aaa", " bbb  ccc", " ddd eee fff"));
  const std::string euros = write("euros.txt", "€€€€€€€€");  // 24 bytes
  EXPECT_THAT(texts_of(blocks_of({euros}, {}, {}, 5)), ElementsAre("€€€", "€€€", "€€"));
}

TEST_F(TextBlocksTest, BlocksDoNotDependOnHowTheFileIsStored) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) {
    text += "line " + std::to_string(i * 7919 % 1000) + (i % 17 == 0 ? "\n\n" : "\n");
  }
  const std::string plain = write("a.txt", text), packed = write_gzip("a.gz", text);
  for (const TextForm& form :
       {TextForm{}, TextForm{.documents = "line"}, TextForm{.documents = "blank-line"}}) {
    const auto blocks = texts_of(blocks_of({plain}, form));
    EXPECT_GT(blocks.size(), 2u);
    EXPECT_EQ(blocks, texts_of(blocks_of({packed}, form)));
    EXPECT_EQ(std::accumulate(blocks.begin(), blocks.end(), std::string()), text);
  }
}

TEST_F(TextBlocksTest, PartsEndBetweenCharactersOrBeforeADocument) {
  const std::string file = write("a.txt", "ab€€€");  // 2 + 9 bytes
  const auto parts = blocks_of({file}, {}, {7, 10});
  EXPECT_THAT(texts_of(parts), ElementsAre("ab€", "€", "€"));
  EXPECT_EQ(parts[1].part, 1u);
  EXPECT_EQ(parts[2].part, 2u);
  const std::string lines = write("lines.txt", "one\ntwo\nthree\n");
  const auto documents = blocks_of({lines}, {.documents = "line"}, {6});
  EXPECT_THAT(texts_of(documents), ElementsAre("one\n", "two\nthree\n"));
  EXPECT_EQ(documents[1].part, 1u);
}

TEST_F(TextBlocksTest, PartsMayEndWhereFilesDo) {
  const std::string a = write("a.txt", "abc"), b = write("b.txt", "def");
  const auto blocks = blocks_of({a, b}, {.documents = "file"}, {3});
  ASSERT_THAT(blocks, SizeIs(2));
  EXPECT_EQ(blocks[0].part, 0u);
  EXPECT_EQ(blocks[1].part, 1u);
}

TEST_F(TextBlocksTest, Documents) {
  const std::string lines = write("a.txt", "\xEF\xBB\xBFone\r\n\ntwo words\nlast");
  EXPECT_THAT(documents_of({lines}, {.documents = "line"}, 4),
              ElementsAre("one", "", "two words", "last"));
  const std::string blank = write("b.txt", "\n\na\nb\n \n\nc\r\n\r\nd\n");
  for (const std::size_t size : {3, 100}) {
    EXPECT_THAT(documents_of({blank}, {.documents = "blank-line"}, size),
                ElementsAre("a\nb", "c", "d"));
  }
  EXPECT_THAT(documents_of({lines, blank}, {.documents = "file"}), SizeIs(2));
  const std::string json =
      write("c.jsonl", "{\"id\": 1, \"text\": \"a\\nb\"}\n\n{\"text\": \"\\u00e9\"}");
  EXPECT_THAT(documents_of({json}, {.documents = "json"}, 5), ElementsAre("a\nb", "é"));
  const std::string other = write("d.jsonl", "{\"body\": \"x\"}\n");
  EXPECT_THAT(documents_of({other}, {.documents = "json", .json_key = "body"}), ElementsAre("x"));
}

TEST_F(TextBlocksTest, TheFingerprintIsOfTheTexts) {
  const std::string text(300'000, 'x');
  const std::string plain = write("a.txt", text), packed = write_gzip("a.gz", text);
  const std::string other = write("b.txt", text.substr(1));
  const std::vector<std::string> files = {plain, other};
  TextBlocks reader(files, {});
  for (TextBlock block; reader.next(block);) {
  }
  EXPECT_EQ(reader.fingerprint(), fingerprint_of_texts(files));
  EXPECT_EQ(fingerprint_of_texts(std::vector{packed, other}), fingerprint_of_texts(files));
  EXPECT_NE(fingerprint_of_texts(std::vector{other, plain}), fingerprint_of_texts(files));
  EXPECT_THAT(text_sizes(std::vector{plain, packed, other}),
              ElementsAre(300'000, 300'000, 299'999));
}

TEST_F(TextBlocksTest, WhatIsWrongIsNamed) {
  const auto refused = [&](const std::string& name, std::string_view content,
                           const TextForm& form = {}) {
    const std::string file = write(name, content);
    return error_of(ErrorKind::bad_data, [&] { documents_of({file}, form, 8); });
  };
  const TextForm json{.documents = "json"};
  EXPECT_THAT(refused("empty.txt", ""), HasSubstr("empty.txt: no text"));
  EXPECT_THAT(refused("latin.txt", "0123 56\nna\xEFve", {.documents = "line"}),
              HasSubstr("latin.txt: invalid UTF-8 at byte 10"));
  EXPECT_THAT(refused("a.jsonl", "{\"text\": \"a\"}\n{\"test\": \"b\"}\n", json),
              HasSubstr("a.jsonl:2: no key 'text'"));
  EXPECT_THAT(refused("b.jsonl", "{\"text\": 3}\n", json), HasSubstr("b.jsonl:1: what stands"));
  EXPECT_THAT(refused("c.jsonl", "\n[1]\n", json), HasSubstr("c.jsonl:2: expected a JSON object"));
  EXPECT_THAT(refused("d.jsonl", "{\"text\": \"\\ud800\"}\n", json), HasSubstr("d.jsonl:1"));
  EXPECT_THAT(refused("plain.gz", "text"), HasSubstr("not compressed by gzip"));
  const std::string whole = read_file(write_gzip("whole.gz", std::string(1000, 'x') + "y"));
  EXPECT_THAT(refused("cut.gz", whole.substr(0, whole.size() - 9)), HasSubstr("cut off"));
  EXPECT_THAT(error_of(ErrorKind::usage, [] { check_text_form({.documents = "page"}); }),
              HasSubstr("data.documents: 'page'"));
}

TEST_F(TextBlocksTest, ADocumentHasALimit) {
  const std::string file = path("long.txt");
  write_file(file, "first\n" + std::string(TextBlocks::document_limit + 100, 'x'));
  EXPECT_THAT(
      error_of(ErrorKind::bad_data, [&] { documents_of({file}, {.documents = "line"}, 6); }),
      HasSubstr("long.txt:2: a document of more than 67108864 bytes"));
}

TEST(WhiteSpace, IsUnicodes) {
  for (const std::string_view space : {" ", "\t", "\r", "\u0085", "\u00A0", "\u1680", "\u2000",
                                       "\u200A", "\u2028", "\u202F", "\u205F", "\u3000"}) {
    EXPECT_EQ(white_space_at(space, 0), space.size()) << space;
  }
  for (const std::string_view other :
       {"a", "\x1F", "é", "\u00A1", "\u1681", "\u200B", "\u202A", "\u2060", "\u3001", "\xE2"}) {
    EXPECT_EQ(white_space_at(other, 0), 0u) << other;
  }
  EXPECT_EQ(white_space_at("a", 1), 0u);
}

}  // namespace
}  // namespace heed
