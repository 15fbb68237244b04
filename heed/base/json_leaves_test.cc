#include "heed/base/json_leaves.h"

#include <gmock/gmock.h>

#include "heed/base/json.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(JsonLeaves, HaveDottedKeys) {
  const Json document = Json::parse(R"({"b": {"c": [1, {"x": 2}], "a": {}}, "a": null, "d": "é"})");
  EXPECT_THAT(json_leaves(document),
              ElementsAre(Pair("a", "null"), Pair("b.c", R"([1,{"x":2}])"), Pair("d", "\"é\"")));
  EXPECT_THAT(json_leaves(Json::object()), ElementsAre());
}

}  // namespace
}  // namespace heed
