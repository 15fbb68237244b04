// The failure that says nothing of what was asked for, only of the machine: there is no memory, or
// no thread, left.
#pragma once

#include <string>

#include "heed/base/error.h"

namespace heed {

class OutOfResources : public Error {
 public:
  explicit OutOfResources(const std::string& message) : Error(ErrorKind::failure, message) {}
};

// Whether an error is a model's answer to what it was asked for: usage, or a failure of its own.
// Not one of files or data, and not the end of memory.
inline bool is_refusal(const Error& error) {
  return (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::failure) &&
         dynamic_cast<const OutOfResources*>(&error) == nullptr;
}

}  // namespace heed
