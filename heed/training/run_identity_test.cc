#include "heed/training/run_identity.h"
#include "heed/base/json.h"

#include <gtest/gtest.h>

namespace heed {
namespace {

const Json recipe = Json::parse(R"({"seed": 1, "threads": 2, "model": {"d_model": 16, "gain": 1.0},
                                    "training": {"max_steps": 100}, "data_content": "ab"})");

std::string changes(const char* key, const Json& value, bool fixed_end = false) {
  Json now = recipe;
  now[Json::json_pointer(key)] = value;
  return changes_since(recipe.dump(), {now.dump(), {}}, fixed_end);
}

TEST(RunIdentity, NamesEveryChange) {
  EXPECT_EQ(changes("/seed", 1), "");
  EXPECT_EQ(changes("/seed", 2), "seed: 1 before, 2 now");
  EXPECT_EQ(changes("/model/d_model", 32), "model.d_model: 16 before, 32 now");
  EXPECT_EQ(changes("/data_content", "cd"), "data_content: \"ab\" before, \"cd\" now");
  Json both = recipe;
  both["seed"] = 3;
  both["model"]["d_model"] = 8;
  EXPECT_EQ(changes_since(recipe.dump(), {both.dump(), {}}, false),
            "model.d_model: 16 before, 8 now; seed: 1 before, 3 now");
}

TEST(RunIdentity, LetsKeysDifferThatNoStepDependsOn) {
  EXPECT_EQ(changes("/threads", 1), "");
  EXPECT_EQ(changes("/training/max_steps", 200), "");
  EXPECT_EQ(changes("/training/max_steps", 200, true), "training.max_steps: 100 before, 200 now");
}

TEST(RunIdentity, TakesTheDefaultOfKeysThatAreNew) {
  Json before = recipe;
  before["model"].erase("gain");
  const Json defaults = {{"seed", 9}, {"model", {{"gain", 1.0}}}};
  EXPECT_EQ(changes_since(before.dump(), {recipe.dump(), defaults.dump()}, false), "");
  Json changed = recipe;
  changed["model"]["gain"] = 0.5;
  EXPECT_EQ(changes_since(before.dump(), {changed.dump(), defaults.dump()}, false),
            "model.gain: 1.0 before, 0.5 now");
  EXPECT_EQ(changes_since(before.dump(), {changed.dump(), {}}, false),
            "model.gain: nothing before, 0.5 now");
}

}  // namespace
}  // namespace heed
