// The tensors of a model by name, whatever kind of file holds them: what loading a model asks for.
//
// Constant once it is made: threads may share one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

class TensorSource {
 public:
  virtual ~TensorSource() = default;

  // Every tensor, in the order of the files.
  virtual const std::vector<std::string>& names() const = 0;
  // The tensor, over the file's memory where that holds it as it is. Errors (bad_data) name file
  // and tensor: missing, damaged.
  virtual Tensor tensor(std::string_view name) const = 0;
  // Gives the memory of a tensor's bytes back: for one that nobody holds any more. Who asks for it
  // again reads it again. No such tensor: nothing.
  virtual void forget(std::string_view) const {}
  // The file that holds the tensor; what holds them all when there is no such tensor.
  virtual const std::filesystem::path& path_of(std::string_view name) const = 0;
  // What holds them all: a file or a directory.
  virtual const std::filesystem::path& place() const = 0;
  // Of all tensors together: how many numbers the files can hold.
  virtual std::uint64_t number_count() const = 0;
};

}  // namespace heed
