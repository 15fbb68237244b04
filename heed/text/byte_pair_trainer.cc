#include "heed/text/byte_pair_trainer.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/byte_level.h"

namespace heed {

namespace {

using Pair = std::uint64_t;  // the ids of two neighbours

Pair pair_of(int left, int right) {
  return Pair{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}
int left_of(Pair pair) {
  return static_cast<int>(pair >> 32);
}
int right_of(Pair pair) {
  return static_cast<int>(pair & 0xFFFFFFFFu);
}

// A pair that may be merged next.
struct Candidate {
  std::int64_t count;
  Pair pair;
  std::vector<std::uint32_t> words;  // where it may occur

  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

// Words as symbols, one behind the other in one piece of memory.
class WordSymbols {
 public:
  void add(std::span<const int> symbols, std::int64_t count) {
    words_.push_back({symbols_.size(), static_cast<std::uint32_t>(symbols.size()), count});
    symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
  }
  std::size_t size() const { return words_.size(); }
  std::int64_t count(std::uint32_t word) const { return words_[word].count; }
  std::span<int> symbols(std::uint32_t word) {
    return std::span(symbols_).subspan(words_[word].begin, words_[word].size);
  }

  // Merges a pair within a word. Tells change(pair, ±1) of the pairs that go and come beside it.
  template <typename Change>
  void merge(std::uint32_t word, Pair pair, int merged, const Change& change) {
    const std::span<int> text = symbols(word);
    const int left = left_of(pair), right = right_of(pair);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != left || i + 1 == text.size() || text[i + 1] != right) {
        text[kept++] = text[i];
        continue;
      }
      if (kept > 0) {
        change(pair_of(text[kept - 1], left), -1);
        change(pair_of(text[kept - 1], merged), 1);
      }
      if (++i + 1 < text.size()) {
        change(pair_of(right, text[i + 1]), -1);
        change(pair_of(merged, text[i + 1]), 1);
      }
      text[kept++] = merged;
    }
    words_[word].size = static_cast<std::uint32_t>(kept);
  }

 private:
  struct Place {
    std::size_t begin;
    std::uint32_t size;
    std::int64_t count;
  };
  std::vector<int> symbols_;
  std::vector<Place> words_;
};

void add_once(std::vector<std::uint32_t>& words, std::uint32_t word) {
  if (words.empty() || words.back() != word) {
    words.push_back(word);
  }
}

class PairMerger {
 public:
  // The pairs of words as they are.
  explicit PairMerger(WordSymbols words) : words_(std::move(words)) {
    for (std::uint32_t word = 0; word < words_.size(); ++word) {
      const std::span<const int> text = words_.symbols(word);
      for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const Pair pair = pair_of(text[i], text[i + 1]);
        counts_[pair] += words_.count(word);
        add_once(fresh_[pair], word);
      }
    }
    queue_fresh();
  }

  // The next pair to be merged and where, nothing when none occurs that often.
  bool next(std::int64_t minimum_frequency, Candidate& best) {
    while (!queue_.empty()) {
      best = queue_.top();
      queue_.pop();
      const std::int64_t count = counts_[best.pair];
      if (best.count == count) {
        return count >= std::max<std::int64_t>(minimum_frequency, 1);
      }
      best.count = count;
      queue_.push(std::move(best));
    }
    return false;
  }

  // A count stays when its pair is merged: it is asked for again where two ways lead to one piece,
  // and Hugging Face's ids come of that.
  void merge(const Candidate& best, int merged) {
    for (const std::uint32_t word : best.words) {
      words_.merge(word, best.pair, merged, [&](Pair pair, int change) {
        counts_[pair] += change * words_.count(word);
        if (change > 0) {
          add_once(fresh_[pair], word);
        }
      });
    }
    queue_fresh();
  }

 private:
  void queue_fresh() {
    for (auto& [pair, words] : fresh_) {
      if (const std::int64_t count = counts_[pair]; count > 0) {
        queue_.push({count, pair, std::move(words)});
      }
    }
    fresh_.clear();
  }

  WordSymbols words_;
  std::unordered_map<Pair, std::int64_t> counts_;
  std::unordered_map<Pair, std::vector<std::uint32_t>> fresh_;  // pairs that are not queued yet
  std::priority_queue<Candidate> queue_;
};

// Adds the 256 bytes to the pieces; the id of each byte. Byte order of UTF-8 is the order of
// characters.
std::vector<int> add_byte_pieces(std::vector<std::string>& pieces) {
  std::vector<std::size_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::size_t{0});
  std::ranges::sort(bytes, {}, [](std::size_t byte) { return byte_characters()[byte]; });
  std::vector<int> ids(256);
  for (const std::size_t byte : bytes) {
    ids[byte] = static_cast<int>(pieces.size());
    pieces.push_back(byte_characters()[byte]);
  }
  return ids;
}

// In words; of merges of one pair the last counts.
std::vector<std::string> merge_lines(const std::vector<std::pair<int, int>>& merges,
                                     const std::vector<std::string>& pieces) {
  std::map<std::pair<int, int>, std::size_t> last;
  for (std::size_t i = 0; i < merges.size(); ++i) {
    last[merges[i]] = i;
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < merges.size(); ++i) {
    if (last[merges[i]] == i) {
      lines.push_back(pieces[static_cast<std::size_t>(merges[i].first)] + " " +
                      pieces[static_cast<std::size_t>(merges[i].second)]);
    }
  }
  return lines;
}

}  // namespace

std::vector<std::pair<int, int>> merge_pairs(
    std::span<const CountedWord> words, std::vector<std::string>& pieces, int size,
    std::int64_t minimum_frequency,
    const std::function<std::string(const std::string& left, const std::string& right)>& join) {
  std::unordered_map<std::string, int> ids;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    ids.emplace(pieces[id], static_cast<int>(id));
  }
  WordSymbols symbols;
  for (const CountedWord& word : words) {
    symbols.add(word.symbols, word.count);
  }
  PairMerger merger(std::move(symbols));
  std::vector<std::pair<int, int>> merges;
  Candidate best{};
  while (std::cmp_less(pieces.size(), size) && merger.next(minimum_frequency, best)) {
    const int left = left_of(best.pair), right = right_of(best.pair);
    std::string piece =
        join(pieces[static_cast<std::size_t>(left)], pieces[static_cast<std::size_t>(right)]);
    const auto [found, added] = ids.emplace(piece, static_cast<int>(pieces.size()));
    if (added) {
      pieces.push_back(std::move(piece));
    }
    merges.emplace_back(left, right);
    merger.merge(best, found->second);
  }
  return merges;
}

void BytePairTrainer::add(std::string_view text) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the text", invalid.value_or(0));
  split_like_gpt2(text, [&](std::size_t begin, std::size_t end) {
    const std::string_view word = text.substr(begin, end - begin);
    const auto found = counts_.find(word);
    if (found != counts_.end()) {
      ++found->second;
    } else {
      counts_.emplace(word, 1);
    }
  });
}

LearnedPairs BytePairTrainer::learn(std::span<const std::string> special_pieces, int size,
                                    std::int64_t minimum_frequency) const {
  LearnedPairs learned;
  std::vector<std::string>& pieces = learned.pieces;
  pieces.assign(special_pieces.begin(), special_pieces.end());
  const std::vector<int> byte_ids = add_byte_pieces(pieces);
  std::vector<CountedWord> words;
  for (const auto& [word, count] : counts_) {
    CountedWord& counted = words.emplace_back(CountedWord{.count = count});
    for (const char byte : word) {
      counted.symbols.push_back(byte_ids[static_cast<unsigned char>(byte)]);
    }
  }
  learned.merges = merge_lines(
      merge_pairs(words, pieces, size, minimum_frequency, std::plus<std::string>{}), pieces);
  return learned;
}

}  // namespace heed
