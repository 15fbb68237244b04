// For tests of this folder: schemes on the reference device, gradients in float64, refusals.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/nn/position/position_encoding.h"
#include "heed/ops/elementwise.h"

namespace heed {

class PositionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  // Initialised, on the reference device.
  static std::unique_ptr<PositionEncoding> make(const PositionConfig& config, PositionScope scope) {
    scope.device = reference_device;
    auto encoding = make_position_encoding(config, scope);
    initialize_parameters(*encoding, 3);
    return encoding;
  }

  static void expect_refusal(const PositionConfig& config, const PositionScope& scope,
                             const std::string& reason) {
    try {
      make(config, scope);
      ADD_FAILURE() << "expected a refusal: " << reason;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    }
  }

  static Tensor random(const Shape& shape, std::uint64_t seed = 1) {
    Random numbers(seed);
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = numbers.normal();
    }
    return Tensor::from_values<double>(values, shape, reference_device);
  }
  static Tensor int32s(const std::vector<std::int32_t>& values) {
    return Tensor::from_values<std::int32_t>(values, {static_cast<std::int64_t>(values.size())});
  }

  // The terms that the attention of a layer gets.
  static ops::AttentionTerms terms_of(const PositionEncoding& encoding, std::int64_t length,
                                      int layer = 0) {
    ops::AttentionTerms terms;
    encoding.add_terms(layer, length, terms);
    return terms;
  }

  // Compares the gradients of a weighted sum of what `op` returns with respect to `leaves` with
  // central differences.
  static void check_leaf_gradients(const std::vector<Tensor>& leaves,
                                   const std::function<Tensor()>& op) {
    const GradientCheck check = check_gradients(leaves, [&] {
      const Tensor y = op();
      return ops::sum(ops::multiply(y, random(y.shape(), 99)));
    });
    EXPECT_LT(check.worst, 1e-8) << check.report;
  }
  // The same for all parameters of a scheme, each of which must have an effect.
  static void check_scheme_gradients(PositionEncoding& encoding,
                                     const std::function<Tensor()>& op) {
    std::vector<Tensor> leaves;
    for (const NamedParameter& item : parameters_of(encoding)) {
      leaves.push_back(item.parameter->value);
    }
    ASSERT_FALSE(leaves.empty());
    check_leaf_gradients(leaves, op);
  }
};

}  // namespace heed
