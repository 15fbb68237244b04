#include "heed/data/text_corpus.h"

#include <gmock/gmock.h>

#include "heed/data/test_files.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TextCorpusTest : public FileTest {
 protected:
  // The text of each part, "-" where there is none.
  std::vector<std::string> parts_of(const TextConfig& config) const {
    const TextCorpus corpus(config, "");
    std::map<TextPart, std::filesystem::path> paths;
    for (const TextPart part : {TextPart::train, TextPart::validation, TextPart::test}) {
      if (corpus.has(part)) {
        paths[part] = path("part" + std::to_string(static_cast<int>(part)));
      }
    }
    ThreadPool pool(1);
    const ByteTokenizer tokenizer;
    auto texts = corpus.open(paths, tokenizer, pool);
    std::vector<std::string> parts;
    for (const TextPart part : {TextPart::train, TextPart::validation, TextPart::test}) {
      std::vector<std::int32_t> ids;
      if (corpus.has(part)) {
        texts[part]->append(0, texts[part]->size(), ids);
      }
      parts.push_back(corpus.has(part) ? tokenizer.decode(ids) : "-");
    }
    return parts;
  }
};

TEST_F(TextCorpusTest, PartsAreFilesOrSharesOfTheEnd) {
  const std::string a = write("a.txt", "0123456789"), b = write_gzip("b.gz", "abcdefghij");
  EXPECT_THAT(parts_of({.train = {a, b}, .validation = {a}, .test = {b, a}}),
              ElementsAre("0123456789abcdefghij", "0123456789", "abcdefghij0123456789"));
  EXPECT_THAT(parts_of({.train = {a, b}, .validation_share = 0.2, .test_share = 0.1}),
              ElementsAre("0123456789abcd", "efgh", "ij"));
  EXPECT_THAT(parts_of({.train = {a}, .test_share = 0.3}), ElementsAre("0123456", "-", "789"));
  EXPECT_THAT(parts_of({.train = {a}, .validation = {b}, .test_share = 0.3}),
              ElementsAre("0123456", "abcdefghij", "789"));
}

TEST_F(TextCorpusTest, SharesOfDocumentsAreWhole) {
  const std::string a = write("a.txt", "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(parts_of({.train = {a}, .test_share = 0.5, .documents = "line"}),
              ElementsAre("onetwo", "-", "threefour"));
  const std::string b = write("b.txt", "bbb"), c = write("c.txt", "ccc"), d = write("d.txt", "dd");
  EXPECT_THAT(parts_of({.train = {b, c, d}, .test_share = 0.4, .documents = "file"}),
              ElementsAre("bbb", "-", "cccdd"));
}

TEST_F(TextCorpusTest, LearnsFromTheTrainingPartAlone) {
  const std::string a = write("a.txt", "one\ntwo\nthree\nfour\n");
  std::vector<std::string> texts;
  TextCorpus({.train = {a}, .test_share = 0.5, .documents = "line"}, "")
      .for_each_training_text([&](std::string_view text) { texts.emplace_back(text); });
  EXPECT_THAT(texts, ElementsAre("one", "two"));
}

TEST_F(TextCorpusTest, WhatIsWrongIsNamed) {
  const std::string sound = write("sound.txt", "sound");
  const auto refused = [&](ErrorKind kind, const TextConfig& config) {
    return error_of(kind, [&] { parts_of(config); });
  };
  EXPECT_THAT(refused(ErrorKind::usage, {}), HasSubstr("data.train"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .window = 1}), HasSubstr("window"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .window = 4, .validation_stride = 5}),
              HasSubstr("data.validation_stride: must be 1 … 4"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .documents = "page"}),
              HasSubstr("data.documents: 'page'"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .document_mask = true}),
              HasSubstr("data.document_mask"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .test = {sound}, .test_share = 0.1}),
              HasSubstr("data.test_share"));
  EXPECT_THAT(
      refused(ErrorKind::usage, {.train = {sound}, .validation_share = 0.5, .test_share = 0.5}),
      HasSubstr("nothing of train"));
  EXPECT_THAT(refused(ErrorKind::usage, {.train = {sound}, .validation_share = 1}),
              HasSubstr("validation_share"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {sound}, .test_share = 0.01}),
              HasSubstr("data.test_share: 0.01 of 5 bytes"));
  EXPECT_THAT(
      refused(ErrorKind::bad_data, {.train = {sound}, .test_share = 0.5, .documents = "file"}),
      HasSubstr("leaves no text"));
  EXPECT_THAT(refused(ErrorKind::input_output, {.train = {path("missing.txt")}}),
              HasSubstr("missing.txt"));
  EXPECT_THAT(refused(ErrorKind::input_output, {.train = {"/dev/null"}}),
              HasSubstr("no regular file"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {write("empty.txt", "")}}),
              HasSubstr("empty.txt: no text"));
  EXPECT_THAT(refused(ErrorKind::bad_data, {.train = {write("latin.txt", "na\xEFve")}}),
              HasSubstr("latin.txt: invalid UTF-8 at byte 2"));
}

}  // namespace
}  // namespace heed
