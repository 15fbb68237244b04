#include "apps/heed/recipe_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/heed/recipe.h"

namespace heed::app {
namespace {

TEST(RecipeKeys, TheTemplateReadsBackAsTheDefaults) {
  const Json json = parse_yaml(recipe_template(), "template");
  EXPECT_EQ(json, config_to_json(Recipe()));
  EXPECT_EQ(config_to_json(config_from_json<Recipe>(json, "template")), config_to_json(Recipe()));
}

TEST(RecipeKeys, ThePageHasARowForEveryKey) {
  const std::string page = recipe_page();
  const std::vector<ConfigKey> keys = list_config_keys<Recipe>();
  ASSERT_GT(keys.size(), 50u);
  for (const ConfigKey& key : keys) {
    EXPECT_THAT(page, testing::HasSubstr("| `" + key.key + "` | " + key.type + " | `"));
  }
  EXPECT_THAT(page, testing::HasSubstr("| `training.save_every` | integer | `0` | steps between"));
  // What would end a cell or be taken for a tag is escaped.
  EXPECT_THAT(page, testing::HasSubstr("[sin \\| cos]"));
  EXPECT_THAT(page, testing::HasSubstr("&lt;/s>"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("</s>")));
}

}  // namespace
}  // namespace heed::app
