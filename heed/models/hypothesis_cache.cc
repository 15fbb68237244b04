#include "heed/models/hypothesis_cache.h"

#include <algorithm>
#include <numeric>

namespace heed {

HypothesisCache::HypothesisCache(std::int64_t sentences, std::size_t layers)
    : caches_(layers), sentences_(static_cast<std::size_t>(sentences)) {
  std::iota(sentences_.begin(), sentences_.end(), 0);
}

void HypothesisCache::advance(std::span<const std::int32_t> parents) {
  if (length_ > 0) {
    used_ += rows_.positions.size(0);
  }
  const auto rows = static_cast<std::int64_t>(parents.size());
  const auto length = static_cast<std::size_t>(length_);
  std::vector<std::int32_t> sentences, histories;
  histories.reserve(parents.size() * (length + 1));
  begin_.clear();
  end_.clear();
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto parent = static_cast<std::size_t>(parents[static_cast<std::size_t>(row)]);
    check(parent < sentences_.size(), "decoding: row {} continues row {} of {}", row, parent,
          sentences_.size());
    sentences.push_back(sentences_[parent]);
    const auto begin = histories_.begin() + static_cast<std::ptrdiff_t>(parent * length);
    histories.insert(histories.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
    histories.push_back(static_cast<std::int32_t>(used_ + row));
    begin_.push_back(static_cast<std::int32_t>(row * (length_ + 1)));
    end_.push_back(static_cast<std::int32_t>((row + 1) * (length_ + 1)));
  }
  sentences_ = std::move(sentences);
  histories_ = std::move(histories);
  places_.assign(parents.size(), static_cast<std::int32_t>(length_));
  rows_.positions =
      Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(places_), {rows});
  ++length_;
}

void HypothesisCache::reserve(Tensor& cache, std::int64_t columns, const Tensor& like) const {
  const std::int64_t slots = used_ + like.size(0);
  const std::int64_t capacity = cache.defined() ? cache.size(0) : 0;
  if (slots <= capacity) {
    return;
  }
  const Tensor grown =
      Tensor::empty({std::max(slots, 2 * capacity), columns}, like.dtype(), like.device());
  if (used_ > 0) {
    grown.rows(0, used_).copy_from(cache.rows(0, used_));
  }
  cache = grown;
}

Tensor HypothesisCache::attend(std::size_t layer, const SelfAttention& attention, const Tensor& x,
                               const PositionEncoding* positions, ForwardContext& context) {
  Tensor& cache = caches_[layer];
  reserve(cache, attention.width(), x);
  const Tensor now = cache.rows(used_, used_ + x.size(0));
  attention.project_into(x, rows_, length_, positions, now, context);
  const Tensor attended = attention.core().attend_cached(attention.queries_of(now), rows_,
                                                         {.keys = attention.keys_of(cache),
                                                          .values = attention.values_of(cache),
                                                          .slots = histories_,
                                                          .begin = begin_,
                                                          .end = end_,
                                                          .places = places_},
                                                         length_, positions, context);
  return attention.project_out(attended, context);
}

}  // namespace heed
