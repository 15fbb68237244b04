// An encoder with the head of a task upon it: what classifies, tags, answers or chooses.
//
//   auto model = headed_encoder_from(encoder, {.kind = "sequence", .labels = {"no", "yes"}}, 1);
//   const auto states = model->encode(inputs, context);
//   const Tensor scores = model->scores(states, context);  // [sequences, 2]
// Thread-safety: as Module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "heed/models/encoder_heads.h"
#include "heed/models/low_rank.h"
#include "heed/models/text_encoder.h"

namespace heed {

struct HeadedEncoderConfig : TextEncoderConfig {
  HeadConfig head;
  LowRankConfig lora;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("head", head, "what stands upon the encoder");
    visit("lora", lora, "narrow matrices that adapt the encoder's weights");
    TextEncoderConfig::fields(visit);
  }
};

// Errors (usage) name the key.
void check_headed_encoder_config(const HeadedEncoderConfig& config);

// The configuration of `encoder` below such a head: without the heads of its pre-training, with a
// pooler only where summaries are read.
HeadedEncoderConfig config_under(const TextEncoderConfig& encoder, const HeadConfig& head);

class HeadedEncoder : public Encoder {
 public:
  // Weights are drawn as by initialize_parameters(*this, 0). Errors (usage) name the key.
  HeadedEncoder(const HeadedEncoderConfig& config, std::int64_t vocabulary_size,
                Device device = cpu_device, StartingWeights weights = StartingWeights::drawn);

  const HeadedEncoderConfig& config() const { return config_; }
  std::int64_t vocabulary_size() const { return encoder_.vocabulary_size(); }

  States encode(const Inputs& inputs, ForwardContext& context) const override {
    return encoder_.encode(inputs, context);
  }
  Tensor summary(const States& states, ForwardContext& context) const override {
    return encoder_.summary(states, context);
  }
  // sequence, choice: [sequences, scores]; token, question: [tokens, scores]. Differentiable.
  Tensor scores(const States& states, ForwardContext& context) const {
    return head_.scores(encoder_, states, context);
  }
  std::int64_t width() const override { return encoder_.width(); }
  std::int64_t longest() const override { return encoder_.longest(); }

  // With model.lora: while what this gives lives, the encoder has the adapted weights. Null
  // without.
  std::unique_ptr<LowRankAdapters::Scope> adapted() const {
    return adapters_ ? std::make_unique<LowRankAdapters::Scope>(*adapters_) : nullptr;
  }
  // Makes the adapted weights the encoder's own, and model.lora is gone.
  void merge_adapters();

  TextEncoder& encoder() { return encoder_; }
  const TextEncoder& encoder() const { return encoder_; }
  TaskHead& head() { return head_; }
  const TaskHead& head() const { return head_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  HeadedEncoderConfig config_;
  TextEncoder encoder_;
  std::optional<LowRankAdapters> adapters_;
  TaskHead head_;
};

// `encoder` with a new head: its weights where it has them, the rest (head, and a pooler that it
// lacks) drawn from `seed`.
std::unique_ptr<HeadedEncoder> headed_encoder_from(TextEncoder& encoder, const HeadConfig& head,
                                                   std::uint64_t seed);

}  // namespace heed
