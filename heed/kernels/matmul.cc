#include "heed/kernels/matmul.h"

namespace heed {

MatmulPrecision parse_precision(std::string_view name) {
  check_usage(name == "float32" || name == "bf16" || name == "int8",
              "precision '{}': expected float32, bf16 or int8", name);
  return name == "int8"   ? MatmulPrecision::int8
         : name == "bf16" ? MatmulPrecision::bfloat16
                          : MatmulPrecision::float32;
}

void check_quantized_shape(const ConstView& weight, const View& integers) {
  check_usage(weight.dtype == DType::float32 && integers.dtype == DType::int8 &&
                  weight.columns() <= integer_depth_limit && integers.rows() == weight.rows() &&
                  integers.columns() == weight.columns() + row_scale_bytes,
              "quantize_rows: weight {} does not fit integers {}", weight.shape, integers.shape);
}

MatmulSizes matmul_sizes(const ConstView& a, const ConstView& b, const View& c,
                         const MatmulOptions& options) {
  const std::int64_t m = options.transpose_a ? a.columns() : a.rows();
  const std::int64_t k = options.transpose_a ? a.rows() : a.columns();
  const std::int64_t b_rows = options.transpose_b ? stored_depth(b.dtype, b.columns()) : b.rows();
  const std::int64_t n = options.transpose_b ? b.rows() : b.columns();
  // The texts are made only when they are needed: small products are called often.
  if (b_rows != k || c.rows() != m || c.columns() != n) {
    fail(ErrorKind::usage, "matmul: a {}{} · b {}{} does not fit into c {}", a.shape,
         options.transpose_a ? "ᵀ" : "", b.shape, options.transpose_b ? "ᵀ" : "", c.shape);
  }
  if (options.bias.defined() && options.bias.element_count() != n) {
    fail(ErrorKind::usage, "matmul: a bias {} for {} columns", options.bias.shape, n);
  }
  check_usage(b.dtype != DType::int8 || quantizes(b, options),
              "matmul: a weight in integers needs products of int8");
  check_usage(!options.relu || !options.accumulate,
              "matmul: relu and accumulate do not go together");
  return {m, n, k};
}

}  // namespace heed
