// Sequence tasks with a known answer: copy, reverse or sort random symbols. A Transformer that is
// built right learns them within a minute; one with a broken mask or position does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/text_pairs.h"

namespace heed {

enum class ToyTask { copy, reverse, sort };

// "copy", "reverse", "sort".
std::string_view toy_task_name(ToyTask task);
// The task of that name; Error{usage} lists the names when there is none.
ToyTask toy_task_from_name(std::string_view name);

struct ToyTaskOptions {
  std::size_t pair_count = 10000;
  // Lengths are uniform from minimum to maximum, both included.
  std::size_t minimum_length = 1;
  std::size_t maximum_length = 20;
  // Symbols are the numbers 0 … symbol_count - 1 in decimal.
  std::size_t symbol_count = 20;
};

// Pairs such as {"7 0 12 7", "7 12 0 7"} for reverse: symbols drawn uniformly, separated by single
// spaces; sort is ascending by value. Pairs are independent, so short sequences repeat. A pair
// depends on seed, lengths and symbol_count only: the three tasks share their sources. Throws
// Error{usage} for a zero length, an empty range of lengths or no symbols.
std::vector<TextPair> make_toy_pairs(ToyTask task, const ToyTaskOptions& options,
                                     std::uint64_t seed);

// A task as the corpora of a recipe.
struct ToyTaskConfig {
  std::string kind;
  int symbols = 20;
  int minimum_length = 1;
  int maximum_length = 40;
  int train_pairs = 20000;
  int validation_pairs = 200;
  int test_pairs = 500;
  std::int64_t seed = 1;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind, "copy, reverse or sort; empty: no task, the corpora are files");
    visit("symbols", symbols, "different symbols that sequences are made of");
    visit("minimum_length", minimum_length, "symbols of the shortest sequence");
    visit("maximum_length", maximum_length,
          "symbols of the longest; lengths in between are equally frequent");
    visit("train_pairs", train_pairs, "sequences to learn from");
    visit("validation_pairs", validation_pairs, "held-out sequences, for validation");
    visit("test_pairs", test_pairs, "held-out sequences, for the test");
    visit("seed", seed, "of the sequences; that of the training does not change them");
  }
};

// Errors (usage) name the key, as one of data.toy.
void check_toy_task_config(const ToyTaskConfig& config);

// Writes train.source, train.target and likewise validation and test into an existing directory.
// The same configuration gives the same bytes.
void write_toy_task(const ToyTaskConfig& config, const std::filesystem::path& directory);

// `pairs` held-out pairs whose sources have this many symbols each. Errors (usage): no length.
std::vector<TextPair> make_toy_pairs_of_length(const ToyTaskConfig& config, std::size_t length,
                                               std::size_t pairs);

}  // namespace heed
