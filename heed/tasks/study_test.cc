#include "heed/tasks/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/tasks/translation_recipe.h"
#include "heed/tasks/typed_recipe.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StudyFile : public testing::Test {
 protected:
  StudyFile() : path_(testing::TempDir() + "heed_study_" + std::to_string(::getpid()) + ".yaml") {}
  ~StudyFile() override { std::filesystem::remove(path_); }

  Study read(const std::string& more, const StudyOptions& options = {}) {
    write_file(path_,
               "task: translation\n"
               "title: Toy\n"
               "data: {toy: {kind: copy, maximum_length: 10}}\n"
               "tokenizer: {kind: word}\n"
               "model: {d_model: 16, heads: 2, max_length: 64}\n"
               "training: {max_steps: 10}\n" +
                   more);
    return read_study(path_, options);
  }

  std::string refusal(const std::string& more, const StudyOptions& options = {}) {
    try {
      read(more, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "none";
  }

  static TranslatorConfig model_of(const Study& study, std::size_t variant) {
    return typed_recipe<TranslationRecipe>(study.variants[variant].recipe.document->value).model;
  }

  std::filesystem::path path_;
};

TEST_F(StudyFile, SaysWhatIsCompared) {
  const Study study = read(
      "compare:\n"
      "  vary: ['position.kind=sinusoidal,learned', 'heads=2,4']\n"
      "  seeds: 2\n"
      "  lengths: [4x, 1x, 1.5x]\n");
  ASSERT_EQ(study.variants.size(), 4u);
  EXPECT_EQ(study.variants[3].variant.label, "learned, heads=4");
  EXPECT_EQ(model_of(study, 3).position.kind, "learned");
  EXPECT_EQ(model_of(study, 3).heads, 4);
  EXPECT_EQ(model_of(study, 0).heads, 2);
  EXPECT_EQ(study.compare.seeds, 2);
  EXPECT_THAT(study.multiples, ElementsAre(1, 1.5, 4));
  EXPECT_EQ(study.base.settings.title, "Toy");
}

TEST_F(StudyFile, TheCommandLineWins) {
  StudyOptions options;
  options.vary = {"norm=pre,post"};
  options.lengths = {"2x"};
  options.seeds = 1;
  options.overrides = {"model.d_model=32"};
  const Study study = read("compare: {vary: ['heads=2,4'], seeds: 5, lengths: [1x]}\n", options);
  ASSERT_EQ(study.variants.size(), 2u);
  EXPECT_EQ(model_of(study, 1).norm, "post");
  EXPECT_EQ(model_of(study, 1).d_model, 32);
  EXPECT_EQ(study.compare.seeds, 1);
  EXPECT_THAT(study.multiples, ElementsAre(2));
  EXPECT_EQ(
      read("compare: {vary: ['heads=2,4']}\n", {.overrides = {"compare.seeds=7"}}).compare.seeds,
      7);
}

TEST_F(StudyFile, RefusesWhatCannotBeCompared) {
  EXPECT_THAT(refusal(""), HasSubstr("nothing to compare"));
  EXPECT_THAT(refusal("", {.vary = {"heads=2,3"}}),
              HasSubstr("variant heads=3: "));  // 16 is not divisible by 3
  EXPECT_THAT(refusal("", {.vary = {"norm=pre,psot"}}), HasSubstr("variant psot: "));
  EXPECT_THAT(refusal("", {.vary = {"kind=a,b"}}), HasSubstr("'kind' is ambiguous"));
  EXPECT_THAT(refusal("", {.vary = {"seed=1,2"}}), HasSubstr("--seeds"));
  EXPECT_THAT(refusal("compare: {vray: ['heads=2,4']}\n"), HasSubstr("did you mean 'vary'?"));
  EXPECT_THAT(refusal("", {.vary = {"heads=2,4"}, .seeds = 0}), HasSubstr("seeds: must be in"));
  for (const char* length : {"2", "x", "-1x", "0x", "2xx", "nanx"}) {
    EXPECT_THAT(refusal("", {.vary = {"heads=2,4"}, .lengths = {length}}),
                HasSubstr("is no multiple of the training length"))
        << length;
  }
}

// 10 symbols at most are trained on; 70 and </s> are more than the model takes.
TEST_F(StudyFile, TheModelMustTakeTheTestLengths) {
  EXPECT_EQ(refusal("", {.vary = {"heads=2,4"}, .lengths = {"6x"}}), "none");
  EXPECT_THAT(refusal("", {.vary = {"heads=2,4"}, .lengths = {"7x"}}),
              HasSubstr("70 symbols, 71 tokens with </s>, but model.max_length is 64"));
}

TEST_F(StudyFile, TheModelMustTakeTheTestedWindows) {
  StudyOptions options{.overrides = {"task=language_modelling", "data={train: [a.txt], window: 16}",
                                     "tokenizer.kind=byte"},
                       .vary = {"heads=2,4"},
                       .lengths = {"0.5x", "4x"}};
  EXPECT_EQ(refusal("", options), "none");
  options.lengths = {"1x", "5x"};
  EXPECT_THAT(refusal("", options), HasSubstr("5x is 80 tokens, but model.max_length is 64"));
  options.overrides.erase(options.overrides.begin());
  EXPECT_THAT(
      refusal("", options),
      HasSubstr("data.window: is a key of the task language_modelling, not of translation"));
}

TEST_F(StudyFile, IsNoRecipeToTrain) {
  read("compare: {vary: ['heads=2,4']}\n");
  EXPECT_THROW(read_recipe(path_, {}), Error);
}

TEST_F(StudyFile, TasksMakeTheirOwnCorpora) {
  EXPECT_THAT(refusal("", {.overrides = {"data.train.source=[a]"}, .vary = {"heads=2,4"}}),
              HasSubstr("name either a kind or files"));
  EXPECT_THAT(refusal("", {.vary = {"toy.kind=copy,divide"}}), HasSubstr("variant divide: "));
  const Study study = read("", {.vary = {"toy.kind=copy,sort", "heads=2,4"}});
  EXPECT_EQ(study.variants[2].variant.group, "sort");
  EXPECT_EQ(typed_recipe<TranslationRecipe>(study.variants[2].recipe.document->value).data.toy.kind,
            "sort");
  EXPECT_THAT(refusal("", {.vary = {"task=translation,language_modelling"}}),
              HasSubstr("cannot be varied"));
}

}  // namespace
}  // namespace heed
