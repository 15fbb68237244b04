#include "heed/interop/weight_bounds.h"

#include <algorithm>

namespace heed {

namespace {

double size(std::int64_t value) {
  return static_cast<double>(std::max<std::int64_t>(value, 0));
}

// A lower bound of the learned numbers of the positions of so many layers. `width`: of embeddings.
double least_position_count(const StackConfig& model, double layers, double key_size,
                            double width) {
  const PositionConfig& position = model.position;
  if (position.kind == "learned") {
    return size(position.trained_length > 0 ? position.trained_length : model.max_length) * width;
  }
  return position.kind == "shaw"   ? layers * 2 * size(position.clip) * key_size
         : position.kind == "cope" ? layers * size(position.context_positions) * key_size
         : position.kind == "t5"   ? size(position.buckets)
                                   : 0;
}

// `value_tables`: of value embeddings; `embedding_width`: of the others, 0: d_model.
std::uint64_t least_numbers(const StackConfig& model, std::int64_t vocabulary_size,
                            double attentions, double layers, double value_tables = 0,
                            std::int64_t embedding_width = 0) {
  const double d = size(model.d_model);
  const double heads = std::max(size(model.heads), 1.0);
  const auto or_usual = [&](int value, double usual) { return value > 0 ? size(value) : usual; };
  const double key_heads = or_usual(model.attention.key_heads, heads);
  const double key_size = or_usual(model.attention.key_size, d / heads);
  const double value_size = or_usual(model.attention.value_size, d / heads);
  const double attention = d * (heads + key_heads) * (key_size + value_size);
  double pruned = 0;  // as a share of one attention
  for (const auto& [name, gone] : model.pruned_heads) {
    pruned += static_cast<double>(gone.size()) / heads;
  }
  const double width = embedding_width > 0 ? size(embedding_width) : d;
  const double count = (width + value_tables * key_heads * value_size) * size(vocabulary_size) +
                       std::max(attentions - pruned, 0.0) * attention +
                       layers * 2 * d * size(model.feed_forward_size) +
                       least_position_count(model, layers, key_size, width);
  return count > 1e18 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(count);
}

}  // namespace

std::uint64_t least_translator_numbers(const TranslatorConfig& model,
                                       std::int64_t vocabulary_size) {
  const double encoder = size(model.encoder_layers), decoder = size(model.decoder_layers);
  return least_numbers(model, vocabulary_size, encoder + 2 * decoder, encoder + decoder);
}

std::uint64_t least_language_model_numbers(const LanguageModelConfig& model,
                                           std::int64_t vocabulary_size) {
  const double layers = size(model.layers);
  return least_numbers(model, vocabulary_size, layers, layers, size(model.value_embeddings));
}

std::uint64_t least_text_encoder_numbers(const TextEncoderConfig& model,
                                         std::int64_t vocabulary_size) {
  const double layers = size(model.layers);
  return least_numbers(model, vocabulary_size, layers, layers, 0, model.embedding_size);
}

}  // namespace heed
