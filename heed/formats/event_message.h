// One entry of a TensorBoard event file, and its encoding as the protocol buffer message Event
// (tensorboard/compat/proto/event.proto; https://protobuf.dev/programming-guides/encoding).
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

struct EventScalar {
  std::string tag;
  float value = 0;
};

struct Event {
  double wall_time = 0;  // seconds since 1970
  std::int64_t step = 0;
  std::string file_version;  // of the first event only
  std::vector<EventScalar> scalars;
};

std::string encode_event(const Event& event);
// Skips fields that heed does not write. Errors (bad_data) name `source`.
Event decode_event(std::string_view data, const std::string& source);

}  // namespace heed
