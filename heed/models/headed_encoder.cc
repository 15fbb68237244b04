#include "heed/models/headed_encoder.h"

#include <map>
#include <string>

namespace heed {

namespace {

HeadedEncoderConfig checked(const HeadedEncoderConfig& config) {
  check_headed_encoder_config(config);
  return config;
}

}  // namespace

void check_headed_encoder_config(const HeadedEncoderConfig& config) {
  check_head_config(config.head);
  check_low_rank_config(config.lora, "model.lora");
  check_text_encoder_config(config);
}

HeadedEncoderConfig config_under(const TextEncoderConfig& encoder, const HeadConfig& head) {
  HeadedEncoderConfig config;
  static_cast<TextEncoderConfig&>(config) = encoder;
  config.head = head;
  config.masked_head = config.next_sentence_head = config.detection_head = false;
  if (head.kind == "token" || head.kind == "question" || head.pooling == "mean") {
    config.pooler = "none";
  } else if (config.pooler == "none") {
    config.pooler = "tanh";
  }
  return config;
}

HeadedEncoder::HeadedEncoder(const HeadedEncoderConfig& config, std::int64_t vocabulary_size,
                             Device device, StartingWeights weights)
    : config_(checked(config)),
      encoder_(config, vocabulary_size, device, StartingWeights::unset),
      head_(config.head, config, config.d_model, device) {
  if (config.lora.rank > 0) {
    adapters_.emplace(encoder_, config.lora, device);
  }
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

void HeadedEncoder::visit(ParameterVisitor& visitor) {
  encoder_.visit(visitor);
  if (adapters_) {
    visitor.module("adapters", *adapters_);
  }
  visitor.module("head", head_);
}

void HeadedEncoder::merge_adapters() {
  if (adapters_) {
    adapters_->merge();
    adapters_.reset();
    config_.lora = {};
  }
}

std::unique_ptr<HeadedEncoder> headed_encoder_from(TextEncoder& encoder, const HeadConfig& head,
                                                   std::uint64_t seed) {
  auto result = std::make_unique<HeadedEncoder>(config_under(encoder.config(), head),
                                                encoder.vocabulary_size(), cpu_device,
                                                StartingWeights::unset);
  initialize_parameters(*result, seed);
  std::map<std::string, Tensor> known;
  for (const NamedTensor& item : stored_tensors_of(encoder)) {
    known.emplace(item.name, item.tensor);
  }
  for (const NamedTensor& item : stored_tensors_of(*result)) {
    if (const auto found = known.find(item.name); found != known.end()) {
      item.tensor.copy_from(found->second);
      item.tensor.renew_stamp();
    }
  }
  return result;
}

}  // namespace heed
