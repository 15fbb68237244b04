// JSON from outside, and a configuration read from it.
#include "heed/base/config_json.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

struct Inner {
  std::vector<int> sizes = {1, 2};
  std::int64_t count = 3;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("sizes", sizes, "");
    visit("count", count, "");
  }
};

struct Outer {
  bool flag = false;
  int number = 1;
  double rate = 0.5;
  std::string name = "x";
  std::vector<std::string> words;
  Inner inner;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("flag", flag, "");
    visit("number", number, "");
    visit("rate", rate, "");
    visit("name", name, "");
    visit("words", words, "");
    visit("inner", inner, "");
  }
};

}  // namespace

std::vector<std::string> seeds() {
  return {config_to_json(Outer{}).dump(), config_to_json(Outer{}).dump(2),
          R"({"flag": true, "number": -7, "rate": 1e-5, "name": "ä\u00e4\ud83d\ude00",
              "words": ["a", "b c", ""], "inner": {"sizes": [], "count": 9007199254740993}})",
          R"([[1, 2.5, -3e4, null, true], {"a": {"b": [{}]}}, "text"])"};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  attempt([&] {
    const Json json = parse_json(input, "input");
    expect(parse_json(json.dump(), "again") == json, "the same JSON from its own text");
    const auto config = config_from_json<Outer>(json, "input");
    const Json written = config_to_json(config);
    expect(config_to_json(config_from_json<Outer>(written, "again")) == written,
           "the same configuration from its own JSON");
  });
  return 0;
}
