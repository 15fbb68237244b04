#include "heed/text/pipeline/merge_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <queue>
#include <tuple>

namespace heed {

namespace {

// Words up to this many symbols are scanned for the best pair after each merge: quicker than a
// queue.
constexpr std::size_t few_symbols = 48;

}  // namespace

MergeTable::MergeTable(const std::vector<Merge>& merges)
    : slots_(std::bit_ceil(2 * merges.size() + 2)), shift_(64 - std::countr_zero(slots_.size())) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& merge = merges[rank];
    Slot& slot = slots_[static_cast<std::size_t>(&find(merge.left, merge.right) - slots_.data())];
    slot = {key(merge.left, merge.right), static_cast<std::uint32_t>(rank), merge.merged};
  }
}

void MergeTable::apply(std::vector<int>& symbols) const {
  if (symbols.size() <= few_symbols) {
    apply_to_few(symbols);
  } else {
    apply_to_many(symbols);
  }
}

void MergeTable::apply_to_few(std::vector<int>& symbols) const {
  std::size_t size = symbols.size();
  if (size < 2) {
    return;
  }
  std::array<const Slot*, few_symbols> pairs;  // of each symbol and the next
  for (std::size_t i = 0; i + 1 < size; ++i) {
    pairs[i] = &find(symbols[i], symbols[i + 1]);
  }
  while (size > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < size; ++i) {
      best = pairs[i]->rank < pairs[best]->rank ? i : best;
    }
    if (pairs[best]->rank == no_rank) {
      break;
    }
    symbols[best] = pairs[best]->merged;
    for (std::size_t i = best + 1; i + 1 < size; ++i) {
      symbols[i] = symbols[i + 1];
      pairs[i - 1] = pairs[i];
    }
    --size;
    if (best > 0) {
      pairs[best - 1] = &find(symbols[best - 1], symbols[best]);
    }
    if (best + 1 < size) {
      pairs[best] = &find(symbols[best], symbols[best + 1]);
    }
  }
  symbols.resize(size);
}

void MergeTable::apply_to_many(std::vector<int>& symbols) const {
  constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Link {
    std::uint32_t previous, next;
  };
  const auto size = static_cast<std::uint32_t>(symbols.size());
  std::vector<Link> links(size);
  // Rank, place and the symbols that were there when it was queued.
  using Candidate = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](std::uint32_t left) {
    if (left == none || links[left].next == none) {
      return;
    }
    const int right = symbols[links[left].next];
    if (const Slot& slot = find(symbols[left], right); slot.rank != no_rank) {
      queue.emplace(slot.rank, left, slot.pair);
    }
  };
  for (std::uint32_t i = 0; i < size; ++i) {
    links[i] = {i == 0 ? none : i - 1, i + 1 < size ? i + 1 : none};
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    offer(i);
  }
  constexpr int gone = -1;
  while (!queue.empty()) {
    const auto [rank, left, pair] = queue.top();
    queue.pop();
    const std::uint32_t right = symbols[left] == gone ? none : links[left].next;
    if (right == none || key(symbols[left], symbols[right]) != pair) {
      continue;
    }
    symbols[left] = find(symbols[left], symbols[right]).merged;
    symbols[right] = gone;
    links[left].next = links[right].next;
    if (links[left].next != none) {
      links[links[left].next].previous = left;
    }
    offer(links[left].previous);
    offer(left);
  }
  std::erase(symbols, gone);
}

}  // namespace heed
