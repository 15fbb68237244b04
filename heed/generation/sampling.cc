#include "heed/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "heed/base/random.h"
#include "heed/kernels/kernel.h"

namespace heed {

namespace {

// A token and its weight among those that may be drawn.
struct Choice {
  std::int32_t token;
  double weight;
};

struct RowSampler {
  std::span<const std::int32_t> suppressed;
  double temperature;
  std::size_t top_k;
  double top_p;
  double min_p;
  const TokenRules* rules;

  bool is_suppressed(std::int32_t token) const {
    return std::find(suppressed.begin(), suppressed.end(), token) != suppressed.end() ||
           (rules != nullptr && std::ranges::binary_search(rules->banned, token));
  }
  std::int32_t first_allowed() const {
    std::int32_t token = 0;
    while (is_suppressed(token)) {
      ++token;
    }
    return token;
  }

  // NaN as the log-probability where the logits are no distribution.
  template <typename T>
  Candidate draw(std::span<const T> logits, double uniform) const;
  // From logits on which no penalty lies any more.
  template <typename T>
  std::int32_t draw_token(std::span<const T> logits, double uniform) const;
  void restrict(std::vector<Choice>& choices) const;
  template <typename Heavier>
  void keep_share(std::vector<Choice>& choices, Heavier heavier) const;
};

// log of the sum of exp(logits); NaN where they are no distribution.
template <typename T>
double log_total(std::span<const T> logits) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const T logit : logits) {
    if (std::isnan(logit)) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    largest = std::max<double>(largest, logit);
  }
  double total = 0;
  for (const T logit : logits) {
    total += std::exp(logit - largest);
  }
  return largest + std::log(total);
}

// Of these, sorted by weight, the fewest that hold `share`; none when that takes more than them.
std::size_t prefix_with_share(std::span<const Choice> sorted, double share) {
  double sum = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i].weight;
    if (sum >= share) {
      return i + 1;
    }
  }
  return 0;
}

void RowSampler::restrict(std::vector<Choice>& choices) const {
  const auto heavier = [](const Choice& a, const Choice& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
  };
  if (top_k > 0 && top_k < choices.size()) {
    std::nth_element(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(top_k),
                     choices.end(), heavier);
    choices.resize(top_k);
  }
  if (top_p < 1) {
    keep_share(choices, heavier);
  }
  if (min_p > 0) {
    const double least = min_p * std::ranges::max(choices, {}, &Choice::weight).weight;
    std::erase_if(choices, [&](const Choice& choice) { return choice.weight < least; });
  }
}

template <typename Heavier>
void RowSampler::keep_share(std::vector<Choice>& choices, Heavier heavier) const {
  double total = 0;
  for (const Choice& choice : choices) {
    total += choice.weight;
  }
  // A few tokens usually hold the share, so more and more of the beginning is put in order.
  for (std::size_t count = std::min<std::size_t>(64, choices.size());; count *= 4) {
    count = std::min(count, choices.size());
    std::partial_sort(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(count),
                      choices.end(), heavier);
    const std::size_t kept = prefix_with_share(std::span(choices).first(count), top_p * total);
    if (kept > 0) {
      choices.resize(kept);
      return;
    }
    if (count == choices.size()) {
      return;  // rounding left the sum of all a little short
    }
  }
}

template <typename T>
std::int32_t RowSampler::draw_token(std::span<const T> logits, double uniform) const {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > largest && !is_suppressed(static_cast<std::int32_t>(i))) {
      largest = logits[i];
    }
  }
  std::vector<Choice> choices;
  choices.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto token = static_cast<std::int32_t>(i);
    const double weight = std::exp((logits[i] - largest) / temperature);
    if (weight > 0 && !is_suppressed(token)) {
      choices.push_back({token, weight});
    }
  }
  if (choices.empty()) {  // everything that is not suppressed has probability 0
    return first_allowed();
  }
  restrict(choices);
  double total = 0;
  for (const Choice& choice : choices) {
    total += choice.weight;
  }
  double left = uniform * total;
  auto drawn = choices.begin();
  while (drawn + 1 != choices.end() && left >= drawn->weight) {
    left -= drawn->weight;
    ++drawn;
  }
  return drawn->token;
}

template <typename T>
Candidate RowSampler::draw(std::span<const T> logits, double uniform) const {
  const double total = log_total(logits);
  if (std::isnan(total)) {
    return {0, total};
  }
  std::int32_t token = 0;
  if (rules == nullptr || rules->repeated.empty()) {
    token = draw_token(logits, uniform);
  } else {
    std::vector<T> changed(logits.begin(), logits.end());
    for (const std::int32_t repeated : rules->repeated) {
      T& logit = changed[static_cast<std::size_t>(repeated)];
      logit = static_cast<T>(penalized(logit, rules->penalty));
    }
    token = draw_token(std::span<const T>(changed), uniform);
  }
  return {token, logits[static_cast<std::size_t>(token)] - total};
}

double uniform_number(const Draw& draw) {
  const auto index = static_cast<std::uint64_t>(draw.index);
  const auto stream = static_cast<std::uint64_t>(draw.config->seed);
  const PhiloxBlock block =
      philox({static_cast<std::uint32_t>(draw.step), static_cast<std::uint32_t>(draw.hypothesis),
              static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)},
             {static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)});
  const std::uint64_t bits = std::uint64_t{block[0]} << 32 | block[1];
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

template <typename T>
void draw_rows(const Tensor& logits, std::span<const Draw> draws,
               std::span<const std::int32_t> suppressed, std::vector<Candidate>& drawn) {
  const View view = logits.view();
  const T* data = view.as<T>();
  const auto columns = static_cast<std::size_t>(view.columns());
  context_for(logits.device())
      .pool->run(static_cast<std::int64_t>(drawn.size()), [&](std::int64_t r) {
        const auto i = static_cast<std::size_t>(r);
        const Draw& draw = draws[i];
        const RowSampler sampler{suppressed,
                                 draw.config->temperature,
                                 static_cast<std::size_t>(draw.config->top_k),
                                 draw.config->top_p,
                                 draw.config->min_p,
                                 draw.rules};
        drawn[i] = sampler.draw(std::span<const T>(data + draw.row * view.row_stride(), columns),
                                uniform_number(draw));
      });
}

// The `count` best of a row by their scores under the rules: logits for a single path, so that the
// candidate is told with the model's own probability; log-probabilities for a beam, which adds
// them.
template <typename T>
void add_ruled(std::span<const T> logits, const Draw& draw,
               std::span<const std::int32_t> suppressed, Candidates& result) {
  const bool beam = draw.config->beam > 1;
  const double total = log_total(logits);
  if (std::isnan(total)) {
    result.add({0, total});
    return;
  }
  std::vector<double> scores(logits.begin(), logits.end());
  if (beam) {
    for (double& score : scores) {
      score -= total;
    }
  }
  for (const std::int32_t token : draw.rules->repeated) {
    double& score = scores[static_cast<std::size_t>(token)];
    score = penalized(score, draw.rules->penalty);
  }
  std::vector<std::int32_t> allowed;
  for (std::int32_t token = 0; std::cmp_less(token, scores.size()); ++token) {
    if (!std::ranges::binary_search(draw.rules->banned, token) &&
        std::find(suppressed.begin(), suppressed.end(), token) == suppressed.end()) {
      allowed.push_back(token);
    }
  }
  const auto score_of = [&](std::int32_t token) { return scores[static_cast<std::size_t>(token)]; };
  const std::size_t count = std::min<std::size_t>(
      allowed.size(), beam ? 2 * static_cast<std::size_t>(draw.config->beam) : 1);
  std::partial_sort(allowed.begin(), allowed.begin() + static_cast<std::ptrdiff_t>(count),
                    allowed.end(), [&](std::int32_t a, std::int32_t b) {
                      return score_of(a) != score_of(b) ? score_of(a) > score_of(b) : a < b;
                    });
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t token = allowed[i];
    result.add({token, beam ? score_of(token) : logits[static_cast<std::size_t>(token)] - total});
  }
}

template <typename T>
Candidates ruled_rows(const Tensor& logits, std::span<const Draw> draws,
                      std::span<const std::int32_t> suppressed) {
  const View view = logits.view();
  Candidates result;
  for (const Draw& draw : draws) {
    add_ruled(std::span<const T>(view.as<T>() + draw.row * view.row_stride(),
                                 static_cast<std::size_t>(view.columns())),
              draw, suppressed, result);
    result.end_row();
  }
  return result;
}

}  // namespace

Candidates draw_candidates(const Tensor& logits, std::span<const Draw> draws,
                           std::span<const std::int32_t> suppressed) {
  for (const Draw& draw : draws) {
    check(draw.row >= 0 && draw.row < logits.view().rows(), "sampling: row {} of logits {}",
          draw.row, logits.shape());
  }
  std::vector<Candidate> drawn(draws.size());
  if (logits.dtype() == DType::float64) {
    draw_rows<double>(logits, draws, suppressed, drawn);
  } else {
    draw_rows<float>(logits, draws, suppressed, drawn);
  }
  Candidates result;
  for (const Candidate& candidate : drawn) {
    result.add(candidate);
    result.end_row();
  }
  return result;
}

Candidates ruled_candidates(const Tensor& logits, std::span<const Draw> draws,
                            std::span<const std::int32_t> suppressed) {
  return logits.dtype() == DType::float64 ? ruled_rows<double>(logits, draws, suppressed)
                                          : ruled_rows<float>(logits, draws, suppressed);
}

}  // namespace heed
