#include "heed/models/hypothesis_cache.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace heed {

HypothesisCache::HypothesisCache(std::int64_t sentences, std::size_t layers)
    : caches_(layers), moves_(layers), sentences_(static_cast<std::size_t>(sentences)) {
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
    histories.push_back(-1);
    begin_.push_back(static_cast<std::int32_t>(row * (length_ + 1)));
    end_.push_back(static_cast<std::int32_t>((row + 1) * (length_ + 1)));
  }
  make_room(rows, histories);
  for (std::int64_t row = 0; row < rows; ++row) {
    histories[static_cast<std::size_t>(end_[static_cast<std::size_t>(row)] - 1)] =
        static_cast<std::int32_t>(used_ + row);
  }
  sentences_ = std::move(sentences);
  histories_ = std::move(histories);
  places_.assign(parents.size(), static_cast<std::int32_t>(length_));
  rows_.positions =
      Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(places_), {rows});
  ++length_;
}

void HypothesisCache::make_room(std::int64_t rows, std::vector<std::int32_t>& histories) {
  if (used_ + rows <= capacity_) {
    return;
  }
  constexpr std::int32_t unused = -1;
  std::vector<std::int32_t> places(static_cast<std::size_t>(used_), unused);
  for (const std::int32_t slot : histories) {
    if (slot >= 0) {
      places[static_cast<std::size_t>(slot)] = 0;
    }
  }
  moved_.clear();
  for (std::size_t slot = 0; slot < places.size(); ++slot) {
    if (places[slot] != unused) {
      places[slot] = static_cast<std::int32_t>(moved_.size());
      moved_.push_back(static_cast<std::int32_t>(slot));
    }
  }
  for (std::int32_t& slot : histories) {
    slot = slot >= 0 ? places[static_cast<std::size_t>(slot)] : slot;
  }
  used_ = static_cast<std::int64_t>(moved_.size());
  // Room for some steps, so that moving costs little beside them. A power of two, so that sessions
  // one after the other ask for blocks of the same size.
  constexpr std::int64_t steps = 12;
  const auto wanted = static_cast<std::uint64_t>(2 * used_ + steps * rows);
  capacity_ = std::max(capacity_, static_cast<std::int64_t>(std::bit_ceil(wanted)));
  std::fill(moves_.begin(), moves_.end(), 1);
}

void HypothesisCache::move_slots(Tensor& cache, std::int64_t columns, const Tensor& like) const {
  const Tensor target = Tensor::empty({capacity_, columns}, like.dtype(), like.device());
  const auto count = static_cast<std::int64_t>(moved_.size());
  for (std::int64_t begin = 0, end = 0; begin < count; begin = end) {
    // Slots that stay side by side.
    const std::int64_t from = moved_[static_cast<std::size_t>(begin)];
    for (end = begin + 1; end < count; ++end) {
      if (moved_[static_cast<std::size_t>(end)] != from + (end - begin)) {
        break;
      }
    }
    target.rows(begin, end).copy_from(cache.rows(from, from + (end - begin)));
  }
  cache = target;
}

Tensor HypothesisCache::attend(std::size_t layer, const SelfAttention& attention, const Tensor& x,
                               const PositionEncoding* positions, ForwardContext& context) {
  Tensor& cache = caches_[layer];
  if (moves_[layer] != 0) {
    move_slots(cache, attention.kept_width(), x);
    moves_[layer] = 0;
  }
  const Tensor queries = attention.project(x, cache.rows(used_, used_ + x.size(0)), rows_, length_,
                                           positions, context);
  const Tensor attended = attention.core().attend_cached(queries, rows_,
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
