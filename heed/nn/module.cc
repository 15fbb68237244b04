#include "heed/nn/module.h"

#include <cmath>
#include <unordered_set>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/base/hash.h"
#include "heed/base/random.h"
#include "heed/kernels/matmul.h"

namespace heed {

namespace {

class Collector : public ParameterVisitor {
 public:
  std::vector<NamedParameter> found;

 protected:
  void visit(const std::string& name, Parameter& parameter) override {
    if (seen_.insert(parameter.value.storage().get()).second) {
      found.push_back({name, &parameter});
    }
  }

 private:
  std::unordered_set<const Storage*> seen_;
};

void initialize(const Tensor& tensor, Initial how, double gain, Random random) {
  switch (how) {
    case Initial::zeros:
      return tensor.fill(0);
    case Initial::ones:
      return tensor.fill(1);
    case Initial::constant:
      return tensor.fill(gain);
    case Initial::xavier:
    case Initial::embedding:
    case Initial::normal:
      break;
  }
  const auto out = static_cast<double>(tensor.size(0));
  const auto in = static_cast<double>(tensor.size(tensor.rank() - 1));
  const double bound = gain * std::sqrt(6.0 / (in + out));
  const double deviation = how == Initial::normal ? gain : 1.0 / std::sqrt(in);
  std::vector<double> values(static_cast<std::size_t>(tensor.element_count()));
  for (double& value : values) {
    value =
        how == Initial::xavier ? (2 * random.uniform() - 1) * bound : random.normal() * deviation;
  }
  tensor.copy_from(Tensor::from_values<double>(values, tensor.shape(), tensor.device()));
}

// Calls visit(stored name, tensor) for the whole parameter or for each of its parts.
template <typename Visit>
void for_each_stored(const NamedParameter& item, Visit&& visit) {
  if (item.parameter->parts.empty()) {
    visit(item.name, item.parameter->value);
    return;
  }
  const std::size_t dot = item.name.rfind('.');
  const std::string prefix = dot == std::string::npos ? "" : item.name.substr(0, dot + 1);
  std::int64_t begin = 0;
  for (const ParameterPart& part : item.parameter->parts) {
    visit(prefix + part.name, item.parameter->value.rows(begin, begin + part.rows));
    begin += part.rows;
  }
  check(begin == item.parameter->value.size(0), "{}: its parts have {} rows of {}", item.name,
        begin, item.parameter->value.shape());
}

}  // namespace

Parameter::Parameter(const Shape& shape, Initial how, bool weight_decays, Device device)
    : value(Tensor::empty(shape, device == reference_device ? DType::float64 : DType::float32,
                          device)),
      initial(how),
      decays(weight_decays) {}

void ParameterVisitor::parameter(std::string_view name, Parameter& parameter) {
  if (parameter.defined()) {
    visit(prefix_ + std::string(name), parameter);
  }
}

void ParameterVisitor::module(std::string_view name, Module& module) {
  const std::size_t length = prefix_.size();
  prefix_ += std::string(name) + ".";
  module.visit(*this);
  prefix_.resize(length);
}

std::vector<NamedParameter> parameters_of(Module& module) {
  Collector collector;
  module.visit(collector);
  return std::move(collector.found);
}

std::vector<NamedTensor> stored_tensors_of(Module& module) {
  std::vector<NamedTensor> result;
  for (const NamedParameter& item : parameters_of(module)) {
    for_each_stored(item, [&](const std::string& name, const Tensor& tensor) {
      result.push_back({name, tensor});
    });
  }
  return result;
}

std::int64_t count_parameters(Module& module) {
  std::int64_t count = 0;
  for (const NamedParameter& item : parameters_of(module)) {
    const Tensor& value = item.parameter->value;
    count += value.rank() == 2 ? value.size(0) * stored_depth(value.dtype(), value.size(1))
                               : value.element_count();
  }
  return count;
}

void initialize_parameters(Module& module, std::uint64_t seed) {
  for (const NamedParameter& item : parameters_of(module)) {
    for_each_stored(item, [&](const std::string& name, const Tensor& tensor) {
      initialize(tensor, item.parameter->initial, item.parameter->gain,
                 Random(seed, hash_of(name)));
    });
    if (item.parameter->zero_row >= 0) {
      item.parameter->value.rows(item.parameter->zero_row, item.parameter->zero_row + 1).fill(0);
    }
    item.parameter->value.renew_stamp();
  }
}

void require_gradients(Module& module) {
  for (const NamedParameter& item : parameters_of(module)) {
    if (item.parameter->rate > 0) {
      require_gradient(item.parameter->value);
    }
  }
}

}  // namespace heed
