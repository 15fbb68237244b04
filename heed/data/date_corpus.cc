#include "heed/data/date_corpus.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/random.h"

namespace heed {

namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

// What the streams of one seed are for.
enum Stream : std::uint64_t { order_of_days, train_forms, validation_forms, test_forms };

// Deals out the forms like shuffled cards: the whole deck before any form comes again, except that
// a form waits while it does not apply to the date at hand. For training some forms are in the deck
// several times.
class FormDeck {
 public:
  FormDeck(std::uint64_t seed, Stream stream)
      : random_(seed, stream), for_training_(stream == train_forms) {}

  const DateForm& deal(year_month_day date) {
    for (;;) {
      const auto fitting = std::find_if(cards_.rbegin(), cards_.rend(), [&](const DateForm* form) {
        return form_applies(*form, date);
      });
      if (fitting != cards_.rend()) {
        const DateForm& form = **fitting;
        cards_.erase(std::next(fitting).base());
        return form;
      }
      add_all_forms();
    }
  }

 private:
  // Beneath the forms that still wait.
  void add_all_forms() {
    std::vector<const DateForm*> fresh;
    for (const DateForm& form : date_forms()) {
      const int turns = for_training_ ? form.training_turns : 1;
      fresh.insert(fresh.end(), static_cast<std::size_t>(turns), &form);
    }
    random_.shuffle(std::span(fresh));
    cards_.insert(cards_.begin(), fresh.begin(), fresh.end());
  }

  Random random_;
  bool for_training_;
  std::vector<const DateForm*> cards_;  // the last is the next
};

std::vector<year_month_day> shuffled_days(std::uint64_t seed) {
  const sys_days last = std::chrono::year(last_date_year) / 12 / 31;
  std::vector<year_month_day> days;
  for (sys_days day = std::chrono::year(first_date_year) / 1 / 1; day <= last;
       day += std::chrono::days(1)) {
    days.emplace_back(day);
  }
  Random random(seed, order_of_days);
  random.shuffle(std::span(days));
  return days;
}

std::vector<TextPair> write_split(std::span<const year_month_day> days, std::size_t pair_count,
                                  FormDeck forms) {
  std::vector<TextPair> pairs;
  pairs.reserve(pair_count);
  for (std::size_t i = 0; i < pair_count; ++i) {
    const year_month_day date = days[i % days.size()];
    pairs.push_back({write_date(forms.deal(date), date), iso_date(date)});
  }
  return pairs;
}

}  // namespace

DateCorpus make_date_corpus(std::uint64_t seed, const DateCorpusSizes& sizes) {
  const std::vector<year_month_day> days = shuffled_days(seed);
  check_usage(sizes.test < days.size() && sizes.validation < days.size() - sizes.test,
              "make_date_corpus: {} validation and {} test pairs leave none of the {} dates for "
              "training; ask for fewer",
              sizes.validation, sizes.test, days.size());
  const std::span all(days);
  DateCorpus corpus;
  corpus.test = write_split(all.first(sizes.test), sizes.test, {seed, test_forms});
  corpus.validation = write_split(all.subspan(sizes.test, sizes.validation), sizes.validation,
                                  {seed, validation_forms});
  corpus.train =
      write_split(all.subspan(sizes.test + sizes.validation), sizes.train, {seed, train_forms});
  return corpus;
}

}  // namespace heed
