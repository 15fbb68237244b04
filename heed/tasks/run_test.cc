// From a recipe to a model, and from lines to lines, in one call each.
#include "heed/tasks/run.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/models/language_model.h"
#include "heed/tasks/line_translator.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class Run : public testing::Test {
 protected:
  Run() : directory_(testing::TempDir() + "heed_run_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~Run() override { fs::remove_all(directory_); }

  fs::path directory_;
};

TEST_F(Run, GoesFromARecipeFileToAModelThatTranslates) {
  write_file(directory_ / "copy.yaml",
             "task: translation\n"
             "data: {toy: {kind: copy, train_pairs: 40, validation_pairs: 4, test_pairs: 4}}\n"
             "tokenizer: {kind: word, minimum_frequency: 1}\n"
             "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
             "feed_forward_size: 8}\n"
             "training: {max_steps: 100}\n");
  const RunOutcome outcome =
      run_recipe(directory_ / "copy.yaml", {"training.max_steps=2"}, directory_ / "run");
  EXPECT_EQ(outcome.training.steps, 2);

  const LoadedModel model = load_model(directory_ / "run");
  const std::vector<std::string> lines = {"", "3 4 5", "7"};
  const std::vector<std::string> translations = translate_lines(model, lines);
  ASSERT_EQ(translations.size(), lines.size());
  EXPECT_EQ(translations[0], "");
  LineTranslator translator({model.generator(), model.tokenizers, model.symbols}, model.decoding,
                            {});
  EXPECT_EQ(translations, translator.best_of(lines));
}

TEST_F(Run, LinesAreNotTranslatedByALanguageModel) {
  const auto tokenizer = std::make_shared<const ByteTokenizer>();
  const TokenizerPair tokenizers{tokenizer, tokenizer, true};
  LanguageModelConfig config;
  config.d_model = 8;
  config.layers = 1;
  config.heads = 2;
  config.feed_forward_size = 8;
  LanguageModel model(config, tokenizer->size());
  initialize_parameters(model, 1);
  save_model(model, tokenizers, symbols_for(tokenizers), {}, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  const std::vector<std::string> lines = {"a"};
  try {
    translate_lines(loaded, lines);
    FAIL() << "translated";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("language_modelling"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace heed
