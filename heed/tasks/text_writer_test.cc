// A small random language model of bytes, which writes anything.
#include "heed/tasks/text_writer.h"

#include <gmock/gmock.h>

#include <map>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/models/language_model.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

using testing::HasSubstr;

class TextWriterTest : public testing::Test {
 protected:
  TextWriterTest() : model_((register_cpu_backend(), config()), ByteTokenizer().size()) {
    initialize_parameters(model_, 4);
    const auto tokenizer = std::make_shared<const ByteTokenizer>();
    tokenizers_ = {tokenizer, tokenizer, true};
  }

  static LanguageModelConfig config() {
    LanguageModelConfig config;
    config.d_model = 16;
    config.layers = 1;
    config.heads = 2;
    config.feed_forward_size = 16;
    config.max_length = 64;
    return config;
  }

  TextWriter writer(const WritingConfig& config = {}) const {
    return TextWriter({model_, tokenizers_, text_symbols_for(*tokenizers_.target)}, config);
  }
  WrittenText one(const std::string& prompt, const WritingConfig& config = {}) const {
    return writer(config).write(std::vector{prompt})[0][0];
  }
  std::string refusal(const std::string& prompt, const WritingConfig& config = {}) const {
    try {
      one(prompt, config);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  LanguageModel model_;
  TokenizerPair tokenizers_;
};

TEST_F(TextWriterTest, ShowsWholeCharactersThatAreTheTextTogether) {
  const std::vector<std::string> prompts = {"a", "one two", "é"};
  std::map<std::pair<std::size_t, int>, std::string> shown;
  TextWriter three = writer({.max_tokens = 40, .samples = 3});
  const auto texts = three.write(prompts, [&](std::size_t i, int sample, std::string_view text) {
    EXPECT_FALSE(find_invalid_utf8(text));
    shown[{i, sample}] += text;
  });
  ASSERT_EQ(texts.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(texts[i].size(), 3u);
    for (int k = 0; k < 3; ++k) {
      const WrittenText& text = texts[i][static_cast<std::size_t>(k)];
      EXPECT_EQ((shown[{i, k}]), text.text);
      EXPECT_EQ(text.tokens == 40, text.end == TextEnd::length);  // or the end symbol was drawn
      EXPECT_LT(text.log_probability, -40);
    }
    EXPECT_NE(texts[i][0].text, texts[i][1].text);
  }
}

TEST_F(TextWriterTest, ATextDependsOnItsPromptAndNumberAlone) {
  const std::vector<std::string> prompts = {"a", "one two", "b"};
  const WritingConfig config{.max_tokens = 20, .samples = 2, .seed = 9};
  const auto together = writer(config).write(prompts);
  TextWriter apart = writer(config);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = apart.write(std::span(&prompts[i], 1))[0];
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(alone[k].text, together[i][k].text);
      EXPECT_EQ(alone[k].log_probability, together[i][k].log_probability);
    }
  }
  WritingConfig other = config;
  other.seed = 10;
  EXPECT_NE(writer(other).write(prompts)[0][0].text, together[0][0].text);
}

TEST_F(TextWriterTest, EndsBeforeTheFirstStop) {
  const WritingConfig free{.max_tokens = 40, .temperature = 0};
  const std::string whole = one("x", free).text;
  ASSERT_FALSE(find_invalid_utf8(whole));
  const std::vector<char32_t> characters = decode_utf8(whole);
  ASSERT_GT(characters.size(), 12u);
  std::string stop, before;
  for (std::size_t i = 6; i < 9; ++i) {
    stop += encode_utf8(characters[i]);
  }
  before = whole.substr(0, whole.find(stop));
  WritingConfig stopping = free;
  stopping.stop = {"never written", stop};
  std::string shown;
  TextWriter stopped = writer(stopping);
  const WrittenText text = stopped.write(std::vector<std::string>{"x"},
                                         [&](std::size_t, int, auto part) { shown += part; })[0][0];
  EXPECT_EQ(text.text, before);
  EXPECT_EQ(shown, before);
  EXPECT_EQ(text.end, TextEnd::stop);
  EXPECT_LT(text.tokens, 40);
}

TEST_F(TextWriterTest, EndsWhereTheModelTakesNoMore) {
  const WrittenText text = one(std::string(60, 'a'), {.max_tokens = 40});
  EXPECT_EQ(text.end, TextEnd::context);
  EXPECT_EQ(text.tokens, 5);  // the last of them need not be taken in
  EXPECT_EQ(name_of(text.end), "context");
}

// Of 64 places one is kept for the start symbol: 32 tokens of the other 63 stay when it is full.
TEST_F(TextWriterTest, SlidesPastTheEndOfTheContext) {
  TextSymbols symbols = text_symbols_for(*tokenizers_.target);
  symbols.start = tokenizers_.target->encode("z")[0];
  const TextModel model{model_, tokenizers_, symbols};
  TextWriter sliding(model,
                     {.max_tokens = 120, .context_end = ContextEnd::slide, .temperature = 0});
  const std::string prompt(50, 'a');
  const WrittenText text = sliding.write(std::vector{prompt})[0][0];
  ASSERT_EQ(text.end, TextEnd::length);
  ASSERT_EQ(text.tokens, 120);
  // The first tokens are those that come without sliding.
  TextWriter stopping(model, {.max_tokens = 120, .temperature = 0});
  const WrittenText stopped = stopping.write(std::vector{prompt})[0][0];
  ASSERT_EQ(stopped.end, TextEnd::context);
  ASSERT_EQ(stopped.pieces.size(), 14u);  // 64 - 51 + 1
  for (std::size_t i = 0; i < 14; ++i) {
    EXPECT_EQ(text.pieces[i].id, stopped.pieces[i].id) << i;
  }
  // The next are what follows the start symbol and the last 32 tokens, alone.
  std::vector<int> ids = tokenizers_.target->encode(prompt);
  for (std::size_t i = 0; i < 14; ++i) {
    ids.push_back(text.pieces[i].id);
  }
  std::vector<int> left = {symbols.start};
  left.insert(left.end(), ids.end() - 32, ids.end());
  const std::vector<Prompt> begun = {{.source = {}, .begun = left}};
  DecodingConfig greedy;
  greedy.beam = 1;
  greedy.length_penalty = 0;
  greedy.max_length = 20;
  const auto expected =
      generate(model_, begun, {.ends = {symbols.end}, .suppressed = symbols.suppressed}, greedy);
  ASSERT_EQ(expected[0][0].tokens.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(text.pieces[14 + i].id, expected[0][0].tokens[i]) << i;
  }
}

TEST_F(TextWriterTest, SlidesInABatchAsAlone) {
  const std::vector<std::string> prompts = {std::string(40, 'a'), "one two", std::string(63, 'b'),
                                            std::string(200, 'c'), "é"};
  for (const int beam : {1, 3}) {
    const WritingConfig config{.max_tokens = 150,
                               .context_end = ContextEnd::slide,
                               .samples = 2,
                               .beam = beam,
                               .repetition_penalty = 1.1,
                               .seed = 9};
    const auto together = writer(config).write(prompts);
    TextWriter apart = writer(config);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const auto alone = apart.write(std::span(&prompts[i], 1))[0];
      ASSERT_EQ(alone.size(), together[i].size());
      for (std::size_t k = 0; k < alone.size(); ++k) {
        EXPECT_EQ(alone[k].text, together[i][k].text);
        EXPECT_EQ(alone[k].log_probability, together[i][k].log_probability);
        EXPECT_NE(alone[k].end, TextEnd::context);
      }
    }
  }
}

TEST_F(TextWriterTest, TellsEveryToken) {
  const WrittenText text = one("ab", {.max_tokens = 12});
  std::string together;
  double log_probability = 0;
  for (const WrittenToken& token : text.pieces) {
    together += token.text;
    log_probability += token.log_probability;
  }
  EXPECT_GT(text.pieces.size(), 3u);
  EXPECT_TRUE(text.text.starts_with(together));
  if (text.end == TextEnd::length) {
    EXPECT_EQ(std::ssize(text.pieces), text.tokens);
    EXPECT_NEAR(log_probability, text.log_probability, 1e-9);
  }
}

// The best by their mean log-probability, and none that is worse than the greedy one.
TEST_F(TextWriterTest, SearchesWithABeam) {
  const std::vector<std::string> prompt = {"ab"};
  const auto found = writer({.max_tokens = 8, .samples = 3, .beam = 6}).write(prompt)[0];
  ASSERT_EQ(found.size(), 3u);
  const auto mean = [](const WrittenText& text) {
    return text.log_probability / static_cast<double>(text.tokens);
  };
  EXPECT_GE(mean(found[0]), mean(found[1]));
  EXPECT_GE(mean(found[1]), mean(found[2]));
  EXPECT_GE(mean(found[0]), mean(one("ab", {.max_tokens = 8, .temperature = 0})) - 1e-9);
}

// A model whose texts begin with a symbol gets it in front, once.
TEST_F(TextWriterTest, BeginsWithTheStartSymbol) {
  TextSymbols symbols = text_symbols_for(*tokenizers_.target);
  symbols.start = tokenizers_.target->encode("z")[0];
  TextWriter starting({model_, tokenizers_, symbols}, {.max_tokens = 8, .temperature = 0});
  const WrittenText expected = one("zab", {.max_tokens = 8, .temperature = 0});
  for (const char* prompt : {"ab", "zab"}) {
    const WrittenText text = starting.write(std::vector<std::string>{prompt})[0][0];
    EXPECT_EQ(text.text, expected.text);
    EXPECT_EQ(text.log_probability, expected.log_probability);
  }
  EXPECT_NO_THROW(starting.write(std::vector<std::string>{""}));
}

TEST_F(TextWriterTest, RefusesWhatMakesNoSense) {
  EXPECT_THAT(refusal("a", {.beam = 2, .stop = {"x"}}), HasSubstr("stop: a beam"));
  EXPECT_THAT(refusal("a", {.beam = 2, .top_k = 3}), HasSubstr("nothing is by a beam"));
  EXPECT_THAT(refusal("a", {.min_p = 2}), HasSubstr("min_p"));
  EXPECT_THAT(refusal(""), HasSubstr("prompt 1: is empty"));
  EXPECT_THAT(refusal(std::string(65, 'a')), HasSubstr("has 65 tokens, the model takes 64"));
  EXPECT_THAT(refusal("a", {.max_tokens = 0}), HasSubstr("max_tokens 0"));
  EXPECT_THAT(refusal("a", {.samples = 2, .temperature = 0}), HasSubstr("samples 2"));
  EXPECT_THAT(refusal("a", {.temperature = 0, .top_k = 3}), HasSubstr("top_k"));
  EXPECT_THAT(refusal("a", {.temperature = -1}), HasSubstr("temperature -1"));
  EXPECT_THAT(refusal("a", {.stop = {""}}), HasSubstr("stop"));
  try {
    one("a\xFF");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_STREQ(error.what(), "prompt 1: invalid UTF-8 at byte 1");
  }
}

}  // namespace
}  // namespace heed
