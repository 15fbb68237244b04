#include "heed/tasks/pair_attention.h"

#include <algorithm>

#include "heed/autograd/gradient.h"
#include "heed/tasks/pair_source.h"
#include "heed/text/piece_labels.h"

namespace heed {

namespace {

// Adds the maps of one sentence, a map for each head.
void add_maps(const AttentionTrace::Entry& entry, AttentionMap map,
              std::vector<AttentionMap>& maps) {
  const auto weights = entry.weights.values<float>();
  const std::size_t size = map.row_labels.size() * map.column_labels.size();
  for (int head = 0; head < entry.heads; ++head) {
    const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(size) * head;
    map.head = head + 1;
    map.weights.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
    maps.push_back(map);
  }
}

}  // namespace

std::vector<AttentionMap> cross_attention_maps(const Generator& model, const TokenStore& store,
                                               const ExampleSource& source,
                                               const TokenizerPair& tokenizers,
                                               std::span<const std::string> sources,
                                               std::size_t count) {
  const NoGradientScope no_gradients;
  std::vector<AttentionMap> maps;
  count = std::min(count, static_cast<std::size_t>(store.size()));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::unique_ptr<Batch> batch = source.make({&i, 1}, 0);
    const GeneratorExamples& examples = static_cast<const PairBatch&>(*batch).examples;
    AttentionTrace trace;
    ForwardContext context;
    context.trace = &trace;
    model.hidden(examples.prompts, context);
    AttentionMap map;
    map.title = sources[static_cast<std::size_t>(store.pair_number(i) - 1)];
    map.kind = "encoder-decoder attention";
    // Rows are named by the token that the query is about to produce.
    map.row_labels = piece_labels(*tokenizers.target, examples.outputs.values<std::int32_t>());
    map.column_labels =
        piece_labels(*tokenizers.source, examples.prompts.source.ids.values<std::int32_t>());
    for (const AttentionTrace::Entry& entry : trace.entries) {
      if (entry.place.cross) {
        map.layer = entry.place.layer + 1;
        add_maps(entry, map, maps);
      }
    }
  }
  return maps;
}

}  // namespace heed
