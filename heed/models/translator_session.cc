#include "heed/models/translator_session.h"

#include <algorithm>
#include <numeric>

namespace heed {

TranslatorSession::TranslatorSession(const Translator& model, const Tensor& source_ids,
                                     const Sequences& source, MatmulPrecision precision,
                                     const HeadSet* heads_off)
    : model_(model), source_offsets_(source.offsets), longest_source_(source.longest()) {
  const NoGradientScope no_gradients;
  context_.precision = precision;
  context_.heads_off = heads_off;
  source_slots_.resize(static_cast<std::size_t>(source.tokens()));
  std::iota(source_slots_.begin(), source_slots_.end(), 0);
  const Tensor memory = model.encode(source_ids, source, context_);
  for (const DecoderLayer& layer : model.decoder_) {
    caches_.push_back({Tensor(), layer.cross_attention().project_memory(
                                     memory, source, model.decoder_positions().cross, context_)});
  }
  for (std::int32_t sentence = 0; sentence < source.count(); ++sentence) {
    sentences_.push_back(sentence);
  }
}

// Rebuilds sentences and histories for rows that continue `parents`, and gives each a new slot.
void TranslatorSession::inherit(std::span<const std::int32_t> parents) {
  const auto rows = static_cast<std::int64_t>(parents.size());
  const auto length = static_cast<std::size_t>(step_);
  std::vector<std::int32_t> sentences, histories;
  histories.reserve(parents.size() * (length + 1));
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto parent = static_cast<std::size_t>(parents[static_cast<std::size_t>(row)]);
    check(parent < sentences_.size(), "decoding: row {} continues row {} of {}", row, parent,
          sentences_.size());
    sentences.push_back(sentences_[parent]);
    const auto begin = histories_.begin() + static_cast<std::ptrdiff_t>(parent * length);
    histories.insert(histories.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
    histories.push_back(static_cast<std::int32_t>(used_ + row));
  }
  sentences_ = std::move(sentences);
  histories_ = std::move(histories);
  history_begin_.clear();
  history_end_.clear();
  source_begin_.clear();
  source_end_.clear();
  for (std::int64_t row = 0; row < rows; ++row) {
    history_begin_.push_back(static_cast<std::int32_t>(row * (step_ + 1)));
    history_end_.push_back(static_cast<std::int32_t>((row + 1) * (step_ + 1)));
    const auto sentence = static_cast<std::size_t>(sentences_[static_cast<std::size_t>(row)]);
    source_begin_.push_back(source_offsets_[sentence]);
    source_end_.push_back(source_offsets_[sentence + 1]);
  }
}

void TranslatorSession::reserve(std::int64_t slots) {
  if (slots <= capacity_) {
    return;
  }
  capacity_ = std::max(slots, 2 * capacity_);
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    LayerCache& cache = caches_[i];
    const std::int64_t columns = model_.decoder_[i].self_attention().width();
    const Tensor& like = cache.memory.keys;
    const Tensor grown = Tensor::empty({capacity_, columns}, like.dtype(), like.device());
    if (used_ > 0) {
      grown.rows(0, used_).copy_from(cache.self.rows(0, used_));
    }
    cache.self = grown;
  }
}

Tensor TranslatorSession::self_attend(const SelfAttention& attention, const LayerCache& cache,
                                      const Tensor& x, const Sequences& rows) {
  const PositionEncoding* positions = model_.decoder_positions().self;
  const Tensor now = cache.self.rows(used_, used_ + x.size(0));
  attention.project_into(x, rows, step_ + 1, positions, now, context_);
  const Tensor attended = attention.core().attend_cached(attention.queries_of(now), rows,
                                                         {.keys = attention.keys_of(cache.self),
                                                          .values = attention.values_of(cache.self),
                                                          .slots = histories_,
                                                          .begin = history_begin_,
                                                          .end = history_end_,
                                                          .places = positions_},
                                                         step_ + 1, positions, context_);
  return attention.project_out(attended, context_);
}

Tensor TranslatorSession::cross_attend(const CrossAttention& attention, const LayerCache& cache,
                                       const Tensor& x, const Sequences& rows) {
  const Tensor attended = attention.core().attend_cached(
      attention.project_q(x, context_), rows,
      {.keys = cache.memory.keys,
       .values = cache.memory.values,
       .slots = source_slots_,
       .begin = source_begin_,
       .end = source_end_,
       .places = positions_},
      std::max(step_ + 1, longest_source_), model_.decoder_positions().cross, context_);
  return attention.project_out(attended, context_);
}

Tensor TranslatorSession::advance(std::span<const std::int32_t> parents,
                                  std::span<const std::int32_t> tokens) {
  const NoGradientScope no_gradients;
  check(parents.size() == tokens.size() && !parents.empty(), "decoding: {} parents and {} tokens",
        parents.size(), tokens.size());
  const auto rows = static_cast<std::int64_t>(parents.size());
  inherit(parents);
  reserve(used_ + rows);

  Sequences sequences;  // one token each, all at the same position
  positions_.assign(parents.size(), static_cast<std::int32_t>(step_));
  sequences.positions =
      Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(positions_), {rows});
  Tensor x = model_.embed_step(Tensor::from_values<std::int32_t>(tokens, {rows}), sequences,
                               step_ + 1, context_);
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    const DecoderLayer& layer = model_.decoder_[i];
    x = layer.step(
        x, sequences, context_,
        [&](const Tensor& input) {
          return self_attend(layer.self_attention(), caches_[i], input, sequences);
        },
        [&](const Tensor& input) {
          return cross_attend(layer.cross_attention(), caches_[i], input, sequences);
        });
  }
  used_ += rows;
  ++step_;
  return model_.logits(model_.decoder_norm_ ? model_.decoder_norm_->forward(x) : x, context_);
}

}  // namespace heed
