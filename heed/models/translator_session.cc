#include "heed/models/translator_session.h"

#include <algorithm>
#include <numeric>

namespace heed {

TranslatorSession::TranslatorSession(const Translator& model, const Inputs& source,
                                     const ForwardContext& context)
    : model_(model),
      context_{.precision = context.precision, .heads_off = context.heads_off},
      cache_(source.rows.count(), model.decoder_.blocks().size()),
      source_offsets_(source.rows.offsets),
      longest_source_(source.rows.longest()) {
  const NoGradientScope no_gradients;
  source_slots_.resize(static_cast<std::size_t>(source.rows.tokens()));
  std::iota(source_slots_.begin(), source_slots_.end(), 0);
  const Tensor memory = model.encode(source.ids, source.rows, context_);
  for (const Block& block : model.decoder_.blocks()) {
    memories_.push_back(block.cross_attention().project_memory(
        memory, source.rows, model.decoder_.attention_positions().cross, context_));
  }
}

Tensor TranslatorSession::cross_attend(const CrossAttention& attention,
                                       const CrossAttention::Memory& memory, const Tensor& x) {
  const Tensor attended =
      attention.core().attend_cached(attention.project_q(x, context_), cache_.rows(),
                                     {.keys = memory.keys,
                                      .values = memory.values,
                                      .slots = source_slots_,
                                      .begin = source_begin_,
                                      .end = source_end_,
                                      .places = cache_.places()},
                                     std::max(cache_.length(), longest_source_),
                                     model_.decoder_.attention_positions().cross, context_);
  return attention.project_out(attended, context_);
}

Tensor TranslatorSession::advance(std::span<const std::int32_t> parents,
                                  std::span<const std::int32_t> tokens) {
  const NoGradientScope no_gradients;
  check(parents.size() == tokens.size() && !parents.empty(), "decoding: {} parents and {} tokens",
        parents.size(), tokens.size());
  cache_.advance(parents);
  source_begin_.clear();
  source_end_.clear();
  for (const std::int32_t sentence : cache_.sentences()) {
    source_begin_.push_back(source_offsets_[static_cast<std::size_t>(sentence)]);
    source_end_.push_back(source_offsets_[static_cast<std::size_t>(sentence) + 1]);
  }
  const auto rows = static_cast<std::int64_t>(parents.size());
  Tensor x = model_.embed_targets(Tensor::from_values<std::int32_t>(tokens, {rows}), cache_.rows(),
                                  cache_.length(), context_);
  for (std::size_t i = 0; i < memories_.size(); ++i) {
    const Block& block = model_.decoder_.blocks()[i];
    x = block.step(
        x, cache_.rows(), context_,
        [&](const Tensor& input) {
          return cache_.attend(i, block.self_attention(), input,
                               model_.decoder_.attention_positions().self, context_);
        },
        [&](const Tensor& input) {
          return cross_attend(block.cross_attention(), memories_[i], input);
        });
  }
  return logits_of(model_, model_.decoder_.finish(x), context_);
}

}  // namespace heed
