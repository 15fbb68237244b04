// What the tests against PyTorch share: the files that scripts in tools/ wrote (torch_fixtures.py),
// the devices that are compared with them, and how closely.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/formats/safetensors.h"
#include "heed/nn/module.h"

namespace heed {

// PyTorch computed in float64. Errors are measured relative to the largest value of a tensor.
struct TorchBackend {
  Device device;
  DType dtype;
  double forward;
  double gradient;
  double training;  // losses and gradient norms of ten steps
  double weights;   // after ten steps of 1e-3, absolute
};

inline constexpr TorchBackend reference_backend{
    reference_device, DType::float64, 1e-12, 1e-11, 1e-7, 1e-7};
inline constexpr TorchBackend cpu_backend{cpu_device, DType::float32, 1e-5, 2e-5, 1e-4, 1e-5};

inline void PrintTo(const TorchBackend& backend, std::ostream* out) {
  *out << name_of(backend.device.kind);
}

inline std::string backend_name(Device device) {
  return std::string(name_of(device.kind));
}

class TorchFile {
 public:
  TorchFile(const std::string& name, const TorchBackend& backend)
      : backend_(backend),
        file_(std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data" / "torch" /
              (name + ".safetensors")) {}

  // A copy in the backend's own type, on its device; integers as they are.
  Tensor operator[](const std::string& name) const {
    const Tensor stored = file_.tensor(name);
    if (stored.dtype() == DType::int32) {
      return stored.to(backend_.device);
    }
    const Tensor tensor = Tensor::empty(stored.shape(), backend_.dtype, backend_.device);
    tensor.copy_from(stored);
    return tensor;
  }
  std::vector<double> numbers(const std::string& name) const {
    return file_.tensor(name).to_doubles();
  }
  std::vector<std::int32_t> integers(const std::string& name) const {
    const Tensor tensor = file_.tensor(name);
    const auto values = tensor.values<std::int32_t>();
    return {values.begin(), values.end()};
  }
  const SafetensorsFile& file() const { return file_; }

 private:
  TorchBackend backend_;
  SafetensorsFile file_;
};

inline double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) {
    result = std::max(result, std::abs(value));
  }
  return result;
}

// |actual - expected| <= allowed everywhere.
inline void expect_within(const std::vector<double>& actual, const std::vector<double>& expected,
                          double allowed, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  std::size_t worst = 0;
  double difference = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double here = std::abs(actual[i] - expected[i]);
    if (!(here <= difference)) {  // NaN too
      difference = here;
      worst = i;
    }
  }
  EXPECT_TRUE(difference <= allowed)
      << what << "[" << worst << "]: " << actual[worst] << ", PyTorch has " << expected[worst]
      << "; differs by " << difference << ", allowed " << allowed;
}

// The same with `tolerance` relative to the largest expected value, or to `least_scale`.
inline void expect_as_torch(const std::vector<double>& actual, const std::vector<double>& expected,
                            double tolerance, const std::string& what, double least_scale = 0) {
  expect_within(actual, expected, tolerance * std::max(least_scale, largest(expected)), what);
}

// The gradients of a module by stored name: those of fused parameters cut into their parts.
inline std::vector<NamedTensor> stored_gradients_of(Module& module) {
  std::vector<NamedTensor> result;
  for (const NamedParameter& item : parameters_of(module)) {
    const Tensor gradient = gradient_of(item.parameter->value);
    if (item.parameter->parts.empty()) {
      result.push_back({item.name, gradient});
      continue;
    }
    const std::string prefix = item.name.substr(0, item.name.rfind('.') + 1);
    std::int64_t begin = 0;
    for (const ParameterPart& part : item.parameter->parts) {
      result.push_back({prefix + part.name, gradient.rows(begin, begin + part.rows)});
      begin += part.rows;
    }
  }
  return result;
}

// Fills a module with the tensors "prefix" + stored name of the file.
inline void load_weights(Module& module, const TorchFile& file, const std::string& prefix) {
  for (const NamedTensor& item : stored_tensors_of(module)) {
    const Tensor stored = file[prefix + item.name];
    ASSERT_EQ(item.tensor.shape(), stored.shape()) << item.name;
    item.tensor.copy_from(stored);
    item.tensor.renew_stamp();
  }
}

class TorchTest : public testing::TestWithParam<TorchBackend> {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
  const TorchBackend& backend() const { return GetParam(); }
};

// Ops, each a case of one file: case/input, case/d_input (its gradient), case/y, case/dy.
class TorchOpTest : public TorchTest {
 protected:
  using Inputs = std::vector<Tensor>;
  using Function = std::function<Tensor(const Inputs&)>;

  explicit TorchOpTest(const std::string& file) : file_(file, backend()) {}

  // Runs `function` on the named inputs of a case, forward and backward.
  void expect_case(const std::string& name, const std::vector<std::string>& names,
                   const Function& function) {
    SCOPED_TRACE(name);
    Inputs inputs;
    for (const std::string& input : names) {
      inputs.push_back(file_[name + "/" + input]);
      require_gradient(inputs.back());
    }
    const Tensor y = function(inputs);
    expect_as_torch(y.to_doubles(), file_.numbers(name + "/y"), backend().forward, "y");
    backward(y, file_[name + "/dy"]);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor gradient = gradient_of(inputs[i]);
      ASSERT_TRUE(gradient.defined()) << names[i];
      expect_as_torch(gradient.to_doubles(), file_.numbers(name + "/d_" + names[i]),
                      backend().gradient, "gradient of " + names[i]);
    }
  }

  TorchFile file_;
};

}  // namespace heed
