#include "heed/models/translator_session.h"
#include "heed/base/error.h"

namespace heed {

TranslatorSession::TranslatorSession(const Translator& model, const ForwardContext& context)
    : model_(model),
      context_{.precision = context.precision, .heads_off = context.heads_off},
      cache_(model.decoder_.blocks().size()),
      sources_(model.decoder_.blocks().size()) {}

void TranslatorSession::add_sources(const Inputs& source) {
  const Tensor memory = model_.encode(source.ids, source.rows, context_);
  sources_.add(source.rows);
  for (std::size_t i = 0; i < model_.decoder_.blocks().size(); ++i) {
    sources_.put(i,
                 model_.decoder_.blocks()[i].cross_attention().project_memory(
                     memory, source.rows, model_.decoder_.attention_positions().cross, context_));
  }
}

Tensor TranslatorSession::run(const Tensor& ids) {
  const Tensor x = model_.embed_targets(ids, cache_.tokens(), cache_.reach(), context_);
  const SourceQueries queries = sources_.queries_of(cache_);
  return model_.decoder_.through(x, [&](std::size_t i, const Block& block, const Tensor& y) {
    return block.step(
        y, cache_.tokens(), context_,
        [&](const Tensor& input) {
          return cache_.attend(i, block.self_attention(), input,
                               model_.decoder_.attention_positions().self, context_);
        },
        [&](const Tensor& input) {
          return sources_.attend(i, block.cross_attention(), input, queries,
                                 model_.decoder_.attention_positions().cross, context_);
        });
  });
}

Tensor TranslatorSession::logits(const Tensor& states) const {
  return logits_of(model_, model_.decoder_.finish(states), context_);
}

Tensor TranslatorSession::add(const Prompts& prompts) {
  const NoGradientScope no_gradients;
  const auto& [source, begun] = prompts;
  check(source.rows.count() == begun.rows.count(), "decoding: {} sources, {} sequences begun",
        source.rows.count(), begun.rows.count());
  cache_.add(begun.rows);
  add_sources(source);
  return logits(last_states(run(begun.ids), begun.rows));
}

Tensor TranslatorSession::advance(std::span<const std::int32_t> parents,
                                  std::span<const std::int32_t> tokens) {
  const NoGradientScope no_gradients;
  const std::vector<std::int32_t> counts(tokens.size(), 1);
  return go_on(parents, tokens, counts);
}

Tensor TranslatorSession::extend(std::span<const std::int32_t> parents,
                                 std::span<const std::span<const std::int32_t>> runs) {
  const NoGradientScope no_gradients;
  const auto [ids, counts] = joined_runs(runs);
  return go_on(parents, ids, counts);
}

Tensor TranslatorSession::go_on(std::span<const std::int32_t> parents,
                                std::span<const std::int32_t> ids,
                                std::span<const std::int32_t> counts) {
  cache_.advance(parents, counts);
  sources_.advance(parents);
  return logits(run(id_tensor(ids)));
}

}  // namespace heed
