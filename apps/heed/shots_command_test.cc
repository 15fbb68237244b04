// heed shots, and what heed heads says of maps, with a small random language model of bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "apps/heed/test_command_model.h"
#include "heed/base/json.h"
#include "heed/models/language_model.h"

namespace heed::app {
namespace {

using testing::HasSubstr;

class ShotsCommand : public CommandModelTest {
 protected:
  static void SetUpTestSuite() {
    CommandModelTest::SetUpTestSuite();
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    LanguageModelConfig config;
    config.d_model = 16;
    config.layers = 2;
    config.heads = 2;
    config.feed_forward_size = 24;
    config.max_length = 64;
    LanguageModel model(config, tokenizer->size());
    initialize_parameters(model, 5);
    for (const NamedTensor& item : stored_tensors_of(model)) {
      if (item.name == "model.decoder.layers.0.self_attn.out_proj.weight") {
        item.tensor.columns(0, 8).fill(0);  // its first head says nothing
      }
    }
    save_model(model, tokenizers, symbols_for(tokenizers), {}, directory() / "language");
    file("asked.jsonl", R"({"q": "ab ab", "a": " ab"}
{"q": "xyz", "a": "x"}
)");
    task() = file("task.yaml", R"(
task: likely
dataset_path: json
dataset_kwargs: {data_files: {test: asked.jsonl}}
test_split: test
output_type: loglikelihood
doc_to_text: q
doc_to_target: a
)");
  }

  static std::string& task() {
    static std::string path;
    return path;
  }
  static std::string language_model() { return (directory() / "language").string(); }
  static std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
      text += line + "\n";
    }
    return text;
  }
  static std::string shots(std::vector<std::string> more) {
    more.insert(more.begin(), {"shots", "--model", language_model(), task()});
    return text_of(run_line(more));
  }
  static double perplexity(std::vector<std::string> more) {
    more.emplace_back("--json");
    const Json json = parse_json(shots(std::move(more)), "output");
    return json["results"][0]["measures"]["perplexity"]["value"].get<double>();
  }
};

TEST_F(ShotsCommand, HeadsCanBeSwitchedOff) {
  const double whole = perplexity({});
  EXPECT_EQ(perplexity({"--heads-off", "1.1"}), whole);
  EXPECT_NE(perplexity({"--heads-off", "1.2"}), whole);
  EXPECT_NE(perplexity({"--heads-off", "2.1"}), perplexity({"--heads-off", "2.2"}));
  EXPECT_EQ(perplexity({"--heads-off", "2.2,1.1,2.2"}), perplexity({"--heads-off", "2.2"}));
  shots({"--heads-off", "3.1"});
  EXPECT_THAT(messages(),
              HasSubstr("'3.1' is no head of this model, which has 1.1, 1.2, 2.1, 2.2"));
  shots({"--heads-off", "1"});
  EXPECT_THAT(messages(), HasSubstr("'1' is no head"));
}

TEST_F(ShotsCommand, ThePageNamesTheModelAndWhatIsOff) {
  const std::string page = (directory() / "shots.html").string();
  shots({"--html", page, "--heads-off", "1.2,2.1"});
  EXPECT_THAT(read_file(page), HasSubstr("Shots: language without head 1.2, 2.1<"));
  run_line({"shots", "--model", language_model() + "/", task(), "--html", page});
  EXPECT_THAT(read_file(page), HasSubstr("Shots: language<"));
}

TEST_F(ShotsCommand, HeadsSaysWhatAHeadLooksAt) {
  const std::string text = file("text", "the cat and the dog and the cat saw the dog\n");
  const Json json = parse_json(
      text_of(run_line({"heads", "--model", language_model(), "--text", text, "--json"})),
      "output");
  ASSERT_EQ(json["heads"].size(), 4u);
  for (const Json& head : json["heads"]) {
    ASSERT_EQ(head["looks_at"].size(), 5u);
    for (const Json& share : head["looks_at"]) {
      EXPECT_GT(share.get<double>(), 0);
      EXPECT_LT(share.get<double>(), 1);
    }
  }
  EXPECT_NE(json["heads"][0]["looks_at"], json["heads"][1]["looks_at"]);
  EXPECT_THAT(run_line({"heads", "--model", language_model(), "--text", text})[2],
              HasSubstr("worse by  looks at"));
}

}  // namespace
}  // namespace heed::app
