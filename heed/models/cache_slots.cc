#include "heed/models/cache_slots.h"

#include <algorithm>
#include <bit>

namespace heed {

std::int64_t CacheSlots::take(std::int64_t count, std::int64_t spare,
                              std::vector<std::int32_t>& in_use) {
  if (used_ + count > capacity_) {
    const bool all = capacity_ == 0 && spare == 0;
    keep(in_use);
    // Room for some steps, so that moving costs little beside them. A power of two, so that
    // sessions one after the other ask for blocks of the same size.
    const auto wanted = static_cast<std::uint64_t>(2 * used_ + count + spare);
    capacity_ = all ? count : std::max(capacity_, static_cast<std::int64_t>(std::bit_ceil(wanted)));
    std::fill(moves_.begin(), moves_.end(), 1);
  }
  const std::int64_t first = used_;
  used_ += count;
  return first;
}

void CacheSlots::keep(std::vector<std::int32_t>& in_use) {
  constexpr std::int32_t unused = -1;
  std::vector<std::int32_t> places(static_cast<std::size_t>(used_), unused);
  for (const std::int32_t slot : in_use) {
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
  for (std::int32_t& slot : in_use) {
    slot = slot >= 0 ? places[static_cast<std::size_t>(slot)] : slot;
  }
  used_ = static_cast<std::int64_t>(moved_.size());
}

Tensor CacheSlots::moved_slots(const Tensor& cache, std::int64_t width, const Tensor& like) const {
  Tensor target = Tensor::empty({capacity_, width}, like.dtype(), like.device());
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
  return target;
}

const Tensor& CacheSlots::of(std::size_t layer, std::int64_t width, const Tensor& like) {
  Tensor& cache = caches_[layer];
  if (moves_[layer] != 0) {
    cache = moved_slots(cache, width, like);
    moves_[layer] = 0;
  }
  return cache;
}

void CacheSlots::put(std::size_t layer, std::int64_t first, const Tensor& rows) {
  if (!caches_[layer].defined() && rows.size(0) == capacity_) {
    caches_[layer] = rows;
    moves_[layer] = 0;
    return;
  }
  of(layer, rows.size(1), rows).rows(first, first + rows.size(0)).copy_from(rows);
}

}  // namespace heed
