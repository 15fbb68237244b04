// The corpus of `heed demo`: dates as people write them in English, German and Chinese, with their
// ISO 8601 form.
//
//   const DateCorpus corpus = make_date_corpus(/*seed=*/1);
//   corpus.test[0];  // {"Mittwoch, den 3. März 2021", "2021-03-03"}, say
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "heed/data/date_forms.h"
#include "heed/data/text_pairs.h"

namespace heed {

// Numbers of pairs. Validation and test take a date of its own for each pair, so together they must
// be fewer than the 73,049 days from first_date_year to last_date_year.
struct DateCorpusSizes {
  std::size_t train = 30000;
  std::size_t validation = 1000;
  std::size_t test = 1500;
};

// The source is the written date, the target its ISO form.
struct DateCorpus {
  std::vector<TextPair> train;
  std::vector<TextPair> validation;
  std::vector<TextPair> test;
};

// Split by date, not by string: no date of one split occurs in another, in any form. In each split
// the forms take turns in a shuffled order, so each is used about equally often, in training
// DateForm::training_turns times as often; dates recur in training only when it is larger than the
// days that are left. The same seed and sizes give the
// same corpus on every machine. Throws Error{usage} when validation and test leave no date for
// training.
DateCorpus make_date_corpus(std::uint64_t seed, const DateCorpusSizes& sizes = {});

}  // namespace heed
