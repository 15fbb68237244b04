#include "heed/tasks/text_embedder.h"

#include <algorithm>
#include <numeric>

#include "heed/base/error.h"
#include "heed/base/phase.h"
#include "heed/base/thread_pool.h"
#include "heed/kernels/kernel.h"
#include "heed/nn/pooling.h"
#include "heed/ops/linear.h"
#include "heed/text/characters.h"
#include "heed/text/pipeline/normalizers.h"

namespace heed {

namespace {

constexpr std::size_t batch_tokens = 2048;

// The line without white space around it.
std::string_view stripped(std::string_view line) {
  const CharacterClasses& classes = CharacterClasses::get();
  const auto is_space = [&](std::size_t at) {
    return (classes.of(character_at(line, at).value) & space_class) != 0;
  };
  while (!line.empty() && is_space(0)) {
    line.remove_prefix(character_at(line, 0).end);
  }
  while (!line.empty() && is_space(character_before(line, line.size()))) {
    line = line.substr(0, character_before(line, line.size()));
  }
  return line;
}

struct FramedLine {
  std::vector<std::int32_t> ids, segments;
};

// Batches of lines in the order of their lengths, the longest first; where they begin.
std::vector<std::size_t> batches_of(std::span<const std::size_t> order,
                                    std::span<const FramedLine> lines) {
  std::vector<std::size_t> begins;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t length = lines[order[i]].ids.size();
    if (begins.empty() || tokens + length > batch_tokens) {
      begins.push_back(i);
      tokens = 0;
    }
    tokens += length;
  }
  begins.push_back(order.size());
  return begins;
}

}  // namespace

SentenceSettings embedding_config(const LoadedModel& model) {
  return model.sentences.value_or(SentenceSettings{});
}

TextEmbedder::TextEmbedder(const LoadedModel& model, const SentenceSettings& settings,
                           const ForwardContext& context)
    : encoder_(model.encoder()),
      tokenizer_(*model.tokenizers.target),
      frame_(tokenizer_.frame()),
      settings_(settings),
      longest_(static_cast<std::size_t>(encoder_.longest())),
      precision_(context.precision) {
  check_pooling(settings.pooling, "pooling");
  if (settings.longest > 0) {
    longest_ = std::min(longest_, static_cast<std::size_t>(settings.longest));
  }
  check_usage(longest_ > frame_.specials(false),
              "max_seq_length {}: leaves no room for a text between its {} special tokens",
              longest_, frame_.specials(false));
}

std::vector<std::int32_t> TextEmbedder::ids_of(const std::string& line,
                                               std::vector<std::int32_t>& segments) const {
  const std::string_view text = stripped(line);
  std::vector<int> ids =
      settings_.lowercase ? tokenizer_.encode(lower_characters(text)) : tokenizer_.encode(text);
  ids.resize(std::min(ids.size(), longest_ - frame_.specials(false)));
  FramedText framed = frame_.put(ids);
  segments = std::move(framed.segments);
  // A tokenizer that puts nothing around a text makes nothing of an empty one.
  check_data(!framed.ids.empty(), "a line without tokens has no vector: '{}'", line);
  return std::move(framed.ids);
}

Tensor TextEmbedder::embed(std::span<const std::string> lines) const {
  const Phase phase("embedding");
  ThreadPool& threads = *context_for(cpu_device).pool;
  std::vector<FramedLine> texts(lines.size());
  threads.run_range(static_cast<std::int64_t>(lines.size()), 64,
                    [&](std::int64_t begin, std::int64_t end) {
                      for (auto i = static_cast<std::size_t>(begin); std::cmp_less(i, end); ++i) {
                        texts[i].ids = ids_of(lines[i], texts[i].segments);
                      }
                    });
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t i) { return texts[i].ids.size(); });
  const std::vector<std::size_t> begins = batches_of(order, texts);
  const auto width = static_cast<std::size_t>(encoder_.width());
  const Tensor result =
      Tensor::zeros({static_cast<std::int64_t>(lines.size()), encoder_.width()}, DType::float32);
  const auto to = result.values<float>();
  // Each thread runs batches of its own, its kernels inline: nobody waits for another.
  threads.run(static_cast<std::int64_t>(begins.size()) - 1, [&](std::int64_t index) {
    const NoGradientScope no_gradients;
    const auto b = static_cast<std::size_t>(index);
    const auto batch = std::span(order).subspan(begins[b], begins[b + 1] - begins[b]);
    std::vector<std::int32_t> ids, segments, lengths;
    for (const std::size_t i : batch) {
      ids.insert(ids.end(), texts[i].ids.begin(), texts[i].ids.end());
      segments.insert(segments.end(), texts[i].segments.begin(), texts[i].segments.end());
      lengths.push_back(static_cast<std::int32_t>(texts[i].ids.size()));
    }
    const Inputs inputs{.ids = id_tensor(ids),
                        .segments = id_tensor(segments),
                        .pixels = {},
                        .rows = make_sequences(lengths)};
    ForwardContext context{.precision = precision_};
    const Tensor vectors = pool(encoder_.encode(inputs, context), settings_.pooling);
    if (settings_.normalise) {
      normalise_rows(vectors);
    }
    const auto from = vectors.values<float>();
    for (std::size_t k = 0; k < batch.size(); ++k) {
      std::ranges::copy(from.subspan(k * width, width),
                        to.subspan(batch[k] * width, width).begin());
    }
  });
  return result;
}

std::vector<std::vector<NearRow>> nearest_rows(const Tensor& vectors, const Tensor& others,
                                               std::int64_t count) {
  check_usage(vectors.size(1) == others.size(1), "vectors of {} and of {} numbers", vectors.size(1),
              others.size(1));
  const NoGradientScope no_gradients;
  const Tensor left = vectors.clone(), right = others.clone();
  normalise_rows(left);
  normalise_rows(right);
  const auto keep = static_cast<std::size_t>(std::min(count, others.size(0)));
  std::vector<std::vector<NearRow>> result;
  constexpr std::int64_t block = 256;  // rows whose cosines are in memory at a time
  for (std::int64_t begin = 0; begin < left.size(0); begin += block) {
    const std::int64_t end = std::min(begin + block, left.size(0));
    const Tensor cosines = ops::linear(left.rows(begin, end), right, Tensor());
    const auto values = cosines.values<float>();
    for (std::int64_t row = 0; row < end - begin; ++row) {
      const auto scores = values.subspan(static_cast<std::size_t>(row * right.size(0)),
                                         static_cast<std::size_t>(right.size(0)));
      std::vector<std::size_t> order(scores.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep),
                        order.end(), [&](std::size_t a, std::size_t b) {
                          return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                        });
      std::vector<NearRow>& near = result.emplace_back();
      for (std::size_t k = 0; k < keep; ++k) {
        near.push_back({static_cast<std::int64_t>(order[k]), double{scores[order[k]]}});
      }
    }
  }
  return result;
}

}  // namespace heed
