// What stands upon an encoder: layers that guess hidden tokens, tell replaced ones, or give a score
// for each label of a task.
// Thread-safety: as Module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/models/text_encoder_config.h"
#include "heed/nn/encoder.h"
#include "heed/nn/layers.h"
#include "heed/nn/norm.h"
#include "heed/ops/softmax.h"

namespace heed {

// Guesses hidden tokens: N(activation(W·state + b)) against the embeddings, plus a bias for each
// piece (Devlin et al., 2019).
class MaskedHead : public Module {
 public:
  MaskedHead(const TextEncoderConfig& config, std::int64_t vocabulary_size, Device device);

  // States of tokens [rows, d] → what the output layer reads, [rows, embedding width].
  Tensor transform(const Tensor& rows, ForwardContext& context) const;
  // The output layer, [vocabulary, embedding width]; `table`: the embeddings.
  ops::Projection projection(const Parameter& table) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  Activation activation_;
  Linear dense_;
  Norm norm_;
  Parameter output_weight_;  // undefined when tied to the embeddings
  Parameter bias_;           // [vocabulary]
};

// Tells tokens that were replaced (Clark et al., "ELECTRA", 2020): w·activation(W·state + b).
class DetectionHead : public Module {
 public:
  DetectionHead(const TextEncoderConfig& config, Device device);

  // [rows, d] → [rows, 1]: the log-odds that the token is another one than before.
  Tensor scores(const Tensor& rows, ForwardContext& context) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  Activation activation_;
  Linear dense_, score_;
};

// What a task asks of an encoder.
struct HeadConfig {
  std::string kind = "sequence";
  std::string problem = "single_label";
  std::vector<std::string> labels;
  double dropout = -1;
  std::string pooling = "first";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(
        "kind", kind,
        "what gets scores: sequence (texts, for their labels), token (each token, for its label), "
        "question (each token, for being the first and the last of the answer) or choice (texts, "
        "one score each)");
    visit("problem", problem,
          "sequence: single_label (one label is right), multi_label (any number are) or regression "
          "(the scores are numbers)");
    visit("labels", labels, "sequence, token: names of the labels, in their order");
    visit("dropout", dropout, "on what the head reads; -1: the same as model.dropout");
    visit("pooling", pooling,
          "sequence, choice: first (what the pooler makes of the first token) or mean (of all "
          "tokens)");
  }
};

// Errors (usage) name the key.
void check_head_config(const HeadConfig& config);

// The scores that a head gives to each row.
std::int64_t score_count(const HeadConfig& config);

// A linear map upon the summaries of sequences, or upon the states of tokens.
class TaskHead : public Module {
 public:
  // `model`: whose dropout it takes unless it has its own; `width`: of the states.
  TaskHead(const HeadConfig& config, const StackConfig& model, std::int64_t width, Device device);

  // sequence, choice: [sequences, scores]; token, question: [tokens, scores].
  Tensor scores(const Encoder& encoder, const Encoder::States& states,
                ForwardContext& context) const;
  // Of summaries or states that are at hand, [rows, width]; `row_keys` name them for dropout and
  // outlive the backward pass.
  Tensor scores_of(const Tensor& rows, const std::vector<std::uint64_t>& row_keys,
                   ForwardContext& context) const;
  bool reads_summaries() const { return reads_summaries_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  bool reads_summaries_;
  bool takes_means_;
  DropoutSite dropout_;
  Linear map_;
};

}  // namespace heed
