// A position scheme that heed does not know, in this one file: scores fall with the logarithm of
// the distance, at a rate r that each head learns (the logarithmic kernel of Chi et al., "KERPLE",
// 2022, with one of its two numbers fixed):
//
//   e_ij = q_i·k_j / sqrt(size) - r · log(1 + |j - i|)
//
// Once it is known by name, every model takes it: model.position.kind is "logarithmic". The program
// trains a small translator with it that reads a word backwards ("dbca" → "acbd"), which it can
// only do if it knows where the letters stand, and lets it decode words that it never saw.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/generation/generate.h"
#include "heed/models/translator.h"
#include "heed/nn/generator_loss.h"
#include "heed/ops/linear.h"
#include "heed/training/optimizer.h"
#include "heed/training/schedule.h"

using heed::Tensor;

class LogarithmicPositions : public heed::PositionEncoding {
 public:
  explicit LogarithmicPositions(const heed::PositionScope& scope)
      : rate_({scope.heads, 1}, heed::Initial::ones, false, scope.device) {
    const std::int64_t reach = scope.longest - 1;
    std::vector<float> values;
    for (std::int64_t t = -reach; t <= reach; ++t) {
      values.push_back(-std::log(1.0f + static_cast<float>(std::abs(t))));
    }
    logarithms_ = Tensor::from_values<float>(values, {2 * reach + 1, 1}, scope.device);
  }

  // What the scores of every layer take into account: a bias by head and distance, [heads, 2·reach
  // + 1]. It is made by an op, so its gradient finds the rates.
  void add_terms(int /*layer*/, std::int64_t /*length*/,
                 heed::ops::AttentionTerms& terms) const override {
    terms.distance_bias = heed::ops::linear(rate_.value, logarithms_, Tensor());
  }
  // What is trained, saved and loaded, by name.
  void visit(heed::ParameterVisitor& visitor) override { visitor.parameter("rate", rate_); }

 private:
  heed::Parameter rate_;  // [heads, 1]
  Tensor logarithms_;     // [2·reach + 1, 1]
};

heed::PositionScheme logarithmic_scheme() {
  return {.kind = "logarithmic",
          .summary = "Scores fall with the logarithm of the distance (Chi et al., 2022)",
          .scores = true,
          .learned = true,
          .any_length = true,
          .make = [](const heed::PositionConfig&, const heed::PositionScope& scope) {
            return std::make_unique<LogarithmicPositions>(scope);
          }};
}

// Ids: 0 ends a text, 1 starts the decoder, then come the letters.
constexpr int end = 0, start = 1, letters = 20, longest = 10;
using Word = std::vector<std::int32_t>;

Word random_word(heed::Random& random) {
  Word word(2 + random.below(longest - 2));
  for (std::int32_t& letter : word) {
    letter = static_cast<std::int32_t>(2 + random.below(letters));
  }
  return word;
}

// Words and the same words backwards, packed without padding.
heed::GeneratorExamples make_examples(int count, heed::Random& random) {
  Word sources, inputs, outputs, lengths;
  for (int i = 0; i < count; ++i) {
    const Word word = random_word(random);
    lengths.push_back(static_cast<std::int32_t>(word.size() + 1));
    sources.insert(sources.end(), word.begin(), word.end());
    sources.push_back(end);
    inputs.push_back(start);
    inputs.insert(inputs.end(), word.rbegin(), word.rend());
    outputs.insert(outputs.end(), word.rbegin(), word.rend());
    outputs.push_back(end);
  }
  const heed::Sequences sequences = heed::make_sequences(lengths);
  const auto ids = [](const Word& all) {
    return Tensor::from_values<std::int32_t>(all, {static_cast<std::int64_t>(all.size())});
  };
  return {.prompts = {.source = {.ids = ids(sources), .rows = sequences},
                      .begun = {.ids = ids(inputs), .rows = sequences}},
          .outputs = ids(outputs)};
}

void train(heed::Translator& model, int steps) {
  require_gradients(model);
  heed::Optimizer optimizer(model, {.kind = "adam"});
  const heed::Schedule schedule({.kind = "cosine", .learning_rate = 0.004, .warmup_steps = 50},
                                steps);
  heed::Random random(/*seed=*/1);
  for (int step = 1; step <= steps; ++step) {
    const heed::GeneratorExamples examples = make_examples(128, random);
    heed::ForwardContext context;
    context.training = true;
    const float scale = 1.0f / static_cast<float>(examples.prompts.begun.rows.tokens());
    const Tensor loss =
        generator_loss(model, examples.prompts, examples.outputs, {.scale = scale}, context).loss;
    backward(loss);
    optimizer.step(schedule.rate(step), optimizer.gradient_norm());
    if (step % 100 == 0) {
      std::printf("step %d: loss %.4f\n", step, loss.item());
    }
  }
}

// The share of new words that are decoded backwards without a fault.
double accuracy(const heed::Translator& model, int count) {
  heed::Random random(/*seed=*/2);
  std::vector<std::vector<int>> sources, expected;
  for (int i = 0; i < count; ++i) {
    const Word word = random_word(random);
    sources.emplace_back(word.begin(), word.end());
    sources.back().push_back(end);
    expected.emplace_back(word.rbegin(), word.rend());
  }
  const auto found = heed::translate(model, sources, model.vocabulary().symbols, {.beam = 1});
  double right = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    right += found[i][0].tokens == expected[i] ? 1 : 0;
  }
  return right / count;
}

int main() try {
  heed::register_cpu_backend();
  add_position_scheme(logarithmic_scheme());
  heed::TranslatorConfig config;
  config.d_model = 64;
  config.encoder_layers = config.decoder_layers = 2;
  config.heads = 4;
  config.feed_forward_size = 128;
  config.dropout = 0;
  config.max_length = longest + 1;
  config.position.kind = "logarithmic";
  heed::Translator model(config, {.source_size = letters + 2,
                                  .target_size = letters + 2,
                                  .symbols = heed::marian_symbols(start, end)});
  initialize_parameters(model, /*seed=*/1);
  train(model, 400);
  const double share = accuracy(model, 500);
  std::printf("%.1f %% of 500 new words backwards without a fault\n", 100 * share);
  heed::check(share > 0.9, "the model did not learn to read backwards");
} catch (const heed::Error& error) {
  std::fprintf(stderr, "example_own_position: %s\n", error.what());
  return heed::exit_code(error.kind());
}
