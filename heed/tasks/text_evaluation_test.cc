#include "heed/tasks/text_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TextEvaluations : public testing::Test {
 protected:
  TextEvaluations() : folder_(fs::path(HEED_SOURCE_DIR) / "tests" / "data" / "decoders" / "gpt2") {
    register_cpu_backend();
  }
  ~TextEvaluations() override { fs::remove(text_); }

  TextSource source(const std::string& text) const {
    write_file(text_, text);
    return {.files = {text_.string()}, .form = {}};
  }
  std::string refusal(const TextEvaluationOptions& options) const {
    try {
      evaluate_text(load_model(folder_), source("a text"), options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return {};
  }

  fs::path folder_;
  fs::path text_ =
      testing::TempDir() + "heed_text_evaluation_" + std::to_string(::getpid()) + ".txt";
};

// A window there has max_length tokens, the first of which is given: one prediction fewer.
TEST_F(TextEvaluations, GiveWhatTransformersGives) {
  const LoadedModel model = load_model(folder_);
  const Json expected =
      parse_json(read_file(folder_ / "perplexity.json"), (folder_ / "perplexity.json").string());
  const TextSource text = source(expected["text"].get<std::string>());
  for (const Json& item : expected["cases"]) {
    const TextEvaluation found =
        evaluate_text(model, text,
                      {.window = item["max_length"].get<std::int64_t>() - 1,
                       .stride = item["stride"].get<std::int64_t>()});
    EXPECT_EQ(found.score.tokens, item["tokens"]);
    EXPECT_NEAR(found.score.loss, item["loss"].get<double>(), 2e-6) << item;
    EXPECT_NEAR(found.score.perplexity, std::exp(found.score.loss), 1e-9);
  }
}

TEST_F(TextEvaluations, WindowsAreAsLongAsTheModelTakesUnlessGiven) {
  const LoadedModel model = load_model(folder_);
  EXPECT_EQ(windows_for(model.generator(), {}).window, 32);
  EXPECT_EQ(windows_for(model.generator(), {}).stride, 16);
  EXPECT_EQ(windows_for(model.generator(), {.window = 1}).stride, 1);
  EXPECT_EQ(windows_for(model.generator(), {.stride = 3}).stride, 3);
  EXPECT_THAT(refusal({.window = 33}), HasSubstr("the model takes 32 at most"));
  EXPECT_THAT(refusal({.stride = 0}), HasSubstr("stride: must be 1 … 32"));
  EXPECT_THAT(refusal({.window = 8, .stride = 9}), HasSubstr("stride: must be 1 … 8"));
}

// A text shorter than a window is one.
TEST_F(TextEvaluations, TakeShortTexts) {
  const TextEvaluation found = evaluate_text(load_model(folder_), source("a b\n"), {});
  EXPECT_EQ(found.score.tokens, 3);
  EXPECT_EQ(found.score.words, 3);
  EXPECT_EQ(found.score.bytes, 3);
}

}  // namespace
}  // namespace heed
