#include "heed/nn/attention/qk_norm.h"

#include "heed/ops/heads.h"

namespace heed {

namespace {

class QueryKeyNorm : public AttentionPart {
 public:
  QueryKeyNorm(const AttentionScope& scope, double epsilon)
      : epsilon_(static_cast<float>(epsilon)),
        query_gain_({scope.key_size}, Initial::ones, false, scope.device),
        key_gain_({scope.key_size}, Initial::ones, false, scope.device) {}

  Tensor queries(const Tensor& q, ForwardContext&) const override {
    return ops::rms_norm_heads(q, query_gain_.value, epsilon_);
  }
  Tensor keys(const Tensor& k, ForwardContext&) const override {
    return ops::rms_norm_heads(k, key_gain_.value, epsilon_);
  }
  void visit(ParameterVisitor& visitor) override {
    visitor.parameter("q_norm.weight", query_gain_);
    visitor.parameter("k_norm.weight", key_gain_);
  }

 private:
  float epsilon_;
  Parameter query_gain_;  // [key size]
  Parameter key_gain_;    // [key size]
};

}  // namespace

AttentionKind qk_norm_kind() {
  return {.key = "qk_norm",
          .summary = "Queries and keys divided by their root mean square (Henry et al., 2020)",
          .make = [](const AttentionConfig& config, const AttentionScope& scope) {
            return config.qk_norm ? std::make_unique<QueryKeyNorm>(scope, config.qk_norm_epsilon)
                                  : nullptr;
          }};
}

}  // namespace heed
