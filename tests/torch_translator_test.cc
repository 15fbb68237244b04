// The whole translator against PyTorch's numbers: encoder output, logits, loss, every gradient, and
// ten steps of Adam and AdamW.
#include <map>

#include "heed/base/config_json.h"
#include "heed/models/translator.h"
#include "heed/nn/generator_loss.h"
#include "heed/training/optimizer.h"
#include "tests/torch_fixture.h"

namespace heed {
namespace {

struct TranslatorCase {
  TorchBackend backend;
  const char* name;
};

void PrintTo(const TranslatorCase& item, std::ostream* out) {
  *out << item.name << " on " << backend_name(item.backend.device);
}

class TorchTranslator : public testing::TestWithParam<TranslatorCase> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  void SetUp() override {
    load_weights(model_, file_, "weights/");
    require_gradients(model_);
    const auto& entries = file_.file().entries();
    const auto stored = std::count_if(
        entries.begin(), entries.end(),
        [](const SafetensorsEntry& entry) { return entry.name.starts_with("weights/"); });
    ASSERT_EQ(static_cast<std::size_t>(stored), stored_tensors_of(model_).size());
  }

  const TorchBackend& backend() const { return GetParam().backend; }

  Json metadata(const std::string& key) const {
    return parse_json(file_.file().metadata().at("case"), GetParam().name).at(key);
  }

  TranslatorVocabulary vocabulary() const {
    const Json json = metadata("vocabulary");
    return {.source_size = json.at("source_size").get<std::int64_t>(),
            .target_size = json.at("target_size").get<std::int64_t>(),
            .symbols = marian_symbols(json.at("padding_id").get<std::int32_t>())};
  }

  GeneratorExamples batch(const std::string& name) const {
    const auto inputs = [&](const std::string& ids, const std::string& offsets) {
      return Inputs{.ids = file_[name + ids],
                    .rows = make_sequences_from_offsets(file_.integers(name + offsets))};
    };
    return {.prompts = {.source = inputs("/source_ids", "/source_offsets"),
                        .begun = inputs("/target_inputs", "/target_offsets")},
            .outputs = file_[name + "/target_outputs"]};
  }

  // The loss of a batch per token, its gradients added to what the parameters hold.
  double learn(const GeneratorExamples& examples) const {
    ForwardContext context;
    context.training = true;
    const ops::CrossEntropyOptions options{
        .smoothing = 0.1f,
        .scale =
            static_cast<float>(1.0 / static_cast<double>(examples.prompts.begun.rows.tokens()))};
    const Tensor loss =
        generator_loss(model_, examples.prompts, examples.outputs, options, context).loss;
    backward(loss);
    return loss.item();
  }

  void expect_training(const OptimizerConfig& config);

  TorchFile file_{std::string("translator_") + GetParam().name, GetParam().backend};
  Translator model_{config_from_json<TranslatorConfig>(metadata("config"), GetParam().name),
                    vocabulary(), GetParam().backend.device};
};

TEST_P(TorchTranslator, ComputesTheSameOutputs) {
  const NoGradientScope no_gradients;
  for (const std::string name : {"batch0", "batch1"}) {
    const GeneratorExamples examples = batch(name);
    ForwardContext context;
    const Tensor memory =
        model_.encode(examples.prompts.source.ids, examples.prompts.source.rows, context);
    expect_as_torch(memory.to_doubles(), file_.numbers(name + "/encoder"), backend().forward,
                    name + " encoder output");
    const Tensor decoded = model_.decode(examples.prompts.begun.ids, examples.prompts.begun.rows,
                                         memory, examples.prompts.source.rows, context);
    expect_as_torch(logits_of(model_, decoded, context).to_doubles(),
                    file_.numbers(name + "/logits"), backend().forward, name + " logits");
  }
}

TEST_P(TorchTranslator, ComputesTheSameLossAndGradients) {
  for (const std::string name : {"batch0", "batch1"}) {
    expect_as_torch({learn(batch(name))}, file_.numbers(name + "/loss"), backend().forward,
                    name + " loss");
  }
  const std::vector<NamedTensor> gradients = stored_gradients_of(model_);
  double largest_gradient = 0;
  for (const NamedTensor& item : gradients) {
    largest_gradient = std::max(largest_gradient, largest(file_.numbers("gradients/" + item.name)));
  }
  for (const NamedTensor& item : gradients) {
    // Some are 0 but for rounding (those of key biases), hence the least scale.
    expect_as_torch(item.tensor.to_doubles(), file_.numbers("gradients/" + item.name),
                    backend().gradient, "gradient of " + item.name, 0.1 * largest_gradient);
  }
}

TEST_P(TorchTranslator, LearnsTheSame) {
  for (const Json& json : metadata("optimizers")) {
    load_weights(model_, file_, "weights/");
    expect_training(config_from_json<OptimizerConfig>(json, GetParam().name));
  }
}

void TorchTranslator::expect_training(const OptimizerConfig& config) {
  SCOPED_TRACE(config.kind);
  Optimizer optimizer(model_, config);
  const GeneratorExamples batches[] = {batch("batch0"), batch("batch1")};
  std::vector<double> losses, norms;
  for (int step = 0; step < 10; ++step) {
    losses.push_back(learn(batches[step % 2]));
    norms.push_back(optimizer.gradient_norm());
    optimizer.step(1e-3, norms.back());
  }
  expect_as_torch(losses, file_.numbers(config.kind + "/losses"), backend().training, "losses");
  expect_as_torch(norms, file_.numbers(config.kind + "/norms"), backend().training, "norms");
  for (const NamedTensor& item : stored_tensors_of(model_)) {
    if (item.name.ends_with("k_proj.bias")) {
      continue;  // a softmax does not feel it: its gradient is rounding alone, which Adam enlarges
    }
    expect_within(item.tensor.to_doubles(), file_.numbers(config.kind + "/weights/" + item.name),
                  backend().weights, item.name);
  }
}

std::vector<TranslatorCase> translator_cases() {
  std::vector<TranslatorCase> cases;
  for (const TorchBackend& backend : {reference_backend, cpu_backend}) {
    for (const char* name : {"post_relu_tied_all", "pre_gelu_tied_none", "post_swiglu",
                             "learned_positions", "interleaved_odd", "post_silu_tied_output"}) {
      cases.push_back({backend, name});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Torch, TorchTranslator, testing::ValuesIn(translator_cases()),
                         [](const auto& info) {
                           return backend_name(info.param.backend.device) + "_" + info.param.name;
                         });

}  // namespace
}  // namespace heed
