// Which bytes of a text tokens were made of, and how texts are put together: as Hugging Face's
// `tokenizers` says (tests/data/tokenizers/spans.json, made by tools/make_span_fixtures.py).
#include "heed/text/pipeline/token_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "heed/base/error.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

std::shared_ptr<const Tokenizer> load_variant(const std::string& name, Json& variant) {
  variant = read_tokenizer_fixture("variants.json")[name];
  Json json = variant["json"];
  json["model"] = read_tokenizer_fixture("models.json")[variant["model"].get<std::string>()];
  json["model"].update(variant["changes"]);
  return load_tokenizers(TokenizerFiles({{"tokenizer.json", json.dump()}}, name)).source;
}

class TokenPlaces : public ::testing::TestWithParam<std::string> {
 protected:
  Json variant_;
  std::shared_ptr<const Tokenizer> tokenizer_ = load_variant(GetParam(), variant_);
  Json expected_ = read_tokenizer_fixture("spans.json")[GetParam()];
};

TEST_P(TokenPlaces, AreTheSameOnHardLines) {
  static const std::vector<std::string> lines = hard_lines();
  const auto blocks = expected_["spans"].get<std::vector<std::string>>();
  const std::size_t block = lines.size() / blocks.size();
  // As the script says.
  const bool prefixed = variant_["json"]["pre_tokenizer"].value("add_prefix_space", false);
  const auto is_left_out = [&](const std::string& line) {
    return (prefixed && line.starts_with(' ')) ||
           std::ranges::any_of(variant_["json"]["added_tokens"], [&](const Json& token) {
             return (prefixed || token["special"].get<bool>()) &&
                    line.find(token["content"].get<std::string>()) != std::string::npos;
           });
  };
  const char* folder = std::getenv("HEED_SPANS");  // for a closer look
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::string found;
    for (std::size_t k = i * block; k < (i + 1) * block; ++k) {
      if (is_left_out(lines[k])) {
        continue;
      }
      const SpannedTokens tokens = tokenizer_->encode_with_spans(lines[k]);
      ASSERT_EQ(tokens.ids, tokenizer_->encode(lines[k]));
      ASSERT_EQ(tokens.ids.size(), tokens.spans.size());
      for (std::size_t t = 0; t < tokens.ids.size(); ++t) {
        found += fmt::format("{}{}:{}-{}", t == 0 ? "" : " ", tokens.ids[t], tokens.spans[t].begin,
                             tokens.spans[t].end);
      }
      found += '\n';
    }
    if (folder != nullptr) {
      write_file(fmt::format("{}/{}/{}.ours", folder, GetParam(), i * block), found);
    }
    EXPECT_EQ(hash_text(found), blocks[i]) << "lines " << i * block << " and on";
  }
}

TEST_P(TokenPlaces, FramesAreTheSame) {
  const auto expect = [&](const FramedText& framed, const char* key) {
    EXPECT_EQ(framed.ids, expected_[key]["ids"].get<std::vector<int>>()) << key;
    EXPECT_EQ(framed.segments, expected_[key]["segments"].get<std::vector<int>>()) << key;
  };
  const std::vector<int> first = tokenizer_->encode("the dog"),
                         second = tokenizer_->encode("a story");
  const TextFrame frame = tokenizer_->frame();
  expect(frame.put(first), "single");
  const FramedText pair = frame.put(first, second);
  expect(pair, "pair");
  EXPECT_EQ(frame.specials(true), pair.ids.size() - first.size() - second.size());
  EXPECT_TRUE(std::equal(second.begin(), second.end(),
                         pair.ids.begin() + static_cast<std::ptrdiff_t>(pair.second)));
}

INSTANTIATE_TEST_SUITE_P(TokenizerJson, TokenPlaces,
                         ::testing::Values("bert", "bert-cased", "gpt2", "roberta", "smollm",
                                           "words"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// Whatever a tokenizer does to a text, spans lie in it, in order where tokens are.
TEST(TokenSpans, LieInTheText) {
  const Json variants = read_tokenizer_fixture("variants.json");
  const std::vector<std::string> lines = hard_lines();
  for (const auto& item : variants.items()) {
    Json variant;
    const auto tokenizer = load_variant(item.key(), variant);
    for (std::size_t k = 0; k < 600; ++k) {
      const SpannedTokens tokens = tokenizer->encode_with_spans(lines[k]);
      ASSERT_EQ(tokens.ids, tokenizer->encode(lines[k])) << item.key();
      ASSERT_EQ(tokens.spans.size(), tokens.ids.size()) << item.key();
      for (const TokenSpan& span : tokens.spans) {
        ASSERT_LE(span.begin, span.end) << item.key() << ": " << lines[k];
        ASSERT_LE(span.end, lines[k].size()) << item.key();
      }
    }
  }
}

TEST(TokenSpans, SpacesThatAreWrittenAsCharactersHaveTheirPlaces) {
  Json variant;
  const auto tokenizer = load_variant("t5", variant);
  const std::string line = "the dog  the";
  const SpannedTokens tokens = tokenizer->encode_with_spans(line);
  std::string again;
  for (const TokenSpan& span : tokens.spans) {
    again += line.substr(span.begin, span.end - span.begin);
  }
  EXPECT_EQ(again, line);
}

TEST(TokenSpans, SomeTokenizersDoNotKnowThem) {
  EXPECT_THROW(ByteTokenizer().encode_with_spans("a"), Error);
}

TEST(TextFrames, PairsAreCutFromTheLongerTextFirst) {
  const auto lengths = [](std::size_t first, std::size_t second, std::size_t most) {
    std::vector<int> a(first), b(second);
    shorten_pair(a, b, most);
    return std::pair(a.size(), b.size());
  };
  EXPECT_EQ(lengths(3, 4, 9), std::pair(std::size_t{3}, std::size_t{4}));
  EXPECT_EQ(lengths(3, 40, 9), std::pair(std::size_t{3}, std::size_t{6}));
  EXPECT_EQ(lengths(40, 2, 9), std::pair(std::size_t{7}, std::size_t{2}));
  EXPECT_EQ(lengths(40, 41, 9), std::pair(std::size_t{4}, std::size_t{5}));
  EXPECT_EQ(lengths(41, 40, 9), std::pair(std::size_t{5}, std::size_t{4}));
}

}  // namespace
}  // namespace heed
