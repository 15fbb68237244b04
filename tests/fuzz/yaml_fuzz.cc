// YAML from outside: a document, or a key and its value as on the command line.
#include "heed/base/json.h"
#include "heed/base/yaml.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  return {
      chosen(0,
             "model:\n  d_model: 512\n  rate: 1e-4\n  flags: [true, no, ~]\n# note\nname: "
             "\"a\\tb\"\n"),
      chosen(0, "- 1\n- 'two'\n- {three: 3, four: [5, 6]}\n- |\n  text\n  more\n- >-\n  folded\n"),
      chosen(0, "base: &base {a: 1, b: 0.5}\nother: *base\n? key\n: value\n"),
      chosen(1, "model.position.kind=rotary"), chosen(1, "data.train.source=[a.en, b.en]")};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 2);
  attempt([&] {
    if (choice.index == 0) {
      const Json json = parse_yaml(choice.rest, "input");
      if (json.is_object()) {
        expect(parse_yaml(write_yaml(json), "again").dump() == json.dump(),
               "the same document from its own text");
      }
    } else {
      Json json = {{"model", {{"d_model", 512}}}, {"seed", 1}};
      apply_override(json, choice.rest);
      json.dump();
    }
  });
  return 0;
}
