// Weights that are adapted by a product of two narrow matrices while they themselves stay as they
// are (LoRA: Hu et al., "LoRA: low-rank adaptation of large language models", 2022):
//
//   W' = W + alpha / rank · B·A,   A: [rank, in], drawn; B: [out, rank], zeros at first
//
//   LowRankAdapters adapters(backbone, config, device);
//   {
//     const auto scope = adapters.in_use();   // forward passes see W'
//     loss = …;
//   }
//   backward(loss);                            // gradients of A and B
//
// Thread-safety: as Module; while a scope lasts the backbone belongs to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "heed/nn/module.h"

namespace heed {

struct LowRankConfig {
  int rank = 0;
  double alpha = 16;
  std::vector<std::string> targets = {"q_proj", "v_proj"};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("rank", rank, "rows of A and columns of B; 0: weights are not adapted like this");
    visit("alpha", alpha, "B·A counts alpha / rank times");
    visit("targets", targets,
          "the maps of each layer that are adapted: q_proj, k_proj, v_proj, out_proj, fc1, fc2");
  }
};

// Errors (usage) name the key, which begins with `prefix`.
void check_low_rank_config(const LowRankConfig& config, const std::string& prefix);

class LowRankAdapters : public Module {
 public:
  // Of the maps of `backbone` that the configuration names; keeps pointers into it. Errors (usage):
  // there are none, or the rank is larger than a map.
  LowRankAdapters(Module& backbone, const LowRankConfig& config, Device device);

  // While alive the backbone's weights are W'; gradients of A and B flow through what was computed
  // meanwhile.
  class Scope {
   public:
    explicit Scope(const LowRankAdapters& adapters);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const LowRankAdapters& adapters_;
    std::vector<Tensor> bases_;  // the weights as they are
  };
  Scope in_use() const { return Scope(*this); }

  // Makes W' the weights for good; A and B are of no more use.
  void merge();

  void visit(ParameterVisitor& visitor) override;

 private:
  struct Map {
    std::string name;         // "model.encoder.layers.0.self_attn.q_proj"
    std::int64_t begin, end;  // rows of the parameter
    Parameter a, b;
  };
  struct Adapted {
    Parameter* parameter;
    std::deque<Map> maps;
  };
  Tensor effective(const Adapted& adapted) const;

  float scale_;
  std::deque<Adapted> adapted_;
};

}  // namespace heed
