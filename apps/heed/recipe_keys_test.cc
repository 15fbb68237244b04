#include "apps/heed/recipe_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/base/yaml.h"
#include "heed/tasks/language_modelling.h"
#include "heed/tasks/task_kinds.h"
#include "heed/tasks/translation_recipe.h"

namespace heed::app {
namespace {

TEST(RecipeKeys, TheTemplateReadsBackAsTheDefaults) {
  const Json translation = parse_yaml(recipe_template(task_kind("translation")), "template");
  EXPECT_EQ(translation, config_to_json(TranslationRecipe()));
  const Json text = parse_yaml(recipe_template(task_kind("language_modelling")), "template");
  EXPECT_EQ(text, config_to_json(LanguageModellingRecipe()));
}

TEST(RecipeKeys, ATaskHasItsOwnKeysAlone) {
  const std::string text = recipe_template(task_kind("language_modelling"));
  EXPECT_THAT(text, testing::HasSubstr("window: 128"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("subword_dropout")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\ndecoding:")));
}

TEST(RecipeKeys, ThePageHasARowForEveryKeyOfEachTask) {
  const std::string page = recipe_page();
  for (const TaskKind& kind : task_kinds()) {
    const std::vector<ConfigKey> keys = kind.keys();
    ASSERT_GT(keys.size(), 40u);
    for (const ConfigKey& key : keys) {
      const bool top = key.key.find('.') == std::string::npos;
      if (key.type != "section") {
        EXPECT_THAT(page, testing::HasSubstr("| `" + key.key + "` | " + key.type + " | `"));
      } else if (top) {
        EXPECT_THAT(page, testing::HasSubstr("\n### `" + key.key + "`: "));
      }
    }
    EXPECT_THAT(page, testing::HasSubstr("\n## `task: " + kind.name + "`\n"));
  }
  EXPECT_THAT(page, testing::HasSubstr("\ngpt2-124m                  12 layers, d  768, 12 heads"));
  EXPECT_THAT(page, testing::HasSubstr("| `training.save_every` | integer | `0` | steps between"));
  // What would end a cell or be taken for a tag is escaped.
  EXPECT_THAT(page, testing::HasSubstr("[sin \\| cos]"));
  EXPECT_THAT(page, testing::HasSubstr("&lt;/s>"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("</s>")));
}

TEST(RecipeKeys, TheListOfTasksSaysWhatEachDoes) {
  EXPECT_THAT(task_list(), testing::ContainsRegex("translation +an encoder-decoder"));
  EXPECT_THAT(task_list(), testing::ContainsRegex("language_modelling +a decoder"));
}

}  // namespace
}  // namespace heed::app
