#include "heed/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

  bool is_suppressed(std::int32_t token) const {
    return std::find(suppressed.begin(), suppressed.end(), token) != suppressed.end();
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
  void restrict(std::vector<Choice>& choices) const;
};

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
  if (top_p >= 1) {
    return;
  }
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
Candidate RowSampler::draw(std::span<const T> logits, double uniform) const {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  double largest = -std::numeric_limits<double>::infinity();
  double largest_allowed = largest;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) {
      return {0, not_a_number};
    }
    largest = std::max<double>(largest, logits[i]);
    if (logits[i] > largest_allowed && !is_suppressed(static_cast<std::int32_t>(i))) {
      largest_allowed = logits[i];
    }
  }
  double model_total = 0;
  double total = 0;
  std::vector<Choice> choices;
  choices.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    model_total += std::exp(logits[i] - largest);
    const auto token = static_cast<std::int32_t>(i);
    const double weight = std::exp((logits[i] - largest_allowed) / temperature);
    if (weight > 0 && !is_suppressed(token)) {
      choices.push_back({token, weight});
    }
  }
  if (std::isnan(model_total)) {
    return {0, not_a_number};
  }
  if (choices.empty()) {  // everything that is not suppressed has probability 0
    choices.push_back({first_allowed(), 1});
  }
  restrict(choices);
  for (const Choice& choice : choices) {
    total += choice.weight;
  }
  double left = uniform * total;
  auto drawn = choices.begin();
  while (drawn + 1 != choices.end() && left >= drawn->weight) {
    left -= drawn->weight;
    ++drawn;
  }
  const double logit = logits[static_cast<std::size_t>(drawn->token)];
  return {drawn->token, logit - largest - std::log(model_total)};
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
        const RowSampler sampler{suppressed, draw.config->temperature,
                                 static_cast<std::size_t>(draw.config->top_k), draw.config->top_p};
        drawn[i] = sampler.draw(std::span<const T>(data + draw.row * view.row_stride(), columns),
                                uniform_number(draw));
      });
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

}  // namespace heed
