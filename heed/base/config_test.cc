#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/yaml.h"

namespace heed {
namespace {

struct Inner {
  double rate = 0.5;
  std::vector<int> sizes = {1, 2};
  std::map<std::string, std::vector<int>> lists;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("rate", rate, "a rate");
    visit("sizes", sizes, "some sizes");
    visit("lists", lists, "lists by name");
  }
};

struct Outer {
  int count = 3;
  bool flag = false;
  std::string language = "en";
  Inner inner;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("count", count, "a count");
    visit("flag", flag, "a flag");
    visit("language", language, "a code");
    visit("inner", inner, "");
  }
};

std::string config_error(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Config, ReadsYamlWithOverridesAndWritesItBack) {
  Json json = parse_yaml(
      "count: 7\nlanguage: no\ninner:\n  sizes: [4, 5]\n  lists: {a.0: [], b: [1]}\n", "r.yaml");
  Json titled;
  apply_override(titled, "title=");
  EXPECT_EQ(titled["title"], "");
  apply_override(json, "inner.rate=1e-3");
  const Outer outer = config_from_json<Outer>(json, "r.yaml");
  EXPECT_EQ(outer.count, 7);
  EXPECT_EQ(outer.language, "no");
  EXPECT_EQ(outer.inner.rate, 1e-3);
  EXPECT_THAT(outer.inner.sizes, testing::ElementsAre(4, 5));
  EXPECT_EQ(config_to_json(outer)["inner"]["sizes"].dump(), "[4,5]");
  EXPECT_EQ(config_to_json(outer)["inner"]["lists"].dump(), R"({"a.0":[],"b":[1]})");
  EXPECT_EQ(list_config_keys<Outer>().back().key, "inner.lists");
  const Json whole = config_to_json(outer);
  EXPECT_EQ(parse_yaml(write_yaml(whole), "x"), whole) << write_yaml(whole);
  const Json odd = {{"a: b", 1}, {"\"c\n", "x"}, {"", true}, {"- d", {{"ä", 2.5}}}, {"#e", "010"}};
  EXPECT_EQ(parse_yaml(write_yaml(odd), "x"), odd) << write_yaml(odd);
  EXPECT_EQ(parse_yaml(write_yaml(Json::object()), "x"), Json::object());
}

TEST(Config, ErrorsNameKeyAndSource) {
  const auto read = [](const char* yaml) {
    return config_error([&] { config_from_json<Outer>(parse_yaml(yaml, "r.yaml"), "r.yaml"); });
  };
  EXPECT_EQ(read("inner: {rat: 1}"), "r.yaml: unknown key 'inner.rat'; did you mean 'inner.rate'?");
  EXPECT_EQ(read("count: many"), "r.yaml: count: expected integer, got \"many\"");
  EXPECT_EQ(read("inner: {lists: {a: 1}}"),
            "r.yaml: inner.lists.a: expected list of integer, got 1");
  EXPECT_EQ(read("count: 1.5"), "r.yaml: count: expected integer, got 1.5");
  EXPECT_EQ(read("count: 99999999999"), "r.yaml: count: 99999999999 is out of range");
  EXPECT_EQ(read("flag: yes"), "r.yaml: flag: expected true or false, got \"yes\"");
  EXPECT_THAT(read("count: 010"), testing::HasSubstr("r.yaml:1: '010' could be octal"));
  EXPECT_EQ(read("a: 1\na: 2"), "r.yaml:2: duplicate key 'a'");
  EXPECT_THAT(read("a: [1"), testing::HasSubstr("r.yaml:"));
}

TEST(Config, YamlIsStrict) {
  const auto read = [](std::string_view text) {
    return config_error([&] { parse_yaml(text, "r.yaml"); });
  };
  EXPECT_EQ(parse_yaml("a: &a [1, 'x']\nb: *a\nc: ! 5", "x").dump(),
            R"({"a":[1,"x"],"b":[1,"x"],"c":"5"})");
  EXPECT_EQ(read("a: 1\nb: !!str 5"),
            "r.yaml:2: tags such as !function are not supported: nothing in a file is run");
  EXPECT_EQ(read("a: {<<: {b: 1}}"), "r.yaml:1: merge keys (<<) are not supported");
  EXPECT_EQ(read("a: 1\n---\nb: 2"), "r.yaml: something follows the first YAML document");
  EXPECT_EQ(read("- a\n- |\n  b\n, >-\n  c\n"),
            "r.yaml: something follows the first YAML document");
  EXPECT_EQ(read(std::string_view("a:\n  \0b: 1", 10)), "r.yaml: invalid YAML: a NUL byte");
  EXPECT_EQ(read("a: \"b\\_c\""), "r.yaml:1: the escapes \\N and \\_ are not supported");
  EXPECT_EQ(read("{\"\\N\": 1}"), "r.yaml:1: the escapes \\N and \\_ are not supported");
  EXPECT_THAT(read("a: \xC3("), testing::HasSubstr("invalid UTF-8 at byte 3"));
  EXPECT_EQ(read("&a [*a]"), "r.yaml:1: its aliases repeat too much");
  EXPECT_THAT(read(std::string(100, '[')), testing::HasSubstr("r.yaml:"));
  EXPECT_THAT(read(std::string(100, '[') + std::string(100, ']')),
              testing::HasSubstr("nested deeper"));
  // Each line doubles what the one before it means.
  std::string doubled = "- &a0 [x]\n";
  for (int i = 1; i < 60; ++i) {
    doubled += fmt::format("- &a{} [*a{}, *a{}]\n", i, i - 1, i - 1);
  }
  EXPECT_THAT(read(doubled), testing::HasSubstr("its aliases repeat too much"));
  Json json;
  EXPECT_THAT(config_error([&] { apply_override(json, "a\xAE=1"); }),
              testing::HasSubstr("--set: 'a\\xae=1' is not UTF-8"));
}

TEST(Config, RecipesAreBoundedInNodesAndDepth) {
  const auto read = [](const std::string& text) {
    return config_error([&] { parse_yaml(text, "r.yaml"); });
  };
  std::string list = "a:\n";
  for (int i = 0; i < 19'997; ++i) {
    list += " - 1\n";
  }
  EXPECT_EQ(parse_yaml(list, "x")["a"].size(), 19'997u);  // with the map, the key and the list
  EXPECT_EQ(read(list + " - 1\n"), "r.yaml:19999: more than 20000 keys and values");
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_NO_THROW(parse_yaml(nested(64), "x"));
  EXPECT_EQ(read(nested(65)), "r.yaml:1: nested deeper than 64");
  Json json;
  std::string key = "k";
  for (int i = 1; i < 64; ++i) {
    key += ".k";
  }
  apply_override(json, key + "=1");
  EXPECT_THAT(config_error([&] { apply_override(json, key + ".k=1"); }),
              testing::EndsWith("nested deeper than 64"));
}

TEST(Config, MessagesAboutLongValuesAreShort) {
  const std::string long_text(1 << 20, 'x');
  const auto read = [](const std::string& yaml) {
    return config_error([&] { config_from_json<Outer>(parse_yaml(yaml, "r.yaml"), "r.yaml"); });
  };
  for (const std::string& yaml :
       {"count: " + long_text, long_text + ": 1", "inner: {" + long_text + ": 1}",
        "inner: " + long_text, "flag: '" + long_text + "'", "count: 0" + std::string(100000, '1'),
        "a: !" + long_text + " 1", "\"" + long_text, long_text + ": 1\n" + long_text + ": 1"}) {
    const std::string message = read(yaml);
    EXPECT_LT(message.size(), 1200u) << yaml.substr(0, 20);
    EXPECT_GT(message.size(), 5u);
  }
  EXPECT_LT(config_error([&] { parse_json("[" + long_text, "x.json"); }).size(), 1200u);
  EXPECT_LT(config_error([&] {
              parse_json("{\"" + long_text + "\": 1, \"" + long_text + "\": 1}", "x.json");
            }).size(),
            1200u);
}

TEST(Config, JsonIsStrict) {
  EXPECT_EQ(parse_json(R"({"a":[1,{"b":null}]})", "x").dump(), R"({"a":[1,{"b":null}]})");
  EXPECT_THAT(config_error([] { parse_json(R"({"a":1,"a":2})", "x"); }),
              testing::HasSubstr("duplicate key"));
  EXPECT_THAT(config_error([] { parse_json(std::string(100, '['), "x"); }),
              testing::HasSubstr("nested deeper"));
  EXPECT_THAT(config_error([] { parse_json("{\"a\":", "x"); }), testing::HasSubstr("invalid JSON"));
  EXPECT_THAT(config_error([] { parse_json(std::string("{}\0", 3), "x"); }),
              testing::HasSubstr("a NUL byte"));
}

}  // namespace
}  // namespace heed
