// For tests of this folder: small translators of every kind, and two sentences for them.
#pragma once

#include <string>
#include <vector>

#include "heed/base/random.h"
#include "heed/models/translator.h"
#include "heed/nn/generator_loss.h"

namespace heed {

inline const TranslatorVocabulary small_vocabulary{
    .source_size = 10, .target_size = 10, .symbols = marian_symbols(9)};

// Four heads of two components; topologies that leave something out of five tokens.
inline void make_four_heads(StackConfig& config) {
  config.d_model = 8;
  config.heads = 4;
  config.feed_forward_size = 6;
  config.dropout = 0;
  config.max_length = 8;
  config.attention.window = 1;
  config.attention.block = 2;
  config.position.clip = 2;
  config.position.buckets = 6;
  config.position.max_distance = 4;
  config.position.context_positions = 3;
  config.position.decay_base = 8;
}

inline TranslatorConfig four_heads() {
  TranslatorConfig config;
  config.encoder_layers = 2;
  config.decoder_layers = 2;
  make_four_heads(config);
  return config;
}

inline Tensor ids_of(const std::vector<std::int32_t>& values) {
  return Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(values),
                                           {static_cast<std::int64_t>(values.size())});
}

inline Inputs inputs_of(const std::vector<std::int32_t>& ids,
                        const std::vector<std::int32_t>& offsets) {
  return {.ids = ids_of(ids), .rows = make_sequences_from_offsets(offsets)};
}

inline GeneratorExamples two_sentences() {
  return {.prompts = {.source = inputs_of({3, 4, 0, 5, 6, 3, 2, 0}, {0, 3, 8}),
                      .begun = inputs_of({9, 2, 4, 9, 4, 5, 1}, {0, 3, 7})},
          .outputs = ids_of({2, 4, 0, 4, 5, 1, 0})};
}

// Draws all parameters, those that begin as zeros too, so that everything has an effect.
inline void draw_parameters(Module& module, std::uint64_t seed) {
  initialize_parameters(module, seed);
  Random random(seed);
  for (const NamedParameter& item : parameters_of(module)) {
    const Tensor& value = item.parameter->value;
    if (item.parameter->initial == Initial::zeros || item.parameter->initial == Initial::ones) {
      std::vector<double> values = value.to_doubles();
      for (double& number : values) {
        number += 0.2 * random.normal();
      }
      value.copy_from(Tensor::from_values<double>(values, value.shape(), value.device()));
      value.renew_stamp();
    }
  }
}

// Logits of all target tokens at once.
inline std::vector<double> whole_logits(const Generator& model, const GeneratorExamples& examples) {
  const NoGradientScope no_gradients;
  ForwardContext context;
  return logits_of(model, model.hidden(examples.prompts, context), context).to_doubles();
}

// The same from a session: sentence s from token begun[s] - 1 on, what came before being taken in
// at once, the rest token by token.
inline std::vector<double> session_logits(const Generator& model, const GeneratorExamples& examples,
                                          const std::vector<std::int32_t>& begun) {
  const Inputs& targets = examples.prompts.begun;
  const auto inputs = targets.ids.values<std::int32_t>();
  const auto& offsets = targets.rows.offsets;
  std::vector<std::int32_t> ids, alive;  // sentences that go on
  for (std::size_t s = 0; s < begun.size(); ++s) {
    ids.insert(ids.end(), inputs.begin() + offsets[s], inputs.begin() + offsets[s] + begun[s]);
    alive.push_back(static_cast<std::int32_t>(s));
  }
  Prompts prompts{.source = examples.prompts.source,
                  .begun = {.ids = ids_of(ids), .rows = make_sequences(begun)}};
  prompts.begun.rows.prefixes = targets.rows.prefixes;
  const auto session = model.start({});
  std::vector<std::vector<double>> logits(begun.size());
  const auto keep = [&](const Tensor& tensor) {
    const std::vector<double> now = tensor.to_doubles();
    const auto width = static_cast<std::ptrdiff_t>(now.size() / alive.size());
    for (std::size_t row = 0; row < alive.size(); ++row) {
      auto& sentence = logits[static_cast<std::size_t>(alive[row])];
      const auto begin = now.begin() + static_cast<std::ptrdiff_t>(row) * width;
      sentence.insert(sentence.end(), begin, begin + width);
    }
  };
  keep(session->add(prompts));
  for (std::int32_t step = 0;; ++step) {
    std::vector<std::int32_t> parents, tokens, going;
    for (std::size_t row = 0; row < alive.size(); ++row) {
      const auto s = static_cast<std::size_t>(alive[row]);
      const std::int32_t place = offsets[s] + begun[s] + step;
      if (place < offsets[s + 1]) {
        parents.push_back(static_cast<std::int32_t>(row));
        tokens.push_back(inputs[static_cast<std::size_t>(place)]);
        going.push_back(alive[row]);
      }
    }
    alive = going;
    if (alive.empty()) {
      break;
    }
    keep(session->advance(parents, tokens));
  }
  std::vector<double> result;
  for (const auto& sentence : logits) {
    result.insert(result.end(), sentence.begin(), sentence.end());
  }
  return result;
}

// All of them token by token.
inline std::vector<double> stepwise_logits(const Generator& model,
                                           const GeneratorExamples& examples) {
  return session_logits(
      model, examples,
      std::vector<std::int32_t>(static_cast<std::size_t>(examples.prompts.begun.rows.count()), 1));
}

// Of logits of all tokens those that session_logits() gives.
inline std::vector<double> logits_from(const std::vector<double>& whole, const Sequences& rows,
                                       const std::vector<std::int32_t>& begun) {
  const std::size_t width = whole.size() / static_cast<std::size_t>(rows.tokens());
  std::vector<double> result;
  for (std::size_t s = 0; s < begun.size(); ++s) {
    const auto begin = static_cast<std::size_t>(rows.offsets[s] + begun[s] - 1) * width;
    const auto end = static_cast<std::size_t>(rows.offsets[s + 1]) * width;
    result.insert(result.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin),
                  whole.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return result;
}

}  // namespace heed
