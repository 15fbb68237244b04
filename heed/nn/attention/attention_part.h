// What makes one attention differ from another: a list of parts, each with a few hooks.
//
// Between the projections and the kernel, every part of an attention may change queries and keys,
// write into the plan of the call, and add learned terms to scores and weights. A scorer, a
// normalizer and a topology are such parts, and so is each extra. The parts act in the order of
// attention_kinds(), before positions do.
//
// A new kind is one file with a class derived from AttentionPart and a function that returns its
// AttentionKind, named in attention_kinds.cc.
// Thread-safety: as Module.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "heed/nn/attention/attention_config.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/nn/sequences.h"
#include "heed/ops/attention.h"

namespace heed {

class AttentionPart : public Module {
 public:
  // What is compared: queries [rows, heads · key size] and keys [rows, key heads · key size] from
  // what was projected. Keys are cached like this. Differentiable.
  virtual Tensor queries(const Tensor& q, ForwardContext& /*context*/) const { return q; }
  virtual Tensor keys(const Tensor& k, ForwardContext& /*context*/) const { return k; }

  // Writes into the plan of a call. `rows`: the sequences of the queries; in a step over a cache
  // those of its single tokens.
  virtual void plan(AttentionPlan& /*plan*/, const Sequences& /*rows*/,
                    ForwardContext& /*context*/) const {}

  // Adds what is learned beyond queries and keys.
  virtual void add_terms(ops::AttentionTerms& /*terms*/) const {}

  void visit(ParameterVisitor&) override {}
};

// A part by name.
struct AttentionKind {
  std::string key;      // of AttentionConfig: kind, normalizer, topology, or the extra's own
  std::string name;     // the key's value; empty: an extra, which makes nothing when it is off
  std::string summary;  // one line, with the source
  // Of a config that passed check_attention_config().
  std::function<std::unique_ptr<AttentionPart>(const AttentionConfig&, const AttentionScope&)> make;
};

// All kinds, in the order in which they act.
const std::vector<AttentionKind>& attention_kinds();

// The parts of one attention, of a config that passed check_attention_config().
std::vector<std::unique_ptr<AttentionPart>> make_attention_parts(const AttentionConfig& config,
                                                                 const AttentionScope& scope);

}  // namespace heed
