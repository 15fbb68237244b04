// The whole language model against PyTorch's numbers: logits, loss and every gradient.
#include "heed/base/config_json.h"
#include "heed/models/language_model.h"
#include "heed/nn/generator_loss.h"
#include "tests/torch_fixture.h"

namespace heed {
namespace {

struct LanguageModelCase {
  TorchBackend backend;
  const char* name;
};

void PrintTo(const LanguageModelCase& item, std::ostream* out) {
  *out << item.name << " on " << backend_name(item.backend.device);
}

class TorchLanguageModel : public testing::TestWithParam<LanguageModelCase> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  Json metadata(const std::string& key) const {
    return parse_json(file_.file().metadata().at("case"), GetParam().name).at(key);
  }

  TorchFile file_{std::string("language_model_") + GetParam().name, GetParam().backend};
  LanguageModel model_{config_from_json<LanguageModelConfig>(metadata("config"), GetParam().name),
                       metadata("vocabulary_size").get<std::int64_t>(), GetParam().backend.device};
};

TEST_P(TorchLanguageModel, ComputesTheSame) {
  load_weights(model_, file_, "weights/");
  require_gradients(model_);
  const TorchBackend& backend = GetParam().backend;
  const Prompts prompts{.source = {},
                        .begun = {.ids = file_["inputs"],
                                  .rows = make_sequences_from_offsets(file_.integers("offsets"))}};
  {
    const NoGradientScope no_gradients;
    ForwardContext context;
    const Tensor states = model_.hidden(prompts, context);
    expect_as_torch(logits_of(model_, states, context).to_doubles(), file_.numbers("logits"),
                    backend.forward, "logits");
  }
  ForwardContext context;
  context.training = true;
  const auto scale = static_cast<float>(1.0 / static_cast<double>(prompts.begun.rows.tokens()));
  const Tensor loss = generator_loss(model_, prompts, file_["outputs"],
                                     {.smoothing = 0.1f, .scale = scale}, context)
                          .loss;
  backward(loss);
  expect_as_torch({loss.item()}, file_.numbers("loss"), backend.forward, "loss");
  const std::vector<NamedTensor> gradients = stored_gradients_of(model_);
  double largest_gradient = 0;
  for (const NamedTensor& item : gradients) {
    largest_gradient = std::max(largest_gradient, largest(file_.numbers("gradients/" + item.name)));
  }
  std::size_t expected = 0;
  for (const SafetensorsEntry& entry : file_.file().entries()) {
    expected += entry.name.starts_with("gradients/") ? 1 : 0;
  }
  EXPECT_EQ(gradients.size(), expected);
  for (const NamedTensor& item : gradients) {
    // Some are 0 but for rounding (those of key biases), hence the least scale.
    expect_as_torch(item.tensor.to_doubles(), file_.numbers("gradients/" + item.name),
                    backend.gradient, "gradient of " + item.name, 0.1 * largest_gradient);
  }
}

std::vector<LanguageModelCase> language_model_cases() {
  std::vector<LanguageModelCase> cases;
  for (const TorchBackend& backend : {reference_backend, cpu_backend}) {
    for (const char* name : {"pre_gelu_tied", "post_relu_untied", "values_and_skips"}) {
      cases.push_back({backend, name});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchLanguageModel, testing::ValuesIn(language_model_cases()),
                         [](const auto& info) {
                           return backend_name(info.param.backend.device) + "_" + info.param.name;
                         });

}  // namespace
}  // namespace heed
