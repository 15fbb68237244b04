// Recipes that start from models of other programs (init_from): a file of GGUF, one of llama2.c
// (needs HEED_DATA), directories of Transformers. Three lines say all that there is to say.
#include "heed/tasks/initial_weights.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "heed/base/json.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/test_directory.h"
#include "heed/tasks/run.h"
#include "heed/tasks/text_writer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InitialWeights : public ModelDirectoryTest {
 protected:
  InitialWeights() {
    fs::create_directories(directory_);
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text += "the theater in " + std::to_string(i * i) + "\n";
    }
    write_file(directory_ / "text", text);
  }

  static fs::path data() { return fs::path(HEED_SOURCE_DIR) / "tests" / "data"; }

  RunOutcome train(const fs::path& init_from, std::vector<std::string> overrides = {}) const {
    write_file(directory_ / "recipe.yaml",
               "task: language_modelling\ninit_from: " + init_from.string() +
                   "\ndata: {train: [text], window: 16, directory: " + directory_.string() + "}\n");
    return run(std::move(overrides));
  }
  RunOutcome translate_from(const fs::path& init_from,
                            std::vector<std::string> overrides = {}) const {
    write_file(directory_ / "recipe.yaml",
               "task: translation\ninit_from: " + init_from.string() +
                   "\ndata: {train: {source: [text], target: [text]}, directory: " +
                   directory_.string() + "}\n");
    return run(std::move(overrides));
  }
  RunOutcome run(std::vector<std::string> overrides) const {
    overrides.insert(overrides.end(), {"training.max_steps=2", "batches.batch_tokens=64"});
    fs::remove_all(directory_ / "run");
    return run_recipe(directory_ / "recipe.yaml", overrides, directory_ / "run");
  }
  std::string refusal(const fs::path& init_from, const std::vector<std::string>& overrides) const {
    try {
      train(init_from, overrides);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  // The run's model is that of `from` but for its weights, which moved, and not far.
  void expect_tuned(const fs::path& from) const {
    const LoadedModel before = load_model(from), after = load_model(directory_ / "run");
    EXPECT_EQ(description_of(*after.module).section, description_of(*before.module).section);
    EXPECT_EQ(after.symbols, before.symbols);
    EXPECT_EQ(after.tokenizers.target->encode("the theater 東京"),
              before.tokenizers.target->encode("the theater 東京"));
    const auto old = stored_tensors_of(*before.module), now = stored_tensors_of(*after.module);
    ASSERT_EQ(old.size(), now.size());
    double largest = 0;
    for (std::size_t i = 0; i < old.size(); ++i) {
      const auto a = old[i].tensor.to_doubles(), b = now[i].tensor.to_doubles();
      ASSERT_EQ(a.size(), b.size()) << old[i].name;
      for (std::size_t k = 0; k < a.size(); ++k) {
        largest = std::max(largest, std::abs(a[k] - b[k]));
      }
    }
    EXPECT_GT(largest, 0);
    EXPECT_LT(largest, 0.02);  // two steps of 0.001 at most
  }
};

TEST_F(InitialWeights, OfAGgufFile) {
  const fs::path file = data() / "gguf" / "model.gguf";
  EXPECT_EQ(train(file).training.steps, 2);
  expect_tuned(file);
  const LoadedModel tuned = load_model(directory_ / "run");
  TextWriter writer({tuned.generator(), tuned.tokenizers, tuned.symbols},
                    {.max_tokens = 4, .temperature = 0});
  EXPECT_EQ(writer.write(std::vector<std::string>{"the"}).size(), 1u);
}

// What a run keeps says all of the model: it is measured and continued without that file's keys.
TEST_F(InitialWeights, AreNeededForTheFirstStepsAlone) {
  fs::copy(data() / "gguf" / "model.gguf", directory_ / "model.gguf");
  train(directory_ / "model.gguf");
  fs::remove(directory_ / "model.gguf");
  const Recipe recipe = read_recipe(directory_ / "run" / "recipe.yaml", {});
  EXPECT_EQ(recipe.settings.init_from, (directory_ / "model.gguf").string());
}

TEST_F(InitialWeights, OfAFileOfLlama2c) {
  const char* place = std::getenv("HEED_DATA");
  if (place == nullptr) {
    GTEST_SKIP() << "HEED_DATA is not set: needs a directory with models/stories260K in it";
  }
  const fs::path folder = fs::path(place) / "models" / "stories260K";
  for (const fs::path& path : {folder, folder / "stories260K.bin"}) {
    EXPECT_EQ(train(path).training.steps, 2);
    expect_tuned(path);
  }
}

TEST_F(InitialWeights, OfDirectoriesOfTransformers) {
  for (const char* name : {"gpt2", "llama", "mistral", "qwen2", "qwen3"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(train(data() / "decoders" / name).training.steps, 2);
    expect_tuned(data() / "decoders" / name);
  }
  for (const fs::path& path : {data() / "t5" / "t5", data() / "t5" / "t5-gated"}) {
    SCOPED_TRACE(path.string());
    EXPECT_EQ(translate_from(path).training.steps, 2);
    expect_tuned(path);
  }
}

TEST_F(InitialWeights, KeepTheChatTemplate) {
  fs::copy(data() / "decoders" / "llama", directory_ / "chat");
  write_file(directory_ / "chat" / "chat_template.jinja", "{{ messages }}");
  train(directory_ / "chat");
  EXPECT_EQ(read_file(load_model(directory_ / "run").directory / "chat_template.jinja"),
            "{{ messages }}");
}

TEST_F(InitialWeights, ARecipeThatSaysOtherwiseIsRefused) {
  const fs::path llama = data() / "decoders" / "llama";
  EXPECT_THAT(refusal(llama, {"model.layers=2"}), HasSubstr("its model.layers is 3"));
  EXPECT_THAT(refusal(data() / "t5" / "t5", {}), HasSubstr("this is a translator, for the task"));
  EXPECT_THAT(refusal(data() / "decoders" / "gpt2", {"model.max_length=64"}),
              HasSubstr("the recipe's model wants [64, 16]"));
  EXPECT_EQ(refusal(llama, {"model.dropout=0.1", "model.max_length=64"}), "none");
}

}  // namespace
}  // namespace heed
