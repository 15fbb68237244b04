// What the tests of layers against PyTorch share: the check of a layer, forward and backward.
#pragma once

#include <functional>

#include "heed/nn/forward_context.h"
#include "heed/nn/sequences.h"
#include "tests/torch_fixture.h"

namespace heed {

class TorchLayerTest : public TorchTest {
 protected:
  explicit TorchLayerTest(const std::string& file) : file_(file, backend()) {}

  // Runs forward(x) of a layer and its backward pass, and compares what comes out, the gradient of
  // each input and those of all weights.
  void expect_layer(const std::string& name, Module& layer,
                    const std::vector<std::string>& input_names,
                    const std::function<Tensor(const std::vector<Tensor>&)>& forward) {
    SCOPED_TRACE(name);
    load_weights(layer, file_, name + "/");
    require_gradients(layer);
    std::vector<Tensor> inputs;
    for (const std::string& input : input_names) {
      inputs.push_back(file_[name + "/" + input]);
      require_gradient(inputs.back());
    }
    const Tensor y = forward(inputs);
    expect_as_torch(y.to_doubles(), file_.numbers(name + "/y"), backend().forward, "y");
    backward(y, file_[name + "/dy"]);
    std::vector<NamedTensor> gradients = stored_gradients_of(layer);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      gradients.push_back({input_names[i], gradient_of(inputs[i])});
    }
    for (const NamedTensor& gradient : gradients) {
      // Those of key biases are 0 but for rounding, hence the least scale.
      expect_as_torch(gradient.tensor.to_doubles(), file_.numbers(name + "/d_" + gradient.name),
                      backend().gradient, "gradient of " + gradient.name, 1);
    }
    EXPECT_EQ(tensors_of_case(name), 2 + 2 * gradients.size());
  }

  std::size_t tensors_of_case(const std::string& name) const {
    return static_cast<std::size_t>(std::count_if(
        file_.file().entries().begin(), file_.file().entries().end(),
        [&](const SafetensorsEntry& entry) { return entry.name.starts_with(name + "/"); }));
  }

  TorchFile file_;
  ForwardContext context_;
};

// Layers over the sequences of a file.
class TorchSequenceTest : public TorchLayerTest {
 protected:
  using TorchLayerTest::TorchLayerTest;

  Sequences source_ = make_sequences_from_offsets(file_.integers("source_offsets"));
  Sequences target_ = make_sequences_from_offsets(file_.integers("target_offsets"));
};

}  // namespace heed
