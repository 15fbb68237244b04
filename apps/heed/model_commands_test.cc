// heed info, export and average with a small random model of bytes.
#include "apps/heed/test_command_model.h"
#include "heed/base/json.h"

namespace heed::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using ModelCommands = CommandModelTest;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

TEST_F(ModelCommands, InfoSaysWhatIsOfInterest) {
  const auto lines = run_line({"info", model()});
  EXPECT_THAT(lines, Contains("loadable_by_transformers: true"));
  EXPECT_THAT(lines, Contains("tokenizer: \"byte\""));
  EXPECT_THAT(lines, Contains("  d_model: 16"));
  EXPECT_THAT(lines, Contains("  beam: 3"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("step:"))));  // it was not trained
  EXPECT_THAT(lines, Not(Contains(HasSubstr("low_frequency_factor"))));
  EXPECT_LT(lines.size(), 36u);
  EXPECT_THAT(run_line({"info", model(), "--all"}), Contains("    low_frequency_factor: 1.0"));
  const Json json = parse_json(joined(run_line({"info", model(), "--json"})), "info");
  EXPECT_EQ(json["model"]["position"]["low_frequency_factor"], 1.0);
  EXPECT_EQ(json["transformers_class"], "MarianMTModel");
}

// As training leaves it, and as damage does.
TEST_F(ModelCommands, InfoSaysHowFarTrainingHadCome) {
  const std::filesystem::path run = directory() / "run";
  std::filesystem::copy(model(), run);
  write_file(run / "state.json",
             R"({"step": 40, "epoch": 3, "best": {"loss": 1.25, "measures": {"bleu": null}},
                 "best_step": 20})");
  const auto lines = run_line({"info", run.string()});
  EXPECT_THAT(lines, Contains("step: 40"));
  EXPECT_THAT(lines, Contains("epoch: 3"));
  EXPECT_THAT(lines, Contains("  step: 20"));
  EXPECT_THAT(lines, Contains("  loss: 1.25"));
  EXPECT_THAT(lines, Contains("  bleu: null"));  // it was no number
  write_file(run / "state.json", R"({"step": 40, "epoch": 3, "best": null})");
  EXPECT_THAT(run_line({"info", run.string()}), Not(Contains("best:")));
  write_file(run / "state.json", R"({"step": "many"})");
  run_line({"info", run.string()});
  EXPECT_THAT(messages(), HasSubstr("state.json: not the state of a run"));
}

TEST_F(ModelCommands, InfoKnowsTheFilesOfOtherPrograms) {
  const std::filesystem::path folder = std::filesystem::path(HEED_SOURCE_DIR) / "tests/data/gguf";
  for (const std::filesystem::path& path : {folder, folder / "model.gguf"}) {
    const Json json = parse_json(joined(run_line({"info", path.string(), "--json"})), "info");
    EXPECT_EQ(json["format"], "GGUF");
    EXPECT_EQ(json["architecture"], "llama");
    EXPECT_EQ(json["file_bytes"], std::filesystem::file_size(folder / "model.gguf"));
    EXPECT_GT(json["tensor_types"]["F32"], 0);
    EXPECT_EQ(json["chat_template"], false);
    EXPECT_EQ(json["exports_to"], Json::array({"llama", "mistral"}));
    EXPECT_THAT(json["transformers_call"].get<std::string>(),
                testing::EndsWith("gguf_file=\"model.gguf\")"));
  }
  const Json json = parse_json(joined(run_line({"info", model(), "--json"})), "info");
  EXPECT_EQ(json["format"], "safetensors");
  EXPECT_GT(json["tensor_types"]["float32"], 0);
  EXPECT_EQ(json["exports_to"], Json::array({"marian"}));
  EXPECT_EQ(json["transformers_call"], "MarianMTModel.from_pretrained(\"" + model() + "\")");
}

TEST_F(ModelCommands, ExportWritesAModelAndSaysForWhom) {
  const std::string output = (directory() / "exported").string();
  EXPECT_THAT(run_line({"export", model(), output, "--dtype", "bf16"}),
              ElementsAre(output + ": MarianMTModel of Transformers, weights in bf16"));
  EXPECT_THAT(messages(), HasSubstr("no other program has its tokenizer (byte)"));
  EXPECT_THAT(run_line({"info", output}), Contains("loadable_by_transformers: true"));
  run_line({"export", model(), output});
  EXPECT_THAT(messages(), HasSubstr("holds a model already"));
  run_line({"export", model(), output + "2", "--family", "t5"});
  EXPECT_THAT(messages(), HasSubstr("no model of the family t5 is like this one"));
}

TEST_F(ModelCommands, GenerateNeedsALanguageModel) {
  run({"generate", "--prompt", "a"});
  EXPECT_EQ(messages(), model() +
                            ": this is a translator; `heed generate` needs a language model; "
                            "`heed translate --model " +
                            model() + "` runs this one");
}

TEST_F(ModelCommands, AverageCountsItsModels) {
  const std::string output = (directory() / "averaged").string();
  EXPECT_THAT(run_line({"average", model(), "--output", output}),
              ElementsAre(output + ": the mean of 1 model"));
}

}  // namespace
}  // namespace heed::app
