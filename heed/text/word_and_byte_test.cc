#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/line_sample.h"
#include "heed/text/test_corpus.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/text/word_tokenizer.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PairStream pairs(std::vector<std::pair<std::string, std::string>> lines) {
  return [lines = std::move(lines)](const PairVisitor& visit) {
    for (const auto& [source, target] : lines) {
      visit(source, target);
    }
  };
}

TokenizerConfig word_config() {
  TokenizerConfig config;
  config.kind = "word";
  config.vocabulary_size = 0;
  config.joint = false;
  return config;
}

TEST(Words, AreRunsOfLettersWithPunctuationApart) {
  EXPECT_THAT(split_words("Two dogs, well-known, don't (ever) cost 3.50$."),
              ElementsAre("Two", "dogs", ",", "well-known", ",", "don't", "(", "ever", ")", "cost",
                          "3.50", "$", "."));
  EXPECT_THAT(split_words("  Grüße\tan Cafe\u0301\u00a0- "),
              ElementsAre("Grüße", "an", "Cafe\u0301", "-"));
  EXPECT_THAT(split_words("二〇二一年 März。"),
              ElementsAre("二", "〇", "二", "一", "年", "März", "。"));
  EXPECT_THAT(split_words("'quoted' -x end-"),
              ElementsAre("'", "quoted", "'", "-", "x", "end", "-"));
  EXPECT_TRUE(split_words("").empty());
}

TEST(Words, JoinWithPunctuationAttached) {
  for (const std::string line :
       {"Two dogs, well-known, don't (ever) bark!", "He said \"no, thanks\" and left.",
        "“Yes”, he said.", "三月三日。是的", "Cost: 3.50%; [sic]"}) {
    EXPECT_EQ(join_words(split_words(line)), line);
  }
  EXPECT_EQ(join_words({}), "");
}

TEST(WordTokenizer, KeepsFrequentWords) {
  TokenizerConfig config = word_config();
  const PairStream corpus =
      pairs({{"The dog runs .", "Der Hund läuft ."}, {"the DOG sleeps .", "der Hund schläft ."}});
  TokenizerPair pair = train_tokenizers(config, 1, corpus);
  EXPECT_EQ(pair.source->size(), 4);  // </s> <unk> . <pad>
  config.lowercase = true;
  pair = train_tokenizers(config, 1, corpus);
  ASSERT_EQ(pair.source->size(), 6);
  EXPECT_EQ(pair.source->piece(2), ".");  // equals in byte order
  EXPECT_THAT(pair.source->encode("THE dog barks."), ElementsAre(4, 3, 1, 2));
  EXPECT_EQ(pair.source->decode(std::vector<int>{4, 3, 1, 2, 0, 5}), "the dog <unk>.");
  EXPECT_EQ(pair.target->encode("HUND").size(), 1u);
  EXPECT_NE(pair.target->encode("HUND")[0], pair.target->unknown_id());
  config.joint = true;
  config.minimum_frequency = 1;
  pair = train_tokenizers(config, 1, corpus);
  EXPECT_EQ(pair.source->encode("hund"), pair.target->encode("hund"));
  config.vocabulary_size = 5;
  EXPECT_EQ(train_tokenizers(config, 1, corpus).source->size(), 5);
  config.minimum_frequency = 100;
  EXPECT_THROW(train_tokenizers(config, 1, corpus), Error);
}

TEST(WordTokenizer, TakesWhatWhiteSpaceParts) {
  TokenizerConfig config = word_config();
  config.joint = true;
  config.minimum_frequency = 1;
  config.word_split = "white_space";
  const std::string line = " = The <unk> @-@ dog 's \u3000 bone , 3,000 km. = ";
  const TokenizerPair pair = train_tokenizers(config, 1, pairs({{line, ""}}));
  EXPECT_THAT(split_at_white_space(line), ElementsAre("=", "The", "<unk>", "@-@", "dog", "'s",
                                                      "bone", ",", "3,000", "km.", "="));
  const std::vector<int> ids = pair.source->encode(line);
  ASSERT_EQ(ids.size(), 11u);
  EXPECT_EQ(ids[2], pair.source->unknown_id());  // which is what the text spells
  EXPECT_EQ(pair.source->size(), 3 + 9);
  EXPECT_EQ(pair.source->decode(ids), "= The <unk> @-@ dog 's bone , 3,000 km. =");
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  const TokenizerPair loaded = load_tokenizers(directory.path());
  EXPECT_EQ(loaded.source->encode(line), ids);
  EXPECT_EQ(loaded.source->fingerprint(), pair.source->fingerprint());
  config.word_split = "spaces";
  EXPECT_THROW(check_tokenizer_config(config), Error);
}

TEST(WordTokenizer, ReadsBackWhatItWrote) {
  TokenizerConfig config = word_config();
  config.lowercase = true;
  const TokenizerPair pair = train_tokenizers(config, 1, made_up_corpus(100));
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  const TokenizerPair loaded = load_tokenizers(directory.path());
  EXPECT_FALSE(loaded.joint);
  EXPECT_EQ(loaded.source->fingerprint(), pair.source->fingerprint());
  EXPECT_EQ(loaded.target->fingerprint(), pair.target->fingerprint());
  EXPECT_NE(loaded.source->fingerprint(), loaded.target->fingerprint());
}

TEST(WordTokenizer, SurvivesDamagedFiles) {
  const TokenizerPair pair = train_tokenizers(word_config(), 1, made_up_corpus(100));
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  const auto path = directory.path() / "source.vocab.json";
  const std::string good = read_file(path);
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = good;
    if (round % 3 == 0) {
      damaged.resize(random.below(damaged.size()));
    } else {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    write_file(path, damaged);
    try {
      load_tokenizers(directory.path()).source->encode("the dog plays");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      EXPECT_THAT(error.what(), HasSubstr("source.vocab.json"));
    }
  }
  for (const std::string json :
       {R"({"lowercase": true})", R"({"lowercase": 1, "pieces": []})", "[]", "null",
        R"({"lowercase": true, "pieces": ["</s>", "<unk>", 5, "<pad>"]})",
        R"({"lowercase": true, "pieces": ["</s>", "<unk>", "a", "a", "<pad>"]})"}) {
    write_file(path, json);
    EXPECT_THROW(load_tokenizers(directory.path()).source, Error) << json;
  }
}

TEST(ByteTokenizer, SpellsEverything) {
  const ByteTokenizer tokenizer;
  EXPECT_EQ(tokenizer.size(), 259);
  EXPECT_EQ(tokenizer.pad_id(), 258);
  EXPECT_THAT(tokenizer.encode("Aß"), ElementsAre(2 + 0x41, 2 + 0xC3, 2 + 0x9F));
  for (const std::string line : {"", "Grüße 二〇 🎉", "a\tb"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
  }
  EXPECT_EQ(tokenizer.decode(std::vector<int>{2 + 0xC3, 2 + 0x41, 0, 1, 258}), "\uFFFDA\uFFFD");
  EXPECT_EQ(tokenizer.piece(2 + 0x41), "<0x41>");
  EXPECT_THROW(tokenizer.encode("\xC3"), Error);
  EXPECT_THROW(tokenizer.decode(std::vector<int>{259}), Error);
  EXPECT_THROW(tokenizer.piece(-1), Error);
}

TEST(ByteTokenizer, IsMadeAndSavedByTheFactory) {
  TokenizerConfig config;
  config.kind = "byte";
  const TokenizerPair pair = train_tokenizers(config, 1, pairs({}));
  TemporaryDirectory directory;
  save_tokenizers(pair, directory.path());
  EXPECT_EQ(load_tokenizers(directory.path()).target->fingerprint(), pair.target->fingerprint());
}

TEST(TokenizerFactory, NamesWhatIsWrongWithADirectory) {
  TemporaryDirectory directory;
  const auto message = [&] {
    try {
      load_tokenizers(directory.path()).source;
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(), HasSubstr("holds no tokenizer"));
  const std::map<std::string, std::string> cases{
      {R"({"tokenizer_class": "BertTokenizer"})", "'BertTokenizer' is not supported"},
      {R"({"tokenizer_class": 5})", "tokenizer_class is missing"},
      {R"([])", "tokenizer_class is missing"},
      {R"({"tokenizer_class": "MarianTokenizer", "separate_vocabs": "x"})", "separate_vocabs"},
      {R"({"tokenizer_class": "MarianTokenizer"})", "vocab.json"},
      {"{", "invalid JSON"},
  };
  for (const auto& [json, expected] : cases) {
    write_file(directory.path() / "tokenizer_config.json", json);
    EXPECT_THAT(message(), HasSubstr(expected)) << json;
  }
}

TEST(TokenizerConfig, IsChecked) {
  const std::map<std::string, std::string> cases{
      {R"({"kind": "bpe"})", "tokenizer.kind: 'bpe' is unknown"},
      {R"({"vocabulary_size": -5})", "tokenizer.vocabulary_size"},
      {R"({"vocabulary_size": 100000000})", "tokenizer.vocabulary_size"},
      {R"({"kind": "word", "minimum_frequency": 0})", "tokenizer.minimum_frequency"},
      {R"({"sample_lines": 0})", "tokenizer.sample_lines"},
      {R"({"character_coverage": 0.5})", "tokenizer.character_coverage"},
      {R"({"normalization": "nfd"})", "tokenizer.normalization"},
      {R"({"kind": "byte", "lowercase": true})", "tokenizer.lowercase"},
      {R"({"kind": "word", "source_model": "x"})", "tokenizer.source_model"},
      {R"({"target_model": "x"})", "tokenizer.target_model"},
  };
  for (const auto& [json, expected] : cases) {
    try {
      check_tokenizer_config(config_from_json<TokenizerConfig>(parse_json(json, "r"), "r"));
      ADD_FAILURE() << json;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_THAT(error.what(), HasSubstr(expected));
    }
  }
}

TEST(PairSample, IsUniformAndKeepsPairsTogether) {
  std::vector<int> kept(50);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    PairSample sample(10, seed);
    for (int i = 0; i < 50; ++i) {
      sample.add(std::to_string(i), std::to_string(-i));
    }
    ASSERT_EQ(sample.sources.size(), 10u);
    for (std::size_t i = 0; i < 10; ++i) {
      ASSERT_EQ(std::stoi(sample.sources[i]), -std::stoi(sample.targets[i]));
      ++kept[static_cast<std::size_t>(std::stoi(sample.sources[i]))];
    }
  }
  // Each is kept with chance 1/5: 400 times, standard deviation 17.9.
  for (const int count : kept) {
    EXPECT_NEAR(count, 400, 90);
  }
}

}  // namespace
}  // namespace heed
