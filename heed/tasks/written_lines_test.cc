// One line a sentence, wherever a run or a study writes text by lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "heed/backends/cpu/register.h"
#include "heed/base/files.h"
#include "heed/interop/load_model.h"
#include "heed/tasks/run.h"
#include "heed/tasks/study_run.h"
#include "heed/text/byte_tokenizer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class WrittenLines : public testing::Test {
 protected:
  WrittenLines() : directory_(testing::TempDir() + "heed_lines_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~WrittenLines() override { fs::remove_all(directory_); }

  std::string write_recipe(const std::string& more) const {
    const fs::path path = directory_ / "recipe.yaml";
    write_file(path,
               "task: translation\n"
               "data: {toy: {kind: copy, maximum_length: 4, train_pairs: 20, validation_pairs: 5, "
               "test_pairs: 7}}\n"
               "tokenizer: {kind: byte}\n"
               "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
               "feed_forward_size: 8, dropout: 0.0}\n"
               "schedule: {kind: constant, learning_rate: 1e-6}\n"
               "decoding: {max_length: 6}\n"
               "training: {max_steps: 1}\n" +
                   more);
    return path.string();
  }

  // A model that spells this byte again and again, whatever it reads: its last norm gives ones, and
  // no other row of the table of embeddings is like them.
  std::string model_that_spells(char c) const {
    const fs::path place = directory_ / "model";
    run_recipe(write_recipe(""), {}, directory_ / "first");
    const LoadedModel model = load_model(directory_ / "first");
    const auto row = static_cast<std::size_t>(ByteTokenizer().encode("a").front() - 'a' +
                                              static_cast<unsigned char>(c));
    int changed = 0;
    for (const NamedTensor& item : stored_tensors_of(*model.module)) {
      const std::span<float> values = Tensor(item.tensor).values<float>();
      if (item.name.ends_with("shared.weight")) {
        std::ranges::fill(values, 0.0f);
        std::ranges::fill(values.subspan(8 * row, 8), 4.0f);
        ++changed;
      } else if (item.name.ends_with("decoder.layers.0.final_layer_norm.weight")) {
        std::ranges::fill(values, 0.0f);
        ++changed;
      } else if (item.name.ends_with("decoder.layers.0.final_layer_norm.bias")) {
        std::ranges::fill(values, 1.0f);
        ++changed;
      }
    }
    EXPECT_EQ(changed, 3);
    save_model(*model.module, model.tokenizers, model.symbols, model.decoding, place);
    return place.string();
  }

  fs::path directory_;
};

TEST_F(WrittenLines, AreAsManyAsSentencesWhateverTheModelSpells) {
  for (const char c : {'\n', '\r'}) {
    const std::string recipe = write_recipe("init_from: " + model_that_spells(c) + "\n" +
                                            "compare: {vary: ['dropout=0.0,0.1'], seeds: 1}\n");
    run_study(read_study(recipe, {}), directory_ / "study");
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_ / "study")) {
      const std::string name = fs::relative(entry.path(), directory_ / "study").string();
      const int sentences = name.ends_with("validation/step-1.txt") ? 5
                            : name.ends_with("test/test.txt")       ? 7
                                                                    : 0;
      if (sentences > 0) {
        ++files;
        const std::string text = read_file(entry.path());
        EXPECT_EQ(std::ranges::count(text, '\n'), sentences) << name;
        EXPECT_EQ(text.find_first_not_of(" \n"), std::string::npos) << name;
        EXPECT_THAT(text, testing::StartsWith("      ")) << name;
      }
    }
    EXPECT_EQ(files, 4);
    for (const char* part : {"study", "first", "model"}) {
      fs::remove_all(directory_ / part);
    }
  }
}

}  // namespace
}  // namespace heed
