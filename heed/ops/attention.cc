#include "heed/ops/attention.h"

#include "heed/autograd/kept_activation.h"

namespace heed::ops {

namespace {

// A plan that owns what its spans show.
class OwnedPlan {
 public:
  explicit OwnedPlan(const AttentionPlan& source)
      : plan_(source),
        query_offsets_(copy(source.query_offsets)),
        key_offsets_(copy(source.key_offsets)),
        query_starts_(copy(source.query_starts)),
        prefix_(copy(source.prefix)),
        query_segments_(copy(source.query_segments)),
        key_segments_(copy(source.key_segments)) {}

  AttentionPlan view() const {
    AttentionPlan result = plan_;
    result.query_offsets = query_offsets_;
    result.key_offsets = key_offsets_;
    result.query_starts = query_starts_;
    result.prefix = prefix_;
    result.query_segments = query_segments_;
    result.key_segments = key_segments_;
    return result;
  }

 private:
  static std::vector<std::int32_t> copy(std::span<const std::int32_t> values) {
    return {values.begin(), values.end()};
  }

  AttentionPlan plan_;
  std::vector<std::int32_t> query_offsets_, key_offsets_, query_starts_, prefix_;
  std::vector<std::int32_t> query_segments_, key_segments_;
};

// What the shape of the output depends on; the kernels check the rest.
void check_operands(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan) {
  check(q.rank() == 2 && k.rank() == 2 && v.rank() == 2 && k.size(0) == v.size(0),
        "attention: q {}, k {}, v {}: expected matrices of rows", q.shape(), k.shape(), v.shape());
  check(plan.heads > 0 && plan.key_heads > 0 && plan.heads % plan.key_heads == 0 &&
            q.size(1) % plan.heads == 0 && q.size(1) / plan.heads * plan.key_heads == k.size(1) &&
            v.size(1) % plan.key_heads == 0,
        "attention: q {}, k {}, v {} do not fit {} heads over {} key heads", q.shape(), k.shape(),
        v.shape(), plan.heads, plan.key_heads);
  check(!plan.query_offsets.empty() && plan.query_offsets.size() == plan.key_offsets.size(),
        "attention: {} query offsets, {} key offsets", plan.query_offsets.size(),
        plan.key_offsets.size());
}

std::int64_t weight_count(const AttentionPlan& plan) {
  std::int64_t count = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    check(plan.queries(s) >= 0 && plan.keys(s) >= 0, "attention: the offsets of sequence {} fall",
          s);
    count += plan.queries(s) * plan.keys(s);
  }
  return count * plan.heads;
}

AttentionTerms detached(const AttentionTerms& terms) {
  AttentionTerms result;
  visit_terms([](const char*, const Tensor& term,
                 Tensor& copy) { copy = term.defined() ? term.detach() : Tensor(); },
              terms, result);
  return result;
}

template <typename V>
heed::AttentionTerms<V> views_of(const AttentionTerms& terms) {
  heed::AttentionTerms<V> result;
  visit_terms([](const char*, const Tensor& term,
                 V& view) { view = term.defined() ? V(term.view()) : V(); },
              terms, result);
  return result;
}

// Where the kernel, which replaces, puts one gradient: straight into a slot that is still empty,
// else beside it, to be added by finish().
class GradientPlace {
 public:
  // `needed`: the kernel wants a place even if nobody wants the gradient.
  GradientPlace(const GradientSlot& slot, const Tensor& like, bool needed) : slot_(slot) {
    if (slot.wanted()) {
      target_ = slot.target();
    }
    if (target_.accumulate && (slot.wanted() || needed)) {
      target_.tensor = Tensor::empty(like.shape(), like.dtype(), like.device());
    }
  }
  const Tensor& tensor() const { return target_.tensor; }
  void finish() const {
    if (slot_.wanted() && target_.accumulate) {
      slot_.give(target_.tensor);
    }
  }

 private:
  GradientSlot slot_;
  GradientSlot::Target target_{Tensor(), true};
};

// The output [query rows, heads · value size]; the last two receive what is said of them in
// AttentionForward, if given.
Tensor run_forward(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
                   const AttentionTerms& terms, const View& log_sum_exp, const View& weights) {
  const std::int64_t columns = v.size(1) / plan.key_heads * plan.heads;
  const Tensor out = Tensor::empty({q.size(0), columns}, q.dtype(), q.device());
  ExecutionContext context = context_for(q.device());
  attention_forward(context, plan,
                    {.q = q,
                     .k = k,
                     .v = v,
                     .terms = views_of<ConstView>(terms),
                     .out = out,
                     .log_sum_exp = log_sum_exp,
                     .weights = weights});
  return out;
}

// Whether attention takes some hundredths of the time of the projections around it.
bool costs_little(const AttentionPlan& plan, std::int64_t rows) {
  constexpr std::int64_t keys = 64;  // of a query, in the mean
  return weight_count(plan) <= keys * rows * plan.heads;
}

// What the backward pass keeps.
struct Recorded {
  OwnedPlan plan;
  KeptActivation kept_q, kept_k, kept_v;
  Tensor log_sum_exp;
  AttentionTerms terms;
  GradientSlot q_slot, k_slot, v_slot;
  heed::AttentionTerms<GradientSlot> term_slots;
  KeptActivation kept_out;  // undefined where the output is formed again
  Tensor out;

  // Kept, or formed again when it is first asked for; held until the backward pass has been here.
  const Tensor& output() {
    if (!out.defined()) {
      out = kept_out.defined() ? kept_out.values()
                               : run_forward(kept_q.values(), kept_k.values(), kept_v.values(),
                                             plan.view(), terms, View(), View());
    }
    return out;
  }

  void run_backward(const Tensor& dout) {
    std::vector<GradientPlace> places;
    places.reserve(12);
    const auto place = [&](const GradientSlot& slot, const Tensor& like, bool needed) {
      places.emplace_back(slot, like, needed);
      return places.back().tensor();
    };
    const Tensor q = kept_q.values();
    const Tensor k = kept_k.values();
    const Tensor v = kept_v.values();
    const Tensor dq = place(q_slot, q, true);
    const Tensor dk = place(k_slot, k, true);
    const Tensor dv = place(v_slot, v, true);
    AttentionTerms dterms;
    visit_terms(
        [&](const char*, const GradientSlot& slot, const Tensor& term, Tensor& gradient) {
          if (slot.wanted()) {
            gradient = place(slot, term, false);
          }
        },
        term_slots, terms, dterms);
    ExecutionContext context = context_for(dout.device());
    attention_backward(context, plan.view(),
                       {.q = q,
                        .k = k,
                        .v = v,
                        .terms = views_of<ConstView>(terms),
                        .out = output(),
                        .log_sum_exp = log_sum_exp,
                        .dout = dout,
                        .dq = dq,
                        .dk = dk,
                        .dv = dv,
                        .dterms = views_of<View>(dterms)});
    for (const GradientPlace& item : places) {
      item.finish();
    }
    out = Tensor();
  }
};

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
                 const AttentionTerms& terms, Tensor* weights) {
  check_operands(q, k, v, plan);
  const AttentionTerms& t = terms;
  const auto inputs = {q,
                       k,
                       v,
                       t.distance_bias,
                       t.table_bias,
                       t.key_vectors,
                       t.value_vectors,
                       t.sinks,
                       t.additive,
                       t.mix_scores,
                       t.mix_weights,
                       t.contextual};
  const bool recording = will_record(inputs);
  const Tensor log_sum_exp =
      recording ? Tensor::empty({q.size(0), plan.heads}, q.dtype(), q.device()) : Tensor();
  if (weights != nullptr) {
    *weights = Tensor::empty({weight_count(plan)}, q.dtype(), q.device());
  }
  const Tensor out = run_forward(q, k, v, plan, terms, recording ? log_sum_exp.view() : View(),
                                 weights != nullptr ? weights->view() : View());
  if (!recording) {
    return out;
  }
  const auto recorded = std::make_shared<Recorded>(Recorded{.plan = OwnedPlan(plan),
                                                            .kept_q = KeptActivation(q),
                                                            .kept_k = KeptActivation(k),
                                                            .kept_v = KeptActivation(v),
                                                            .log_sum_exp = log_sum_exp,
                                                            .terms = detached(terms),
                                                            .q_slot = gradient_slot(q),
                                                            .k_slot = gradient_slot(k),
                                                            .v_slot = gradient_slot(v)});
  visit_terms(
      [](const char*, const Tensor& term, GradientSlot& slot) { slot = gradient_slot(term); },
      terms, recorded->term_slots);
  record("attention", out, inputs,
         [recorded](const Tensor& dout) { recorded->run_backward(dout); });
  const bool exact =
      recorded->kept_q.exact() && recorded->kept_k.exact() && recorded->kept_v.exact();
  if (exact && costs_little(plan, q.size(0))) {
    offer_recomputation(out, [recorded] { return recorded->output(); });
  } else {
    recorded->kept_out = KeptActivation(out);
  }
  return out;
}

}  // namespace heed::ops
