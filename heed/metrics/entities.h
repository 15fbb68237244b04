// Entities in sequences of tags, and how many of them were found: as the CoNLL-2000 script and
// seqeval (its default mode) count them.
//
//   entities_of({"B-ORG", "I-ORG", "O", "B-PER"})  → ORG 0 … 2, PER 3 … 4
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/metrics/sequence_accuracy.h"

namespace heed {

struct Entity {
  std::string type;
  std::size_t begin = 0;  // tokens
  std::size_t end = 0;
  auto operator<=>(const Entity&) const = default;
};

// The entities of a sentence, in order. Tags are O, or B, I, E or S, a hyphen and a type (BIO and
// BIOES). Tags that break the scheme are counted as seqeval counts them: an I or E after another
// type, or after nothing, begins an entity; a B without an end goes on to the next O, B or S.
std::vector<Entity> entities_of(std::span<const std::string> tags);

// Whether these are tags of entities: O, and B, I, E or S with a type, and one of the latter.
bool are_entity_tags(std::span<const std::string> tags);

// How many tags break their scheme: an I or E that continues nothing of its type; in BIOES also a B
// or I that is not continued.
std::int64_t broken_tags(std::span<const std::string> tags, bool has_ends);

// A row for each sentence: entities rightly predicted, predicted, right ones; tokens whose tag is
// right, tokens. Errors (failure): another number of tags.
inline constexpr std::size_t tag_columns = 5;
std::vector<std::int64_t> tag_row(std::span<const std::string> predicted,
                                  std::span<const std::string> right);
inline Share tag_accuracy() {
  return {{.key = "accuracy", .name = "accuracy", .unit = "points of accuracy"}, 3, 4};
}

// 2 · right / (predicted + wanted), over all sentences and types, 0 … 100; precision, recall.
class EntityMetric : public Metric {
 public:
  static EntityMetric f1();
  static Share precision();
  static Share recall();

  const MetricStyle& style() const override;
  double score_of(std::span<const std::int64_t> totals) const override;
  double resampled_score(std::span<const float> totals) const override;
};

}  // namespace heed
