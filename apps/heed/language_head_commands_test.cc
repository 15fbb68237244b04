// heed attend and heads with a small random language model of bytes.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/heed/attention_trace.h"
#include "apps/heed/head_worth.h"
#include "apps/heed/test_head_commands.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/models/language_model.h"

namespace heed::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The same commands with a language model.
class LanguageHeadCommands : public HeadCommands {
 protected:
  LanguageHeadCommands() {
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    LanguageModelConfig config;
    config.d_model = 24;
    config.layers = 2;
    config.heads = 3;
    config.feed_forward_size = 24;
    config.max_length = 20;
    LanguageModel model(config, tokenizer->size());
    initialize_parameters(model, 5);
    for (const NamedTensor& item : stored_tensors_of(model)) {
      if (item.name == "model.decoder.layers.1.self_attn.out_proj.weight") {
        item.tensor.columns(8, 16).fill(0);  // its second head says nothing
      }
    }
    fs::remove_all(path("language"));
    save_model(model, tokenizers, symbols_for(tokenizers), {}, path("language"));
    write_file(path("text"), "First Citizen:\nBefore we proceed any further, hear me speak.\n");
  }
};

TEST_F(LanguageHeadCommands, AttentionIsThatOfThePromptAndWhatFollows) {
  const LoadedModel model = load_model(path("language"));
  const AttentionView view = trace_prompt(model, "ab\n", 4, MatmulPrecision::float32);
  ASSERT_EQ(view.stacks.size(), 1u);
  const AttentionStack& stack = view.stacks.front();
  ASSERT_EQ(stack.row_labels.size(), 7u);
  EXPECT_EQ(stack.row_labels, stack.column_labels);
  EXPECT_EQ(stack.row_labels[1], "b");
  ASSERT_EQ(stack.layers.size(), 2u);
  EXPECT_THAT(stack.layers[0].heads, ElementsAre(1, 2, 3));
  for (std::size_t row = 0; row < 7; ++row) {
    double sum = 0;
    for (std::size_t column = 0; column < 7; ++column) {
      const float weight = stack.layers[1].weights[row * 7 + column];
      sum += weight;
      EXPECT_TRUE(column <= row || weight == 0);
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  EXPECT_EQ(trace_prompt(model, "ab", 0, MatmulPrecision::float32).stacks[0].row_labels.size(), 2u);
}

TEST_F(LanguageHeadCommands, AttendGoesOnWithAPrompt) {
  const Outcome json =
      run({"attend", "--prompt", "ab", "--max-tokens", "3", "--output", path("prompt.json")},
          "language");
  ASSERT_EQ(json.code, 0) << json.message;
  const Json view = Json::parse(read_file(path("prompt.json")));
  EXPECT_EQ(view["prompt"], "ab");
  EXPECT_EQ(view["text"].get<std::string>() + "\n", json.output);
  EXPECT_EQ(view["attention"][0]["queries"].size(), 5u);
  const Outcome page =
      run({"attend", "--prompt", "ab", "--output", path("prompt.html")}, "language");
  EXPECT_EQ(page.code, 0) << page.message;
  EXPECT_THAT(read_file(path("prompt.html")), Not(HasSubstr("about to write")));
  EXPECT_THAT(
      run({"attend", "--prompt", std::string(21, 'a'), "--output", path("x.html")}, "language")
          .message,
      HasSubstr("the prompt has 21 tokens, the model takes 20"));
  const Outcome damaged =
      run({"attend", "--prompt", "ab\xff", "--output", path("x.html")}, "language");
  EXPECT_EQ(damaged.code, 65);
  EXPECT_THAT(damaged.message, HasSubstr("--prompt: invalid UTF-8 at byte 2"));
  EXPECT_THAT(run({"attend", "ab", "--output", path("x.html")}, "language").message,
              HasSubstr("`heed attend` needs a translator, or --prompt for this one"));
  EXPECT_THAT(
      run({"attend", "--prompt", "ab", "--kind", "cross", "--output", path("x.html")}, "language")
          .message,
      HasSubstr("--kind cross"));
}

TEST_F(LanguageHeadCommands, HeadsAreRankedByTheLossOnAText) {
  const Outcome outcome = run({"heads", "--text", path("text"), "--json", "--prune", "1",
                               "--output", path("fewer"), "--page", path("language-heads.html")},
                              "language");
  ASSERT_EQ(outcome.code, 0) << outcome.message;
  const Json json = Json::parse(outcome.output);
  ASSERT_EQ(json["heads"].size(), 6u);
  const auto quiet = std::find_if(json["heads"].begin(), json["heads"].end(), [](const Json& head) {
    return head["attention"] == "decoder.1.self" && head["head"] == 1;
  });
  EXPECT_EQ((*quiet)["worse_by"], 0.0);
  // What is pruned is what was switched off.
  const Json& least = json["heads"][0];
  EXPECT_TRUE(least["pruned"]);
  EXPECT_NEAR(json["pruned_model"]["loss"].get<double>(), least["without"].get<double>(), 1e-5);
  const LoadedModel fewer = load_model(path("fewer"));
  EXPECT_EQ(present_heads(fewer.as<LanguageModel>().config(), least["attention"]).size(), 2u);
  EXPECT_THAT(read_file(path("language-heads.html")), Not(HasSubstr("encoder self-attention")));
  EXPECT_THAT(run({"heads", "--text", path("text"), "--metric", "bleu"}, "language").message,
              HasSubstr("measured by its loss"));
  EXPECT_THAT(run({"heads", "--text", path("text")}).message, HasSubstr("this is a translator"));
  EXPECT_THAT(run({"heads"}, "language").message, HasSubstr("nothing to measure on"));
  fs::remove_all(path("fewer"));
}

}  // namespace
}  // namespace heed::app
