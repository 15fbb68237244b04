// Encoders of text against Transformers' numbers: states, summaries, every head of pre-training,
// and every gradient.
#include "heed/base/config_json.h"
#include "heed/models/text_encoder.h"
#include "heed/nn/position/grown_table.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"
#include "tests/torch_fixture.h"

namespace heed {
namespace {

struct TextEncoderCase {
  TorchBackend backend;
  const char* name;
};

void PrintTo(const TextEncoderCase& item, std::ostream* out) {
  *out << item.name << " on " << backend_name(item.backend.device);
}

class TorchTextEncoder : public testing::TestWithParam<TextEncoderCase> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  Json metadata(const std::string& key) const {
    return parse_json(file_.file().metadata().at("case"), GetParam().name).at(key);
  }
  void expect(const Tensor& actual, const char* name) const {
    expect_as_torch(actual.to_doubles(), file_.numbers(name), GetParam().backend.forward, name);
  }
  // Σ x ⊙ what the file calls `name`.
  Tensor weighed(const Tensor& x, const char* name) const {
    return ops::sum(ops::multiply(x, file_[name]));
  }
  Tensor cross_entropy(const Tensor& x, const ops::Projection& projection,
                       const char* targets) const {
    return ops::projection_cross_entropy(x, projection, file_[targets], {}).loss;
  }
  // [classes, classes]: scores as they are.
  ops::Projection nothing(std::int64_t classes) const {
    std::vector<double> values(static_cast<std::size_t>(classes * classes));
    for (std::int64_t i = 0; i < classes; ++i) {
      values[static_cast<std::size_t>(i * classes + i)] = 1;
    }
    return {.weight = constant_tensor(values, {classes, classes}, GetParam().backend.device)};
  }

  TorchFile file_{std::string("text_encoder_") + GetParam().name, GetParam().backend};
  TextEncoder model_{config_from_json<TextEncoderConfig>(metadata("config"), GetParam().name),
                     metadata("vocabulary_size").get<std::int64_t>(), GetParam().backend.device};
};

TEST_P(TorchTextEncoder, ComputesTheSame) {
  load_weights(model_, file_, "weights/");
  require_gradients(model_);
  const TorchBackend& backend = GetParam().backend;
  const Inputs inputs{.ids = file_["ids"],
                      .segments = file_["segments"],
                      .rows = make_sequences_from_offsets(file_.integers("offsets"))};
  ForwardContext context;
  context.training = true;
  const auto states = model_.encode(inputs, context);
  expect(states.values, "states");
  const Tensor masked =
      model_.masked_states(ops::gather_rows(states.values, file_["masked"]), context);
  expect(ops::project(masked, model_.masked_projection()), "guesses");
  Tensor loss = ops::add(weighed(states.values, "d_states"),
                         cross_entropy(masked, model_.masked_projection(), "targets"));
  if (model_.config().next_sentence_head) {
    const Tensor summaries = model_.summary(states, context);
    expect(summaries, "summaries");
    const Tensor scores = model_.next_sentence_scores(summaries, context);
    expect(scores, "next");
    loss = ops::add(loss, cross_entropy(scores, nothing(2), "follows"));
  }
  if (model_.config().detection_head) {
    const Tensor scores = model_.detection_scores(states.values, context);
    expect(scores, "detection");
    loss = ops::add(loss, weighed(scores, "d_detection"));
  }
  expect(loss, "loss");
  backward(loss);
  const std::vector<NamedTensor> gradients = stored_gradients_of(model_);
  double largest_gradient = 0;
  std::size_t expected = 0;
  for (const SafetensorsEntry& entry : file_.file().entries()) {
    if (entry.name.starts_with("gradients/")) {
      ++expected;
      largest_gradient = std::max(largest_gradient, largest(file_.numbers(entry.name)));
    }
  }
  EXPECT_EQ(gradients.size(), expected);
  for (const NamedTensor& item : gradients) {
    // Some are 0 but for rounding (those of key biases), hence the least scale.
    expect_as_torch(item.tensor.to_doubles(), file_.numbers("gradients/" + item.name),
                    backend.gradient, "gradient of " + item.name, 0.1 * largest_gradient);
  }
}

std::vector<TextEncoderCase> text_encoder_cases() {
  std::vector<TextEncoderCase> cases;
  for (const TorchBackend& backend : {reference_backend, cpu_backend}) {
    for (const char* name : {"bert", "electra"}) {
      cases.push_back({backend, name});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchTextEncoder, testing::ValuesIn(text_encoder_cases()),
                         [](const auto& info) {
                           return backend_name(info.param.backend.device) + "_" + info.param.name;
                         });

}  // namespace
}  // namespace heed
