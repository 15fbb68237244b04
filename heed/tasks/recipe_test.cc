#include "heed/tasks/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/tasks/language_modelling.h"
#include "heed/tasks/recipe_document.h"
#include "heed/tasks/run.h"
#include "heed/tasks/translation_recipe.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class RecipeFile : public testing::Test {
 protected:
  RecipeFile() : directory_(testing::TempDir() + "heed_recipe_" + std::to_string(::getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~RecipeFile() override { fs::remove_all(directory_); }

  Recipe read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write_file(directory_ / "toys.yaml", text);
    return read_recipe(directory_ / "toys.yaml", overrides);
  }

  std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      read(text, overrides);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  fs::path directory_;
};

constexpr const char* toys =
    "task: translation\ndata: {toy: {kind: copy}}\ntraining: {max_steps: 10}\n";

TEST_F(RecipeFile, ThoseOfTheProjectAreSound) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(HEED_SOURCE_DIR) / "recipes")) {
    if (entry.path().extension() == ".yaml") {
      EXPECT_NO_THROW(read_recipe(entry.path(), {})) << entry.path();
      ++count;
    }
  }
  EXPECT_GE(count, 8);
}

TEST_F(RecipeFile, APresetGivesTheDefaultsOfTheModel) {
  const std::string text =
      "task: language_modelling\ndata: {train: [a.txt]}\ntraining: {max_steps: 10}\n"
      "model: {preset: smollm2-135m, layers: 2, attention: {qk_norm: true}}\n";
  const Recipe recipe = read(text, {"model.dropout=0.3"});
  const auto model = typed_recipe<LanguageModellingRecipe>(recipe.document->value).model;
  EXPECT_EQ(model.preset, "smollm2-135m");
  EXPECT_EQ(model.layers, 2);  // given
  EXPECT_EQ(model.dropout, 0.3);
  EXPECT_TRUE(model.attention.qk_norm);
  EXPECT_EQ(model.attention.key_heads, 3);  // the preset's
  EXPECT_EQ(model.feed_forward_size, 1536);
  EXPECT_EQ(model.position.base, 100000);
  // What is written into a run holds them all.
  Json resolved = recipe.document->value;
  EXPECT_EQ(resolved.at("model").at("feed_forward_size"), 1536);
  EXPECT_EQ(recipe_from_json(resolved, "again").document->value, resolved);
  EXPECT_THAT(refusal(text, {"model.preset=gpt5"}),
              HasSubstr("toys.yaml: model.preset 'gpt5': is unknown; known are gpt2-124m, "));
  EXPECT_THAT(refusal(text, {"model.preset=3"}), HasSubstr("model.preset"));
}

TEST_F(RecipeFile, IsResolvedByItsTask) {
  const Recipe recipe = read(toys, {"seed=5", "model.d_model=64"});
  EXPECT_EQ(recipe.kind->name, "translation");
  EXPECT_EQ(recipe.settings.title, "toys");
  EXPECT_EQ(recipe.settings.seed, 5);
  EXPECT_EQ(recipe.settings.training.max_steps, 10);
  const auto typed = typed_recipe<TranslationRecipe>(recipe.document->value);
  EXPECT_EQ(typed.model.d_model, 64);
  EXPECT_EQ(typed.data.toy.kind, "copy");
  // What is written into a run reads back as the same.
  EXPECT_EQ(recipe_from_json(recipe.document->value, "again").document->value,
            recipe.document->value);
}

TEST_F(RecipeFile, TasksAreNamedWhereOneIsMissingOrUnknown) {
  EXPECT_THAT(refusal("title: A\n"), HasSubstr("task: is missing"));
  EXPECT_THAT(refusal("title: A\n"), HasSubstr("translation, language_modelling"));
  EXPECT_THAT(refusal("task: translating\n"),
              HasSubstr("'translating' is unknown; known are translation, language_modelling"));
  EXPECT_THAT(refusal("task: {a: 1}\n"), HasSubstr("expected one of translation"));
}

TEST_F(RecipeFile, AKeyOfAnotherTaskIsTold) {
  EXPECT_THAT(
      refusal(toys, {"data.window=64"}),
      HasSubstr("data.window: is a key of the task language_modelling, not of translation"));
  EXPECT_THAT(refusal("task: language_modelling\ndecoding: {beam: 2}\n"),
              HasSubstr("decoding: is a key of the task translation, not of language_modelling"));
  EXPECT_THAT(refusal(toys, {"data.toyy.kind=copy"}), HasSubstr("did you mean 'data.toy'?"));
}

TEST_F(RecipeFile, ARunOfAnOlderLayoutIsNotContinued) {
  const Recipe recipe = read(toys, {"model.d_model=16", "model.heads=2"});
  fs::create_directories(directory_ / "run");
  write_file(directory_ / "run" / "metrics.jsonl", "");
  write_file(directory_ / "run" / "recipe.yaml", "title: Old\nmodel: {kind: translator}\n");
  try {
    train_recipe(recipe, directory_ / "run", {.resume = true});
    FAIL() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("a run of an older layout"));
    EXPECT_THAT(error.what(), HasSubstr("init_from: "));
  }
}

}  // namespace
}  // namespace heed
