#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "heed/base/error.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/classification.h"
#include "heed/metrics/ngrams.h"
#include "heed/metrics/text_rules.h"

namespace heed {
namespace {

using Lines = std::vector<std::string>;
using testing::HasSubstr;

template <typename Action>
std::string error_of(const Action& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Bleu, FollowsTheFormulaByHand) {
  // 5 of 6 words, 3 of 5 pairs, 1 of 4 triples, 0 of 3 quadruples (half of one, by exp smoothing).
  const Lines hypothesis = {"the cat sat on a mat"};
  const std::vector<Lines> references = {{"the cat is on a mat now"}};
  const BleuScore score = corpus_bleu(hypothesis, references);
  EXPECT_DOUBLE_EQ(score.precisions[0], 100.0 * 5 / 6);
  EXPECT_DOUBLE_EQ(score.precisions[1], 100.0 * 3 / 5);
  EXPECT_DOUBLE_EQ(score.precisions[2], 100.0 * 1 / 4);
  EXPECT_DOUBLE_EQ(score.precisions[3], 100.0 / (2 * 3));
  EXPECT_DOUBLE_EQ(score.brevity_penalty, std::exp(1.0 - 7.0 / 6.0));
  EXPECT_NEAR(score.score,
              100 * std::exp(1.0 - 7.0 / 6.0) * std::pow(5.0 / 6 * 3 / 5 * 1 / 4 * 1 / 6, 0.25),
              1e-9);
}

TEST(Bleu, IsHundredForTheReferenceAndZeroWithoutAMatch) {
  const Lines reference = {"a line of some words", "and another one here"};
  const std::vector<Lines> references = {reference};
  EXPECT_NEAR(corpus_bleu(reference, references).score, 100, 1e-9);
  EXPECT_NEAR(corpus_chrf(reference, references), 100, 1e-9);
  const Lines nothing = {"", ""};
  EXPECT_EQ(corpus_bleu(nothing, references).score, 0);
  EXPECT_EQ(corpus_bleu(nothing, references).brevity_penalty, 0);
  EXPECT_EQ(corpus_chrf(nothing, references), 0);
  const std::vector<Lines> empty = {nothing};
  EXPECT_EQ(corpus_bleu(nothing, empty).score, 0);
  EXPECT_EQ(corpus_chrf(nothing, empty), 0);
}

TEST(Bleu, StatisticsOfPartsAddUp) {
  const Lines hypotheses = {"one two three four five", "six seven", "", "one two eight four five"};
  const std::vector<Lines> references = {
      {"one two three four", "six", "nine", "one two four five"}};
  const Bleu bleu;
  const SentenceStatistics table = bleu.statistics(hypotheses, references);
  const std::vector<std::size_t> chosen = {3, 0, 3};
  const Lines part = {hypotheses[3], hypotheses[0], hypotheses[3]};
  const std::vector<Lines> part_references = {
      {references[0][3], references[0][0], references[0][3]}};
  EXPECT_EQ(bleu.score_of(table.total(chosen)), corpus_bleu(part, part_references).score);
  EXPECT_NE(bleu.score_of(table.total(chosen)), bleu.score_of(table.total()));
  const std::vector<std::size_t> outside = {4};
  EXPECT_THAT(error_of([&] { table.total(outside); }, ErrorKind::failure), HasSubstr("4 of 4"));
}

TEST(Bleu, LineCountsMustAgree) {
  const Lines hypotheses = {"a", "b"};
  const std::vector<Lines> references = {{"a", "b"}, {"a", "b", "c"}};
  EXPECT_THAT(error_of([&] { corpus_bleu(hypotheses, references); }, ErrorKind::bad_data),
              HasSubstr("2 hypotheses, but reference 2 has 3 lines"));
  EXPECT_THAT(error_of([&] { corpus_chrf(hypotheses, {}); }, ErrorKind::bad_data),
              HasSubstr("no references"));
  EXPECT_THAT(error_of([&] { corpus_bleu({}, references); }, ErrorKind::bad_data),
              HasSubstr("no hypotheses"));
}

TEST(Bleu, RefusesInvalidUtf8AndUnknownNames) {
  const Lines bad = {"a\xff"};
  const std::vector<Lines> references = {{"a"}};
  for (const bool lowercase : {false, true}) {
    error_of([&] { corpus_bleu(bad, references, {.lowercase = lowercase}); }, ErrorKind::bad_data);
    error_of([&] { corpus_chrf(bad, references, {.lowercase = lowercase}); }, ErrorKind::bad_data);
  }
  EXPECT_THAT(error_of([] { parse_bleu_tokenizer("13b"); }, ErrorKind::usage), HasSubstr("13a"));
  EXPECT_THAT(error_of([] { parse_bleu_smoothing("expo"); }, ErrorKind::usage),
              HasSubstr("did you mean 'exp'?"));
  error_of([] { Chrf({.character_order = 0}); }, ErrorKind::usage);
  error_of([] { Chrf({.beta = 0}); }, ErrorKind::usage);
}

TEST(Ngrams, AgreeWithCountingByHand) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto sequence = [&] {
      std::u32string text(random() % 12, U'a');
      for (char32_t& c : text) {
        c += random() % 3;
      }
      return text;
    };
    const std::u32string ours = sequence();
    const std::vector<std::u32string> theirs = {sequence(), sequence()};
    const NgramCounts counts(ours, 4);
    const std::vector<NgramCounts> references = {NgramCounts(theirs[0], 4),
                                                 NgramCounts(theirs[1], 4)};
    for (std::size_t n = 1; n <= 4; ++n) {
      const auto all = [&](const std::u32string& text) {
        std::map<std::u32string, std::int64_t> result;
        for (std::size_t i = 0; i + n <= text.size(); ++i) {
          ++result[text.substr(i, n)];
        }
        return result;
      };
      auto first = all(theirs[0]), second = all(theirs[1]);
      std::int64_t matches = 0, total = 0;
      for (const auto& [ngram, count] : all(ours)) {
        matches += std::min(count, std::max(first[ngram], second[ngram]));
        total += count;
      }
      EXPECT_EQ(counts.total(static_cast<int>(n)), total);
      EXPECT_EQ(clipped_matches(counts, references, static_cast<int>(n)), matches);
    }
  }
}

TEST(TextRules, WhiteSpaceIsPythons) {
  EXPECT_EQ(without_trailing_space(std::string_view("a b \t\r\u3000\u0085\x1f")), "a b");
  EXPECT_EQ(without_trailing_space(std::string_view("a\u200b")), "a\u200b");
  EXPECT_EQ(without_trailing_space(std::string_view(" \u00a0")), "");
  EXPECT_EQ(split_words(U" a\u00a0b\u001cc\u200bd\n"),
            (std::vector<std::u32string_view>{U"a", U"b", U"c\u200bd"}));
}

TEST(ScoreLine, RoundsLikePrintedDecimals) {
  EXPECT_EQ(format_decimal(0.25, 1), "0.2");
  EXPECT_EQ(format_decimal(0.75, 1), "0.8");
  EXPECT_EQ(format_decimal(99.95, 1), "100.0");  // its binary value lies above
  EXPECT_EQ(format_decimal(38.249999999999993, 1), "38.2");
  EXPECT_EQ(format_decimal(2.5, 0), "2");
  error_of([] { format_decimal(1, -1); }, ErrorKind::usage);
}

TEST(Bootstrap, OneSentenceHasNoSpread) {
  const Lines hypothesis = {"one two three four five"};
  const std::vector<Lines> references = {{"one two three four six"}};
  const Bleu bleu;
  const SentenceStatistics table = bleu.statistics(hypothesis, references);
  const ConfidenceInterval interval = bootstrap_interval(bleu, table, {.samples = 50});
  EXPECT_EQ(interval.half_width, 0);
  EXPECT_NEAR(interval.mean, bleu.score_of(table.total()), 1e-4);
  EXPECT_THAT(error_of([&] { bootstrap_interval(bleu, table, {.samples = 1}); }, ErrorKind::usage),
              HasSubstr("at least 2"));
}

TEST(Bootstrap, SameSystemIsNotSignificantlyDifferent) {
  Lines hypotheses, worse;
  std::vector<Lines> references(1);
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i % 17);
    references[0].push_back("the number " + number + " is here and there again");
    hypotheses.push_back("the number " + number + " is here and not again");
    worse.push_back(i % 3 == 0 ? "the letter " + number + " is gone" : hypotheses.back());
  }
  const Bleu bleu;
  const auto table = bleu.statistics(hypotheses, references);
  EXPECT_EQ(paired_bootstrap(bleu, table, table, {}).p_value, 1.0 / 1001);  // as sacreBLEU has it
  EXPECT_LT(paired_bootstrap(bleu, table, bleu.statistics(worse, references), {}).p_value, 0.05);
  EXPECT_THAT(error_of([&] { paired_bootstrap(bleu, table, SentenceStatistics(10), {}); },
                       ErrorKind::bad_data),
              HasSubstr("200 sentences, the system 0"));
}

TEST(Classification, CountsByHand) {
  const std::vector<std::int64_t> predictions = {1, 0, 1, 1, 2, 0}, labels = {1, 1, 0, 1, 2, -100};
  EXPECT_DOUBLE_EQ(accuracy(predictions, labels), 3.0 / 5);
  EXPECT_DOUBLE_EQ(accuracy({}, {}), 0);
  const ClassScores scores = class_scores(predictions, labels, 1);
  EXPECT_DOUBLE_EQ(scores.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(class_scores(predictions, labels, 7).f1, 0);
  const std::vector<std::int64_t> a = {0, 0, 1}, b = {0, 1, 1};
  EXPECT_DOUBLE_EQ(macro_f1(a, b), 2.0 / 3);
  error_of([&] { accuracy(a, labels); }, ErrorKind::failure);
}

TEST(Classification, ExactMatchAndPerplexity) {
  const Lines hypotheses = {"2021-03-03", "x", ""}, references = {"2021-03-03", "X", ""};
  EXPECT_DOUBLE_EQ(exact_match(hypotheses, references), 2.0 / 3);
  EXPECT_DOUBLE_EQ(perplexity(10 * std::log(7.0), 10), 7.0);
  EXPECT_EQ(perplexity(1e9, 1), std::numeric_limits<double>::infinity());
  error_of([] { perplexity(1, 0); }, ErrorKind::failure);
}

}  // namespace
}  // namespace heed
