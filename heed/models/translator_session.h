// Decoding with a Translator: one pass over the tokens at hand, the caches of its rows and of their
// sources.
// Thread-safety: one thread at a time; the model may be shared.
#pragma once

#include <vector>

#include "heed/models/key_value_cache.h"
#include "heed/models/source_memory.h"
#include "heed/models/translator.h"

namespace heed {

class TranslatorSession : public DecodingSession {
 public:
  TranslatorSession(const Translator& model, const ForwardContext& context);

  Tensor add(const Prompts& prompts) override;
  Tensor advance(std::span<const std::int32_t> parents,
                 std::span<const std::int32_t> tokens) override;
  Tensor extend(std::span<const std::int32_t> parents,
                std::span<const std::span<const std::int32_t>> runs) override;

 private:
  // Rows continue `parents`, row r with the next counts[r] of `ids`.
  Tensor go_on(std::span<const std::int32_t> parents, std::span<const std::int32_t> ids,
               std::span<const std::int32_t> counts);
  void add_sources(const Inputs& source);
  // The tokens at hand through the decoder → [tokens, d], before the last norm.
  Tensor run(const Tensor& ids);
  // Logits of what follows states that run() gave.
  Tensor logits(const Tensor& states) const;

  const Translator& model_;
  ForwardContext context_;
  KeyValueCache cache_;
  SourceMemory sources_;
};

}  // namespace heed
