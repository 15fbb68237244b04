// What cross-attention keeps of the sources of a decoding session: keys and values of the encoder's
// output, projected once for each source.
//
// Rows refer to sources; a source that no row refers to makes room for others.
// Belongs to one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "heed/models/cache_slots.h"
#include "heed/models/key_value_cache.h"
#include "heed/nn/attention/multi_head.h"

namespace heed {

// Who asks: tokens of rows, and what each sees of its source (SourceMemory::seen_by).
struct SourceQueries {
  const Sequences& tokens;
  std::vector<std::int32_t> begin, end;  // [queries], in the memory's list of slots
  std::span<const std::int32_t> places;  // [queries], where each stands
  std::int64_t reach;                    // bounds the places
};

class SourceMemory {
 public:
  explicit SourceMemory(std::size_t layers) : slots_(layers), views_(layers) {}

  // Adds a row for each source, after the rows that there are. What its layers keep follows by
  // put().
  void add(const Sequences& sources);
  // Writes what a layer keeps of the sources that add() named (CrossAttention::project_memory).
  void put(std::size_t layer, const Tensor& kept) { slots_.put(layer, first_, kept); }
  // Goes on with rows that have the sources of `parents`, rows of now.
  void advance(std::span<const std::int32_t> parents);

  // Queries of the tokens at hand of the rows of `cache`, for all layers of a pass.
  SourceQueries queries_of(const KeyValueCache& cache) const;

  // Cross-attention of layer `layer` for queries of its rows. x: [queries, d] → [queries, d].
  Tensor attend(std::size_t layer, const CrossAttention& attention, const Tensor& x,
                const SourceQueries& queries, const PositionEncoding* positions,
                ForwardContext& context);

 private:
  struct KeysAndValues {
    Tensor keys, values;
  };

  CacheSlots slots_;
  std::vector<KeysAndValues> views_;  // by layer, of its slots; undefined until they are asked for
  std::int64_t first_ = 0;            // slot of those that were added last
  std::int64_t longest_ = 0;
  // The source of row r has the slots listed_[begin_[r]] … listed_[end_[r] - 1].
  std::vector<std::int32_t> listed_, begin_, end_;
};

}  // namespace heed
