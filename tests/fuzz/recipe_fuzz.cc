// Recipes: YAML with known keys and checked values.
#include "heed/tasks/recipe.h"

#include "heed/base/config_json.h"
#include "heed/base/files.h"
#include "heed/base/yaml.h"
#include "heed/tasks/recipe_document.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  const std::filesystem::path folder = std::filesystem::path(HEED_SOURCE_DIR) / "recipes";
  std::vector<std::string> result;
  for (const std::string& name : files_in(folder)) {
    if (name.ends_with(".yaml")) {
      result.push_back(read_file(folder / name));
    }
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const auto path = write_scratch("input.yaml", text_of(data, size));
  attempt([&] {
    const std::string text = write_yaml(read_recipe(path, {}).document->value);
    const auto copy = write_scratch("copy.yaml", text);
    expect(write_yaml(read_recipe(copy, {}).document->value) == text,
           "the same recipe from its own text");
  });
  return 0;
}
