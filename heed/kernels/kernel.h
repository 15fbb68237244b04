// Kernel slots: what a device can compute.
//
// A contract is a named slot; a backend fills it for its device kind; an op calls it:
//
//   inline KernelSlot<void(ExecutionContext&, ConstView, View)> relu_forward{"relu_forward"};
//   relu_forward.fill(DeviceKind::cpu, &cpu::relu_forward);        // by register_cpu_backend()
//   relu_forward(context, x, y);                                   // runs the context's device
//
// Calling a slot that the device leaves empty is an error that names the kernel and the device; so
// is an operand that lives elsewhere. Operands that come in a struct are seen where the struct says
// which of its members they are:
//
//   struct EmbeddingForward {
//     ConstView ids, table;
//     void visit_views(auto&& visit) const { visit(ids, table); }
//   };
//
// Thread-safety: slots are filled before threads call them. Then any thread may call any, as long
// as what a call writes is used by no other.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>

#include "heed/base/error.h"
#include "heed/base/thread_pool.h"
#include "heed/tensor/device.h"
#include "heed/tensor/view.h"

namespace heed {

// What a kernel call may use besides its arguments.
struct ExecutionContext {
  Device device;
  ThreadPool* pool = nullptr;
};

// Sets the number of threads of all kernels called from now on (default: one per core).
void set_thread_count(int threads);
int thread_count();

// The context of a device: its kind and the process's pool.
ExecutionContext context_for(Device device);

// The errors of a call, apart from it, since calls are many.
[[noreturn]] void fail_place(const char* kernel, Device device, const ConstView& operand);
[[noreturn]] void fail_empty_slot(const char* kernel, Device device);

// Throws unless an operand, a View or a ConstView, is undefined or lives where the call computes.
template <typename Operand>
void check_place(const char* kernel, Device device, const Operand& operand) {
  if (operand.defined() && operand.device != device) [[unlikely]] {
    fail_place(kernel, device, operand);
  }
}
template <typename Argument>
void check_places(const char* kernel, Device device, const Argument& argument) {
  if constexpr (std::is_same_v<Argument, View> || std::is_same_v<Argument, ConstView>) {
    check_place(kernel, device, argument);
  } else if constexpr (std::is_convertible_v<const Argument&, ConstView>) {
    check_place(kernel, device, ConstView(argument));
  } else if constexpr (requires { argument.visit_views([](const auto&...) {}); }) {
    argument.visit_views([&](const auto&... views) { (check_places(kernel, device, views), ...); });
  }
}

template <typename Signature>
class KernelSlot;

template <typename Result, typename... Args>
class KernelSlot<Result(ExecutionContext&, Args...)> {
 public:
  using Function = Result (*)(ExecutionContext&, Args...);

  explicit constexpr KernelSlot(const char* name) : name_(name) {}

  void fill(DeviceKind kind, Function function) {
    functions_[static_cast<std::size_t>(kind)] = function;
  }
  bool filled(DeviceKind kind) const {
    return functions_[static_cast<std::size_t>(kind)] != nullptr;
  }
  Result operator()(ExecutionContext& context, Args... args) const {
    const Function function = functions_[static_cast<std::size_t>(context.device.kind)];
    if (function == nullptr) [[unlikely]] {
      fail_empty_slot(name_, context.device);
    }
    (check_places(name_, context.device, args), ...);
    return function(context, args...);
  }

 private:
  const char* name_;
  std::array<Function, device_kind_count> functions_{};
};

}  // namespace heed
