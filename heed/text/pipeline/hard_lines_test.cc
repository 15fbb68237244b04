// tokenizer.json in all shapes, against Hugging Face's `tokenizers`: id for id on 10,000 lines of
// emoji, marks, scripts, white space, control characters, special pieces and long words.
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/text/test_hard_lines.h"
#include "heed/text/tokenizer_files.h"

namespace heed {
namespace {

std::vector<std::string> variant_names() {
  std::vector<std::string> names;
  const Json variants = read_tokenizer_fixture("variants.json");
  for (const auto& variant : variants.items()) {
    names.push_back(variant.key());
  }
  return names;
}

class HardLines : public ::testing::TestWithParam<std::string> {
 protected:
  HardLines() {
    variant_ = read_tokenizer_fixture("variants.json")[GetParam()];
    Json json = variant_["json"];
    json["model"] = read_tokenizer_fixture("models.json")[variant_["model"].get<std::string>()];
    json["model"].update(variant_["changes"]);
    tokenizer_ =
        load_tokenizers(TokenizerFiles({{"tokenizer.json", json.dump()}}, GetParam())).source;
  }

  Json variant_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

TEST_P(HardLines, HaveTheSameIdsAndTheSameText) {
  static const std::vector<std::string> lines = hard_lines();
  const auto ids = variant_["ids"].get<std::vector<std::string>>();
  const auto texts = variant_["texts"].get<std::vector<std::string>>();
  const std::size_t block = lines.size() / ids.size();
  ASSERT_EQ(ids.size(), 100u);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::string found_ids, found_texts;
    for (std::size_t k = i * block; k < (i + 1) * block; ++k) {
      const std::vector<int> encoded = tokenizer_->encode_marked(lines[k]);
      for (std::size_t at = 0; at < encoded.size(); ++at) {
        found_ids += (at == 0 ? "" : " ") + std::to_string(encoded[at]);
      }
      found_ids += '\n';
      found_texts += tokenizer_->decode(encoded) + "\n";
    }
    EXPECT_EQ(hash_text(found_ids), ids[i]) << "ids of lines " << i * block << " and on";
    EXPECT_EQ(hash_text(found_texts), texts[i]) << "text of lines " << i * block << " and on";
  }
}

TEST_P(HardLines, NeverSpellASpecialPieceUnmarked) {
  std::vector<bool> special(static_cast<std::size_t>(tokenizer_->size()));
  for (const Json& token : variant_["json"]["added_tokens"]) {
    special[token["id"].get<std::size_t>()] = token["special"].get<bool>();
  }
  bool marked_has_some = false;
  for (const std::string& line : hard_lines()) {
    for (const int id : tokenizer_->encode(line)) {
      ASSERT_TRUE(!special[static_cast<std::size_t>(id)] || id == tokenizer_->unknown_id()) << line;
    }
    if (!marked_has_some) {
      const std::vector<int> marked = tokenizer_->encode_marked(line);
      marked_has_some = std::ranges::any_of(marked, [&](int id) {
        return special[static_cast<std::size_t>(id)] && id != tokenizer_->unknown_id();
      });
    }
  }
  EXPECT_TRUE(marked_has_some || variant_["json"]["added_tokens"].size() == 1);
}

TEST_P(HardLines, BeginAsThePostProcessorSays) {
  const auto surrounding = variant_["surrounding"].get<std::vector<int>>();
  EXPECT_EQ(tokenizer_->begin_id(),
            surrounding.empty() ? std::nullopt : std::optional(surrounding.front()));
}

INSTANTIATE_TEST_SUITE_P(TokenizerJson, HardLines, ::testing::ValuesIn(variant_names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace heed
