#include "heed/backends/cpu/matmul/tile.h"

#include <omp.h>

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "heed/backends/cpu/matmul/code_room.h"

namespace heed::cpu {

namespace {

// A tile is one thread's work: the worker is oneDNN's only thread. The setting belongs to the
// calling thread and is put back, because other libraries of the process read it too.
class SingleThreaded {
 public:
  SingleThreaded() : before_(omp_get_max_threads()) {
    if (before_ != 1) {
      omp_set_num_threads(1);
    }
  }
  ~SingleThreaded() {
    if (before_ != 1) {
      omp_set_num_threads(before_);
    }
  }
  SingleThreaded(const SingleThreaded&) = delete;
  SingleThreaded& operator=(const SingleThreaded&) = delete;

 private:
  int before_;
};

bool machine_has(dnnl::cpu_isa isa) {
  const auto wanted = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}
bool has_avx512() {
  static const bool answer = machine_has(dnnl::cpu_isa::avx512_core);
  return answer;
}
bool has_bfloat16() {
  static const bool answer = machine_has(dnnl::cpu_isa::avx512_core_bf16);
  return answer;
}

// oneDNN gives tile registers (AMX) no product of few rows: the least number that always has them.
constexpr std::int64_t least_register_rows = 8;
bool has_tile_registers() {
  static const bool answer = machine_has(dnnl::cpu_isa::avx512_core_amx);
  return answer;
}

// Whether products of bfloat16 are the faster way to what products of float32 give of numbers that
// are rounded first. Without tile registers Intel's processors multiply pairs of bfloat16 at half
// the speed of float32 (one product of vectors every other cycle, beside two a cycle), AMD's at
// twice.
bool bfloat16_pays() {
#if defined(__x86_64__)
  static const bool answer = has_bfloat16() && (has_tile_registers() || !__builtin_cpu_is("intel"));
  return answer;
#else
  return has_bfloat16();
#endif
}

const dnnl::engine& engine() {
  // Never destroyed: thread-local memory objects may outlive static ones.
  static const auto* instance = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *instance;
}

struct Primitive {
  dnnl::matmul matmul;
  dnnl::memory::desc a, b, bias, c, scratch;
  std::string implementation;
};

struct ElementTypes {
  dnnl::memory::data_type a, b, c;
  dnnl::memory::format_tag panels;
};
ElementTypes element_types(PackedType type) {
  using Type = dnnl::memory::data_type;
  using Tag = dnnl::memory::format_tag;
  switch (type) {
    case PackedType::int8:
      return {Type::u8, Type::s8, Type::s32, Tag::BA16a64b4a};
    case PackedType::bfloat16:
      return {Type::bf16, Type::bf16, Type::f32, Tag::BA16a64b2a};
    default:
      return {Type::f32, Type::f32, Type::f32, Tag::BA16a64b};
  }
}

// `c_stride` is n on AVX-512; elsewhere a tile is one panel of a wider c.
Primitive make_primitive(const TileShape& shape, std::int64_t c_stride) {
  using dnnl::memory;
  const ElementTypes types = element_types(shape.type);
  Primitive made;
  made.a = memory::desc({shape.m, shape.k}, types.a, memory::format_tag::ab);
  made.b = memory::desc({shape.k, shape.n}, types.b,
                        has_avx512() ? types.panels : memory::format_tag::ab);
  made.c = memory::desc({shape.m, shape.n}, types.c, memory::dims{c_stride, 1});
  dnnl::post_ops post_operations;
  if (shape.accumulate) {
    post_operations.append_sum(1.0f);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(post_operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (shape.bias) {
    made.bias = memory::desc({1, shape.n}, memory::data_type::f32, memory::format_tag::ab);
  }
  const auto description = shape.bias ? dnnl::matmul::desc(made.a, made.b, made.bias, made.c)
                                      : dnnl::matmul::desc(made.a, made.b, made.c);
  const dnnl::matmul::primitive_desc choice(description, attributes, engine());
  made.matmul = dnnl::matmul(choice);
  made.scratch = choice.scratchpad_desc();
  made.implementation = choice.impl_info_str();
  check(!has_avx512() || made.implementation.starts_with("brg"),
        "matmul: oneDNN picked {} for a tile of {} x {} x {} on AVX-512", made.implementation,
        shape.m, shape.n, shape.k);
  return made;
}

struct Key {
  TileShape shape;
  std::int64_t c_stride;
  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    auto hash = static_cast<std::uint64_t>(key.shape.m);
    const std::uint64_t flags = static_cast<std::uint64_t>(key.shape.type) * 4 +
                                (key.shape.accumulate ? 2 : 0) + (key.shape.bias ? 1 : 0);
    for (const std::uint64_t part :
         {static_cast<std::uint64_t>(key.shape.n), static_cast<std::uint64_t>(key.shape.k),
          static_cast<std::uint64_t>(key.c_stride), flags}) {
      hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    }
    return static_cast<std::size_t>(hash);
  }
};

// All primitives of the process, the least recently fetched dropped first.
class PrimitiveCache {
 public:
  std::shared_ptr<const Primitive> fetch(const Key& key) {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      order_.splice(order_.begin(), order_, found->second.place);
      return found->second.primitive;
    }
    const SingleThreaded guard;
    require_code_room();
    auto primitive = std::make_shared<const Primitive>(make_primitive(key.shape, key.c_stride));
    if (entries_.size() >= tile_primitive_limit) {
      entries_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(key);
    entries_[key] = {primitive, order_.begin()};
    return primitive;
  }

 private:
  struct Entry {
    std::shared_ptr<const Primitive> primitive;
    std::list<Key>::iterator place;
  };
  std::mutex mutex_;
  std::unordered_map<Key, Entry, KeyHash> entries_;
  std::list<Key> order_;
};

PrimitiveCache& primitive_cache() {
  static auto* instance = new PrimitiveCache;
  return *instance;
}

// A primitive with this thread's memory objects: only their addresses change from call to call.
// No shape is ever padded, so setting an address never writes to the memory.
class Bound {
 public:
  Bound(std::shared_ptr<const Primitive> primitive)
      : primitive_(std::move(primitive)),
        a_(primitive_->a, engine(), nullptr),
        b_(primitive_->b, engine(), nullptr),
        c_(primitive_->c, engine(), nullptr),
        scratch_(primitive_->scratch, engine(), nullptr) {
    arguments_ = {{DNNL_ARG_SRC, a_.get()},
                  {DNNL_ARG_WEIGHTS, b_.get()},
                  {DNNL_ARG_DST, c_.get()},
                  {DNNL_ARG_SCRATCHPAD, scratch_.get()}};
    if (!primitive_->bias.is_zero()) {
      bias_ = dnnl::memory(primitive_->bias, engine(), nullptr);
      arguments_.push_back({DNNL_ARG_BIAS, bias_.get()});
    }
  }

  std::size_t scratch_bytes() const { return primitive_->scratch.get_size(); }

  void run(const dnnl::stream& stream, const void* a, const void* b, const float* bias, void* c,
           void* scratch) {
    a_.set_data_handle(const_cast<void*>(a));
    b_.set_data_handle(const_cast<void*>(b));
    c_.set_data_handle(c);
    scratch_.set_data_handle(scratch);
    if (arguments_.size() > 4) {
      bias_.set_data_handle(const_cast<float*>(bias));
    }
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(primitive_->matmul.get(), stream.get(),
                               static_cast<int>(arguments_.size()), arguments_.data()),
        "could not run");
  }

 private:
  std::shared_ptr<const Primitive> primitive_;
  dnnl::memory a_, b_, bias_, c_, scratch_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// What each thread keeps to itself.
struct Worker {
  static constexpr std::size_t bound_limit = 512;

  dnnl::stream stream{engine()};
  std::unordered_map<Key, std::unique_ptr<Bound>, KeyHash> bound;
  std::vector<std::byte> scratch;

  Bound& fetch(const Key& key) {
    auto& entry = bound[key];
    if (!entry) {
      if (bound.size() > bound_limit) {
        bound.clear();
        return fetch(key);
      }
      entry = std::make_unique<Bound>(primitive_cache().fetch(key));
    }
    return *entry;
  }

  void run(const Key& key, const void* a, const void* b, const float* bias, void* c) {
    constexpr std::size_t alignment = 64;
    Bound& primitive = fetch(key);
    if (scratch.size() < primitive.scratch_bytes() + alignment) {
      scratch.resize(primitive.scratch_bytes() + alignment);
    }
    const auto address = reinterpret_cast<std::uintptr_t>(scratch.data());
    const std::size_t offset = (alignment - address % alignment) % alignment;
    primitive.run(stream, a, b, bias, c, scratch.data() + offset);
  }
};

// A product of fewer rows than tile registers are used for, formed with rows of zeros below: they
// sum in another order than vectors do, and a row must have the same bits whatever m.
void run_few_rows(Worker& worker, const TileShape& shape, const void* a, const void* b,
                  const float* bias, float* c) {
  thread_local std::vector<std::byte> rows;
  thread_local std::vector<float> sums;
  TileShape padded = shape;
  padded.m = least_register_rows;
  const std::size_t row_bytes = static_cast<std::size_t>(shape.k) * packed_size(shape.type);
  const auto* source = static_cast<const std::byte*>(a);
  rows.assign(static_cast<std::size_t>(padded.m) * row_bytes, std::byte{0});
  std::copy(source, source + static_cast<std::size_t>(shape.m) * row_bytes, rows.begin());
  sums.assign(static_cast<std::size_t>(padded.m * padded.n), 0.0f);
  if (shape.accumulate) {
    std::copy(c, c + shape.m * shape.n, sums.begin());
  }
  worker.run({padded, padded.n}, rows.data(), b, bias, sums.data());
  std::copy(sums.begin(), sums.begin() + shape.m * shape.n, c);
}

void run_on_this_thread(const TileShape& shape, const void* a, const void* b, const float* bias,
                        void* c) {
  thread_local Worker worker;
  const SingleThreaded guard;
  if (shape.type == PackedType::bfloat16 && shape.m < least_register_rows && has_tile_registers()) {
    run_few_rows(worker, shape, a, b, bias, static_cast<float*>(c));
    return;
  }
  if (has_avx512()) {
    worker.run({shape, shape.n}, a, b, bias, c);
    return;
  }
  // A panel is a dense [k, 64] matrix.
  TileShape panel = shape;
  panel.n = panel_columns;
  for (std::int64_t j = 0; j < shape.n; j += panel_columns) {
    worker.run({panel, shape.n}, a, static_cast<const float*>(b) + j * shape.k,
               bias != nullptr ? bias + j : nullptr, static_cast<float*>(c) + j);
  }
}

void run_or_explain(const TileShape& shape, const void* a, const void* b, const float* bias,
                    void* c) {
  try {
    run_on_this_thread(shape, a, b, bias, c);
  } catch (const dnnl::error& error) {
    fail(ErrorKind::failure, "matmul: oneDNN failed on a tile of {} x {} x {}: {}", shape.m,
         shape.n, shape.k, error.what());
  }
}

}  // namespace

PackedType packed_type_for(MatmulPrecision precision) {
  if (precision != MatmulPrecision::bfloat16) {
    return PackedType::float32;  // int8: products that are not with a weight
  }
  return bfloat16_pays() ? PackedType::bfloat16 : PackedType::rounded;
}

bool tiles_take_bytes() {
  static const bool answer = machine_has(dnnl::cpu_isa::avx512_core_vnni);
  return answer;
}

bool tiles_use_avx512(PackedType type) {
  return type == PackedType::bfloat16 ? has_bfloat16() : has_avx512();
}

void run_tile(const TileShape& shape, const void* a, const void* b, const float* bias, float* c) {
  run_or_explain(shape, a, b, bias, c);
}

void run_integer_tile(const TileShape& shape, const std::uint8_t* a, const std::int8_t* b,
                      std::int32_t* c) {
  check(shape.type == PackedType::int8 && tiles_take_bytes(),
        "matmul: this machine has no products of bytes");
  run_or_explain(shape, a, b, nullptr, c);
}

std::string tile_implementation(const TileShape& shape) {
  const std::int64_t columns = has_avx512() ? shape.n : panel_columns;
  TileShape asked = shape;
  asked.n = columns;
  if (shape.type == PackedType::bfloat16 && has_tile_registers()) {
    asked.m = std::max(shape.m, least_register_rows);
  }
  return primitive_cache().fetch({asked, shape.n})->implementation;
}

}  // namespace heed::cpu
