// Fills a model's tensors from a file, strictly.
//
// Threads may call these at once for tensors of their own.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "heed/base/thread_pool.h"
#include "heed/formats/safetensors.h"
#include "heed/formats/tensor_source.h"

namespace heed {

// Copies every tensor of `into` from the file, converting F16, BF16 and F64 where the types differ,
// and renews their stamps. Errors (bad_data) name the file and the tensor: missing, of another
// shape, not of a floating-point type; or in the file and not in `into`, unless its name is one of
// `ignored`.
void load_tensors(const SafetensorsFile& file, std::span<const NamedTensor> into,
                  std::span<const std::string> ignored = {});

// A run of rows of a tensor, or all of them, and where it is in a file.
struct StoredPart {
  std::string name;       // in the file
  Tensor tensor;          // in the memory of the whole
  std::string ours = {};  // what it is called in the model, for messages; empty: the same
  // Makes it of what the file has; none: it is what the file has.
  std::function<Tensor(const Tensor&)> read = {};
};

// A tensor and what it is in a file: itself, or runs of its rows, one after the other. Rows of no
// part stay as they are.
struct StoredTensor {
  Tensor* tensor;
  std::vector<StoredPart> parts;
  // It becomes one in bfloat16, by this where the file has float32.
  std::function<void(const Tensor& from, const Tensor& to)> round = {};
  // What is kept of it once it is read, in memory of its own; none: itself. Not with `round`.
  std::function<Tensor(const Tensor&)> keep = {};
};

// Fills the tensors like load_tensors, but one whose parts lie in the file in order, in its type,
// comes to lie there itself: *tensor is replaced, and nothing is copied. It may be written to,
// which the file does not see; what others write into the file meanwhile may change it. Of what is
// copied the file's memory is given back. The pool checks the checksums. Error (bad_data), besides:
// a tensor that holds infinities or NaN. What else the file holds is the caller's affair.
void map_tensors(const TensorSource& file, std::span<const StoredTensor> into, ThreadPool& pool);

// The mean of the same-named tensors of several files, summed in float64 in the order of the files.
// Errors (bad_data): files whose tensors differ in names or shapes.
std::vector<NamedTensor> average_tensors(std::span<const std::filesystem::path> files);

}  // namespace heed
