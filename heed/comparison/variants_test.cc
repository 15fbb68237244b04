#include "heed/comparison/variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::vector<std::string> keys = {"seed",
                                       "data.length.longest",
                                       "data.toy.kind",
                                       "model.d_model",
                                       "model.heads",
                                       "model.norm",
                                       "model.position.kind",
                                       "model.position.layout",
                                       "model.attention.kind",
                                       "optimizer.kind",
                                       "training.max_steps",
                                       "model.scale_embeddings"};

const std::vector<std::string> test_keys = {"data.toy", "data.test", "data.text"};

template <typename Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "none";
}

TEST(ResolveKey, TakesTheEndOfAKeyWhereItIsUnique) {
  EXPECT_EQ(resolve_key("position.kind", keys), "model.position.kind");
  EXPECT_EQ(resolve_key("model.position.kind", keys), "model.position.kind");
  EXPECT_EQ(resolve_key("attention.kind", keys), "model.attention.kind");
  EXPECT_EQ(resolve_key("heads", keys), "model.heads");
  EXPECT_EQ(resolve_key("seed", keys), "seed");
  EXPECT_EQ(resolve_key("position", keys), "model.position");
  EXPECT_EQ(resolve_key("model", keys), "model");
}

TEST(ResolveKey, RefusesAmbiguousAndUnknownKeys) {
  EXPECT_EQ(refusal([] { resolve_key("kind", keys); }),
            "'kind' is ambiguous: it may be data.toy.kind or model.position.kind or "
            "model.attention.kind or optimizer.kind; give more of the key");
  EXPECT_THAT(refusal([] { resolve_key("postion.kind", keys); }),
              HasSubstr("did you mean 'position.kind'?"));
  // A key ends at a dot: not "…position.kind" for "ion.kind".
  EXPECT_THAT(refusal([] { resolve_key("ion.kind", keys); }), HasSubstr("is no key of a recipe"));
  EXPECT_THAT(refusal([] { resolve_key("", keys); }), HasSubstr("is no key of a recipe"));
}

TEST(ParseVary, SplitsAtCommasThatSeparate) {
  const VariedKey kinds = parse_vary("position.kind=sinusoidal, learned,none", keys);
  EXPECT_EQ(kinds.key, "model.position.kind");
  EXPECT_THAT(kinds.values, ElementsAre("sinusoidal", "learned", "none"));
  EXPECT_THAT(parse_vary("position={kind: a, layout: b},{kind: c}", keys).values,
              ElementsAre("{kind: a, layout: b}", "{kind: c}"));
  EXPECT_THAT(parse_vary("norm='a,b',\"c,d\",[1, 2]", keys).values,
              ElementsAre("'a,b'", "\"c,d\"", "[1, 2]"));
  EXPECT_THAT(parse_vary("norm=a=b", keys).values, ElementsAre("a=b"));
}

TEST(ParseVary, RefusesWhatIsNoList) {
  EXPECT_THAT(refusal([] { parse_vary("position.kind", keys); }), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(refusal([] { parse_vary("=a,b", keys); }), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(refusal([] { parse_vary("norm=pre,,post", keys); }), HasSubstr("a value is empty"));
  EXPECT_THAT(refusal([] { parse_vary("norm=", keys); }), HasSubstr("a value is empty"));
  EXPECT_THAT(refusal([] { parse_vary("norm=pre,pre", keys); }),
              HasSubstr("the value pre is given twice"));
}

TEST(ExpandVariants, GivesTheProduct) {
  const VariedKey lists[] = {parse_vary("position.kind=none,learned", keys),
                             parse_vary("heads=2,4", keys)};
  const auto variants = expand_variants(lists, test_keys);
  ASSERT_EQ(variants.size(), 4u);
  EXPECT_EQ(variants[0].label, "none, heads=2");
  EXPECT_EQ(variants[1].label, "none, heads=4");
  EXPECT_EQ(variants[2].label, "learned, heads=2");
  EXPECT_EQ(variants[2].directory, "learned+heads=2");
  EXPECT_EQ(variants[2].group, "");
  EXPECT_THAT(variants[3].settings,
              ElementsAre(Pair("model.position.kind", "learned"), Pair("model.heads", "4")));
}

TEST(ExpandVariants, DataMakesGroups) {
  const VariedKey lists[] = {parse_vary("toy.kind=copy,sort", keys),
                             parse_vary("position.kind=none,learned", keys)};
  const auto variants = expand_variants(lists, test_keys);
  EXPECT_EQ(variants[1].group, "copy");
  EXPECT_EQ(variants[1].label, "learned");
  EXPECT_EQ(variants[1].directory, "copy+learned");
  EXPECT_EQ(variants[2].group, "sort");
  const VariedKey tasks[] = {parse_vary("toy.kind=copy,sort", keys)};
  EXPECT_EQ(expand_variants(tasks, test_keys)[1].directory, "sort");
  // Models of unlike training data are tested on the same sentences.
  const VariedKey limits[] = {parse_vary("length.longest=20,40", keys)};
  EXPECT_EQ(expand_variants(limits, test_keys)[1].group, "");
  EXPECT_EQ(expand_variants(limits, test_keys)[1].label, "longest=40");
  // Windows of a text are cut from it for the test as for training.
  const std::vector<std::string> text_keys = {"data.text.window"};
  const VariedKey windows[] = {parse_vary("data.text.window=64,128", text_keys)};
  EXPECT_EQ(expand_variants(windows, test_keys)[1].group, "window=128");
}

// A section that holds such a key decides as well; a key that only begins alike does not.
TEST(ExpandVariants, SectionsOfTestDataMakeGroups) {
  const VariedKey section[] = {{"data", {"{test: {source: a}}", "{test: {source: b}}"}}};
  EXPECT_NE(expand_variants(section, test_keys)[1].group, "");
  const VariedKey alike[] = {{"data.tester", {"a", "b"}}};
  EXPECT_EQ(expand_variants(alike, test_keys)[1].group, "");
  const VariedKey task[] = {{"data.toy.kind", {"a", "b"}}};
  EXPECT_EQ(expand_variants(task, {})[1].group, "");
}

TEST(ExpandVariants, LabelsAndDirectoriesTellVariantsApart) {
  const VariedKey sections[] = {
      parse_vary("position={kind: a, size: 4},{kind: a, on: true}", keys)};
  const auto variants = expand_variants(sections, test_keys);
  EXPECT_EQ(variants[0].label, "a size=4");
  EXPECT_EQ(variants[1].label, "a on=true");
  const VariedKey odd[] = {parse_vary("norm=../a,..:a,.hidden", keys)};
  const auto names = expand_variants(odd, test_keys);
  EXPECT_EQ(names[0].directory, "_._a");
  EXPECT_EQ(names[1].directory, "_._a-2");
  EXPECT_EQ(names[2].directory, "_hidden");
  EXPECT_EQ(expand_variants({}, test_keys).size(), 1u);
  EXPECT_EQ(expand_variants({}, test_keys)[0].directory, "recipe");
}

TEST(ExpandVariants, RefusesKeysThatGetInEachOthersWay) {
  const VariedKey twice[] = {{"model.heads", {"1"}}, {"model.heads", {"2"}}};
  EXPECT_THAT(refusal([&] { expand_variants(twice, test_keys); }), HasSubstr("given twice"));
  const VariedKey inside[] = {{"model.position", {"{kind: a}"}}, {"model.position.kind", {"b"}}};
  EXPECT_THAT(refusal([&] { expand_variants(inside, test_keys); }),
              HasSubstr("lies inside model.position"));
  const VariedKey many[] = {{"a", std::vector<std::string>(40, "x")},
                            {"b", std::vector<std::string>(40, "x")}};
  EXPECT_THAT(refusal([&] { expand_variants(many, test_keys); }),
              HasSubstr("more than 1000 variants"));
}

}  // namespace
}  // namespace heed
