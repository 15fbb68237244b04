// Modules: plain members and one visit() that lists their parameters.
//
//   class Linear : public Module {
//     void visit(ParameterVisitor& visitor) override {
//       visitor.parameter("weight", weight_);
//       visitor.parameter("bias", bias_);
//     }
//   };
//
// That list alone serves dotted names, saving, loading, initialisation, the optimizer and counting.
// Thread-safety: modules do not change while they are used, so threads may share one; visit() and
// what calls it (initialization, loading) need it alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/tensor/named_tensor.h"

namespace heed {

// How a parameter's values are drawn.
enum class Initial : std::uint8_t {
  zeros,
  ones,
  xavier,     // uniform in ±sqrt(6 / (in + out)) (Glorot & Bengio, 2010); [out, in]
  embedding,  // normal with deviation 1/sqrt(columns), so that √d · row has unit variance
  normal,     // with deviation Parameter::gain
  constant,   // Parameter::gain
};

// A run of rows of a parameter that has a name of its own in files: q, k and v are one matrix in
// memory and three on disk.
struct ParameterPart {
  std::string name;
  std::int64_t rows;
};

// A tensor that is trained. `value` is a float32 leaf (float64 on the reference device), or in a
// model that only runs, where `operand` is set, a constant in bfloat16 or in integers with their
// scales (load_model).
struct Parameter {
  Tensor value;
  Initial initial = Initial::zeros;
  double gain = 1;                   // factor on the bound of xavier; see Initial
  bool decays = false;               // takes part in weight decay: matrices of linear layers
  bool hidden = false;               // of a linear map from states to states, inside a block
  double rate = 1;                   // factor on the learning rate; 0: it does not learn
  bool operand = false;              // only multiplied with, in ForwardContext::precision
  std::int64_t zero_row = -1;        // a row that stays zero (padding), or -1
  std::vector<ParameterPart> parts;  // empty: the parameter is stored whole

  Parameter() = default;
  Parameter(const Shape& shape, Initial how, bool weight_decays, Device device);
  bool defined() const { return value.defined(); }
};

class Module;

class ParameterVisitor {
 public:
  virtual ~ParameterVisitor() = default;
  // A parameter, or nothing when it is undefined (an absent bias).
  void parameter(std::string_view name, Parameter& parameter);
  // A part of a module, its names prefixed with "name.".
  void module(std::string_view name, Module& module);

 protected:
  virtual void visit(const std::string& name, Parameter& parameter) = 0;

 private:
  std::string prefix_;
};

class Module {
 public:
  virtual ~Module() = default;
  virtual void visit(ParameterVisitor& visitor) = 0;
};

struct NamedParameter {
  std::string name;
  Parameter* parameter;
};

// Every distinct parameter once (a tied one under the first of its names), in the order of visit().
std::vector<NamedParameter> parameters_of(Module& module);

// Every stored tensor: parameters, with those that have parts cut into them ("a.qkv" with the part
// "q_proj.weight" gives "a.q_proj.weight": a part's name replaces the last component). The tensors
// share memory with the parameters.
std::vector<NamedTensor> stored_tensors_of(Module& module);

std::int64_t count_parameters(Module& module);

// Draws every parameter from `seed` and its stored name: the same model whatever the order, and the
// same layers in models that differ elsewhere.
void initialize_parameters(Module& module, std::uint64_t seed);

// What the constructor of a model does: unset is for those who write every weight at once, since
// drawing millions of random numbers takes longer than reading them.
enum class StartingWeights : std::uint8_t { drawn, unset };

// Turns gradients on: makes every parameter that learns a leaf that keeps its gradient.
void require_gradients(Module& module);

}  // namespace heed
