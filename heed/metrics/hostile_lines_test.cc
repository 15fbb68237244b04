// Lines that are made to be slow.
#include <gtest/gtest.h>

#include "heed/base/test_linear_time.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/metrics/text_rules.h"
#include "heed/metrics/tokenizers.h"

namespace heed {
namespace {

TEST(HostileLines, AreMeasuredInLinearTime) {
  for (const BleuTokenizer tokenizer :
       {BleuTokenizer::mteval_13a, BleuTokenizer::international, BleuTokenizer::character,
        BleuTokenizer::none, BleuTokenizer::chinese}) {
    const Bleu bleu({.tokenizer = tokenizer, .lowercase = true});
    expect_linear_time("BLEU " + std::string(bleu_tokenizer_name(tokenizer)),
                       [&](const std::string& line) {
                         const std::string_view reference[] = {line};
                         bleu.sentence_statistics(line, reference);
                       });
  }
  const Chrf chrf({.word_order = 2});
  expect_linear_time("chrF++", [&](const std::string& line) {
    const std::string_view reference[] = {line};
    chrf.sentence_statistics(line, reference);
  });
  expect_linear_time("accuracy", [](const std::string& line) {
    const std::vector<std::string> lines = {line};
    sequence_statistics(lines, lines);
  });
  expect_linear_time("white space", [](const std::string& line) {
    without_trailing_space(std::string_view(line));
  });
}

}  // namespace
}  // namespace heed
