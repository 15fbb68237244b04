// Fills a model's tensors from a file, strictly.
#pragma once

#include <span>
#include <vector>

#include "heed/base/thread_pool.h"
#include "heed/formats/safetensors.h"

namespace heed {

// Copies every tensor of `into` from the file, converting F16, BF16 and F64 where the types differ,
// and renews their stamps. Errors (bad_data) name the file and the tensor: missing, of another
// shape, not of a floating-point type; or in the file and not in `into`, unless its name is one of
// `ignored`.
void load_tensors(const SafetensorsFile& file, std::span<const NamedTensor> into,
                  std::span<const std::string> ignored = {});

// A tensor and what it is in a file: itself, or runs of its rows, one after the other.
struct StoredTensor {
  Tensor* tensor;
  std::vector<NamedTensor> parts;  // in the memory of *tensor
};

// Like load_tensors, but a tensor whose parts lie in the file in order, in its type, comes to lie
// there itself: *tensor is replaced, and nothing is copied. It may be written to, which the file
// does not see; what others write into the file meanwhile may change it. The pool checks the
// checksums.
void map_tensors(const SafetensorsFile& file, std::span<const StoredTensor> into,
                 std::span<const std::string> ignored, ThreadPool& pool);

// The mean of the same-named tensors of several files, summed in float64 in the order of the files.
// Errors (bad_data): files whose tensors differ in names or shapes.
std::vector<NamedTensor> average_tensors(std::span<const std::filesystem::path> files);

}  // namespace heed
