// The CPU backend's general attention against the reference backend in float64.
#include "heed/backends/cpu/attention/general.h"

#include <numeric>

#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"
#include "heed/kernels/test_attention.h"

namespace heed {
namespace {

using cpu::expect_same_bits;
using cpu::for_each_target;
using cpu::reference_context;

template <typename V>
AttentionTerms<V> views_of(const AttentionTerms<Tensor>& terms) {
  AttentionTerms<V> views;
  visit_terms([](const char*, const Tensor& term,
                 V& view) { view = term.defined() ? V(term.view()) : V(); },
              terms, views);
  return views;
}

// The results of a call; they start as NaN, so that whatever is not written shows.
struct Results {
  Tensor out, log_sum_exp, weights, dq, dk, dv;
  AttentionTerms<Tensor> dterms;

  explicit Results(const AttentionCase& item) {
    const AttentionPlan plan = item.plan();
    std::int64_t count = 0;
    for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
      count += plan.heads * plan.queries(s) * plan.keys(s);
    }
    out = nan({item.q.size(0), plan.heads * item.v.size(1) / plan.key_heads}, item);
    log_sum_exp = nan({item.q.size(0), plan.heads}, item);
    weights = nan({count}, item);
    dq = nan(item.q.shape(), item);
    dk = nan(item.k.shape(), item);
    dv = nan(item.v.shape(), item);
    visit_terms(
        [&](const char*, const Tensor& term, Tensor& gradient) {
          gradient = term.defined() ? nan(term.shape(), item) : Tensor();
        },
        item.terms, dterms);
  }
  static Tensor nan(const Shape& shape, const AttentionCase& item) {
    const Tensor result = Tensor::empty(shape, item.q.dtype(), item.q.device());
    result.fill(std::numeric_limits<double>::quiet_NaN());
    return result;
  }
  std::vector<Tensor> all() const {
    std::vector<Tensor> result{out, weights, dq, dk, dv};
    visit_terms(
        [&](const char*, const Tensor& gradient) {
          if (gradient.defined()) {
            result.push_back(gradient);
          }
        },
        dterms);
    return result;
  }
};

// Forward and backward, with out's values as dout.
Results run(const AttentionCase& item, ExecutionContext& context, bool reference) {
  Results r(item);
  const AttentionForward forward{.q = item.q,
                                 .k = item.k,
                                 .v = item.v,
                                 .terms = views_of<ConstView>(item.terms),
                                 .out = r.out,
                                 .log_sum_exp = r.log_sum_exp,
                                 .weights = r.weights};
  const AttentionBackward backward{.q = item.q,
                                   .k = item.k,
                                   .v = item.v,
                                   .terms = views_of<ConstView>(item.terms),
                                   .out = r.out,
                                   .log_sum_exp = r.log_sum_exp,
                                   .dout = r.out,
                                   .dq = r.dq,
                                   .dk = r.dk,
                                   .dv = r.dv,
                                   .dterms = views_of<View>(r.dterms)};
  if (reference) {
    attention_forward(context, item.plan(), forward);
    attention_backward(context, item.plan(), backward);
  } else {
    cpu::general_attention_forward(context, item.plan(), forward);
    cpu::general_attention_backward(context, item.plan(), backward);
  }
  return r;
}

void expect_results(const Results& got, const Results& expected, AttentionNormalizer normalizer) {
  if (normalizer == AttentionNormalizer::softmax) {
    expect_close(got.log_sum_exp, expected.log_sum_exp, 5e-6);
  }
  const std::vector<Tensor> a = got.all();
  const std::vector<Tensor> b = expected.all();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(i);
    expect_close(a[i], b[i], 2e-5, 3);
  }
}

// Two sequences long enough to be cut into blocks and tasks, everything mixed.
AttentionCase long_case(DType dtype, Device device) {
  AttentionCase item({{700, 700}, {3, 3}, {0, 2}, {600, 600}}, 4, 2, 5, dtype, device);
  item.options.causal = true;
  item.add_distance_bias(5);
  item.add_vectors(3, 4, false);
  item.add_mixing();
  item.add_sinks();
  item.options.dropout = {.rate = 0.1f, .key = 9};
  return item;
}

class CpuGeneralAttention : public testing::Test {
 protected:
  static void SetUpTestSuite() { reference::register_attention(); }
};

TEST_F(CpuGeneralAttention, MatchesReference) {
  for (std::uint64_t number = 0; number < 100; ++number) {
    SCOPED_TRACE(number);
    ExecutionContext reference = reference_context();
    const AttentionCase exact = random_attention_case(number, false);
    const Results expected = run(exact, reference, true);
    const AttentionCase item = random_attention_case(number, false, DType::float32, cpu_device);
    for_each_target([&](ExecutionContext& context) {
      expect_results(run(item, context, false), expected, item.options.normalizer);
    });
  }
}

TEST_F(CpuGeneralAttention, HardMatchesReference) {
  for (const bool gumbel : {false, true}) {
    const auto make = [&](DType dtype, Device device) {
      AttentionCase item({{9, 21}, {4, 4}}, 10, 5, 3, dtype, device);
      item.options.normalizer = AttentionNormalizer::hard;
      item.options.temperature = 0.7f;
      item.options.gumbel = gumbel;
      item.options.gumbel_stream.key = 4;
      return item;
    };
    ExecutionContext reference = reference_context();
    const Results expected = run(make(DType::float64, reference_device), reference, true);
    for_each_target([&](ExecutionContext& context) {
      expect_results(run(make(DType::float32, cpu_device), context, false), expected,
                     AttentionNormalizer::hard);
    });
  }
}

TEST_F(CpuGeneralAttention, LongSequences) {
  ExecutionContext reference = reference_context();
  const Results expected = run(long_case(DType::float64, reference_device), reference, true);
  const AttentionCase item = long_case(DType::float32, cpu_device);
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Results got = run(item, context, false);
  expect_close(got.out, expected.out, 1e-5);
  expect_close(got.dq, expected.dq, 5e-5, 10);
  expect_close(got.dk, expected.dk, 5e-5, 10);
  expect_close(got.dv, expected.dv, 5e-5, 10);
  visit_terms(
      [&](const char* name, const Tensor& term, const Tensor& exact) {
        SCOPED_TRACE(name);
        if (term.defined()) {
          expect_close(term, exact, 5e-5, 100);  // sums over 1300 queries
        }
      },
      got.dterms, expected.dterms);
}

TEST_F(CpuGeneralAttention, SameBitsAtAnyNumberOfThreads) {
  const AttentionCase item = long_case(DType::float32, cpu_device);
  expect_same_bits([&](ExecutionContext& context) { return run(item, context, false).all(); });
}

TEST_F(CpuGeneralAttention, KeysOutOfSightDoNotLeak) {
  AttentionCase item({{4, 4}}, 2, 2, 1, DType::float32, cpu_device);
  item.options.causal = true;
  item.add_mixing();
  for (const Tensor& x : {item.k, item.v}) {
    x.rows(3, 4).fill(std::numeric_limits<double>::quiet_NaN());
  }
  for_each_target([&](ExecutionContext& context) {
    Results results(item);
    cpu::general_attention_forward(context, item.plan(),
                                   {.q = item.q,
                                    .k = item.k,
                                    .v = item.v,
                                    .terms = views_of<ConstView>(item.terms),
                                    .out = results.out});
    for (const double value : results.out.rows(0, 3).to_doubles()) {
      EXPECT_FALSE(std::isnan(value));
    }
    for (const double value : results.out.rows(3, 4).to_doubles()) {
      EXPECT_TRUE(std::isnan(value));
    }
  });
}

// The queries of a call as steps over a cache whose slots lie in another order.
TEST_F(CpuGeneralAttention, CachedStepIsARowOfTheWhole) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  for (std::uint64_t number = 0; number < 60; ++number) {
    SCOPED_TRACE(number);
    const AttentionCase item = random_attention_case(number, true, DType::float32, cpu_device);
    const Tensor whole = run(item, context, false).out;
    const std::int64_t length = item.k.size(0);
    const Tensor keys = item.k.clone();
    const Tensor values = item.v.clone();
    std::vector<std::int32_t> slots, begin, end, positions;
    for (std::int64_t j = 0; j < length; ++j) {
      const auto slot = static_cast<std::int32_t>((j * 5 + 2) % length);
      slots.push_back(slot);
      keys.rows(slot, slot + 1).copy_from(item.k.rows(j, j + 1));
      values.rows(slot, slot + 1).copy_from(item.v.rows(j, j + 1));
      begin.push_back(0);
      end.push_back(static_cast<std::int32_t>(j + 1));
      positions.push_back(static_cast<std::int32_t>(j));
    }
    const Tensor out = Tensor::empty(whole.shape());
    cpu::general_cached_attention(context, {.plan = item.options,
                                            .q = item.q,
                                            .keys = keys,
                                            .values = values,
                                            .terms = views_of<ConstView>(item.terms),
                                            .slots = slots,
                                            .begin = begin,
                                            .end = end,
                                            .positions = positions,
                                            .out = out});
    EXPECT_EQ(out.to_doubles(), whole.to_doubles());
  }
}

}  // namespace
}  // namespace heed
