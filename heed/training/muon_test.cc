#include "heed/training/muon.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/nn/layers.h"
#include "heed/ops/elementwise.h"
#include "heed/training/optimizer.h"

namespace heed {
namespace {

class Muon : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_cpu_backend();
    register_reference_backend();
  }
};

Tensor random_matrix(std::int64_t rows, std::int64_t columns, Device device) {
  Random random(5, static_cast<std::uint64_t>(rows * 1000 + columns));
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    values.push_back(random.normal());
  }
  const Tensor exact = Tensor::from_values<double>(values, {rows, columns});
  return device == reference_device ? exact.to(device) : exact.to(DType::float32);
}

// What the iteration makes of one singular value, as a share of the norm.
double iterated(double x) {
  for (int i = 0; i < 5; ++i) {
    x = 3.4445 * x - 4.7750 * x * x * x + 2.0315 * std::pow(x, 5);
  }
  return x;
}

TEST_F(Muon, ActsOnSingularValuesAlone) {
  for (const Device device : {cpu_device, reference_device}) {
    // Turned by 30 degrees on one side: singular values 3 and 4, so 0.6 and 0.8 of the norm.
    const double c = std::sqrt(0.75), s = 0.5;
    const Tensor exact = Tensor::from_values<double>({3 * c, -4 * s, 0, 3 * s, 4 * c, 0}, {2, 3});
    const Tensor wide = device == reference_device ? exact.to(device) : exact.to(DType::float32);
    const auto got = orthogonalized(wide, MatmulPrecision::float32).to_doubles();
    const double a = iterated(0.6), b = iterated(0.8);
    const std::vector<double> expected = {a * c, -b * s, 0, a * s, b * c, 0};
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(got[i], expected[i], 2e-6) << i;
    }
  }
}

TEST_F(Muon, BringsTheSingularValuesOfAnyShapeNearOne) {
  for (const auto& [rows, columns] : {std::pair(1, 7), std::pair(33, 17), std::pair(17, 33)}) {
    for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
      const Tensor x = random_matrix(rows, columns, cpu_device);
      const Tensor y = orthogonalized(x, precision);
      ASSERT_EQ(y.shape(), x.shape());
      // The mean square of the singular values, each within 0.67 … 1.2.
      double squares = 0;
      for (const double value : y.to_doubles()) {
        squares += value * value;
      }
      EXPECT_GT(squares / std::min(rows, columns), 0.45) << rows << " × " << columns;
      EXPECT_LT(squares / std::min(rows, columns), 1.45) << rows << " × " << columns;
    }
  }
}

TEST_F(Muon, IsTheSameFromEitherSide) {
  const Tensor wide = random_matrix(9, 21, reference_device);
  std::vector<double> turned(9 * 21);
  const auto values = wide.to_doubles();
  for (std::size_t r = 0; r < 9; ++r) {
    for (std::size_t c = 0; c < 21; ++c) {
      turned[c * 9 + r] = values[r * 21 + c];
    }
  }
  const Tensor tall = Tensor::from_values<double>(turned, {21, 9}).to(reference_device);
  const auto a = orthogonalized(wide, MatmulPrecision::float32).to_doubles();
  const auto b = orthogonalized(tall, MatmulPrecision::float32).to_doubles();
  for (std::size_t r = 0; r < 9; ++r) {
    for (std::size_t c = 0; c < 21; ++c) {
      EXPECT_NEAR(a[r * 21 + c], b[c * 9 + r], 1e-12);
    }
  }
}

TEST_F(Muon, SameBitsAtAnyNumberOfThreads) {
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    const Tensor x = random_matrix(200, 130, cpu_device);
    const int before = thread_count();
    set_thread_count(1);
    const auto one = orthogonalized(x, precision).to_doubles();
    set_thread_count(3);
    const auto three = orthogonalized(x, precision).to_doubles();
    set_thread_count(before);
    EXPECT_EQ(one, three);
  }
}

// Matrices are dealt out to the threads.
TEST_F(Muon, AStepHasTheSameBitsAtAnyNumberOfThreads) {
  const int before = thread_count();
  std::vector<std::vector<double>> results;
  for (const int threads : {1, 4}) {
    set_thread_count(threads);
    std::vector<double> weights;
    class Maps : public Module {
     public:
      void visit(ParameterVisitor& visitor) override {
        for (std::size_t i = 0; i < maps.size(); ++i) {
          visitor.module(std::to_string(i), maps[i]);
        }
      }
      std::vector<Linear> maps;
    } module;
    for (const int size : {70, 33, 90, 5, 64}) {
      module.maps.emplace_back(size, 40, cpu_device);
    }
    initialize_parameters(module, 3);
    require_gradients(module);
    OptimizerConfig config;
    config.kind = "muon";
    Optimizer optimizer(module, config, MatmulPrecision::bfloat16);
    for (int step = 0; step < 2; ++step) {
      for (const Linear& map : module.maps) {
        backward(ops::multiply(map.weight.value, map.weight.value), map.weight.value.clone());
      }
      optimizer.step(0.01, optimizer.gradient_norm());
    }
    for (const Linear& map : module.maps) {
      const auto values = map.weight.value.to_doubles();
      weights.insert(weights.end(), values.begin(), values.end());
    }
    results.push_back(weights);
  }
  set_thread_count(before);
  EXPECT_EQ(results[0], results[1]);
}

TEST_F(Muon, KeepsZerosAndShowsNotANumber) {
  const Tensor zeros = Tensor::zeros({3, 5});
  EXPECT_EQ(orthogonalized(zeros, MatmulPrecision::float32).to_doubles(),
            std::vector<double>(15, 0.0));
  zeros.values<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  for (const double value : orthogonalized(zeros, MatmulPrecision::float32).to_doubles()) {
    EXPECT_TRUE(std::isnan(value));
  }
}

// Two maps in one matrix, with a bias.
class FusedMaps : public Module {
 public:
  FusedMaps() : maps_(2, {{"a", 2}, {"b", 4}}, reference_device) {}
  void visit(ParameterVisitor& visitor) override {
    visitor.parameter("both_weight", maps_.weight);
    visitor.parameter("both_bias", maps_.bias);
  }
  FusedLinear maps_;
};

void give_gradient(const Tensor& of, const std::vector<double>& values) {
  backward(ops::scale(of, 1), Tensor::from_values<double>(values, of.shape()).to(of.device()));
}

TEST_F(Muon, StepsEachMapOfAMatrixByItselfAndTheRestByAdam) {
  FusedMaps maps;
  maps.maps_.weight.value.fill(1);
  maps.maps_.bias.value.fill(1);
  require_gradients(maps);
  OptimizerConfig config;
  config.kind = "muon";
  config.weight_decay = 0.5;
  config.matrix_rate = 20;
  config.clip_norm = 0;
  Optimizer optimizer(maps, config);
  // The first map's singular values are equal, the second's gradient is as large as it may be.
  give_gradient(maps.maps_.weight.value, {3, 0, 0, 3, 1e6, 0, 0, 0, 0, 1e6, 0, 0});
  give_gradient(maps.maps_.bias.value, {1, -1, 1, -1, 1, -1});
  optimizer.step(0.01, optimizer.gradient_norm());
  const double change = 0.2 * iterated(std::sqrt(0.5));
  const double tall = std::sqrt(2.0) * change;  // four rows and two columns
  const double rest = 1 - 0.2 * 0.5;            // decay
  const std::vector<double> expected = {rest - change, rest,        rest, rest - change,  //
                                        rest - tall,   rest,        rest, rest,           //
                                        rest,          rest - tall, rest, rest};
  const auto weights = maps.maps_.weight.value.to_doubles();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(weights[i], expected[i], 1e-6) << i;
  }
  const auto bias = maps.maps_.bias.value.to_doubles();
  for (std::size_t i = 0; i < bias.size(); ++i) {
    EXPECT_NEAR(bias[i], i % 2 == 0 ? 0.99 : 1.01, 1e-6) << i;  // no decay
  }
  std::vector<std::string> names;
  for (const NamedTensor& item : optimizer.state()) {
    names.push_back(item.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"both_weight.momentum", "both_bias.first_moment",
                                             "both_bias.second_moment"}));
}

TEST_F(Muon, LooksAheadAndKeepsAnAverage) {
  FusedMaps maps;
  maps.maps_.weight.value.fill(0);
  require_gradients(maps);
  OptimizerConfig config;
  config.kind = "muon";
  config.momentum = 0.5;
  config.matrix_rate = 1;
  config.clip_norm = 0;
  config.average_decay = 0.75;
  Optimizer optimizer(maps, config);
  const std::vector<double> first = {1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0};
  const std::vector<double> second = {-1, 0, 0, 3, -1, 0, 0, 3, 0, 0, 0, 0};
  double a = 0, b = 0, average = 0;  // the diagonal of the first map, and the mean of its first
  for (const auto& gradient : {first, second}) {
    give_gradient(maps.maps_.weight.value, gradient);
    optimizer.step(0.1, 1);
    // Momentum 0.5 · g1, then 0.25 · g1 + 0.5 · g2; ahead of it 0.75 · g1, then
    // 0.125 · g1 + 0.75 · g2.
    const double x = gradient == first ? 0.75 : 0.125 - 0.75;
    const double y = gradient == first ? 0.75 : 0.125 + 3 * 0.75;
    const double norm = std::hypot(x, y);
    a -= 0.1 * iterated(x / norm);
    b -= 0.1 * iterated(y / norm);
    average = 0.75 * average + 0.25 * a;
  }
  const auto weights = maps.maps_.weight.value.to_doubles();
  EXPECT_NEAR(weights[0], a, 1e-6);
  EXPECT_NEAR(weights[3], b, 1e-6);
  optimizer.swap_average();
  EXPECT_NEAR(maps.maps_.weight.value.to_doubles()[0], average, 1e-6);
}

TEST_F(Muon, RefusesWhatMakesNoSense) {
  const auto refuses = [](auto change) {
    OptimizerConfig config;
    config.kind = "muon";
    check_optimizer_config(config);
    change(config);
    EXPECT_THROW(check_optimizer_config(config), Error);
  };
  refuses([](OptimizerConfig& config) { config.kind = "neon"; });
  refuses([](OptimizerConfig& config) { config.momentum = 1; });
  refuses([](OptimizerConfig& config) { config.matrix_rate = 0; });
  refuses([](OptimizerConfig& config) { config.matrix_decay = -0.5; });
  refuses([](OptimizerConfig& config) { config.weight_decay = -1; });
}

}  // namespace
}  // namespace heed
