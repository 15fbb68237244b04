// Kernel slots: what a device can compute.
//
// A contract is a named slot; a backend fills it for its device kind; an op calls it:
//
//   inline KernelSlot<void(ExecutionContext&, ConstView, View)> relu_forward{"relu_forward"};
//   relu_forward.fill(DeviceKind::cpu, &cpu::relu_forward);        // by register_cpu_backend()
//   relu_forward(context, x, y);                                   // runs the context's device
//
// Calling a slot that the device leaves empty is an error that names the kernel and the device.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

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
    check(function != nullptr, "{}: the {} backend does not have this kernel (was it registered?)",
          name_, name_of(context.device.kind));
    return function(context, args...);
  }

 private:
  const char* name_;
  std::array<Function, device_kind_count> functions_{};
};

}  // namespace heed
