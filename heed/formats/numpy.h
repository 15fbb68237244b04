// NumPy's .npy files: one array each.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
// Thread-safety: may be called from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "heed/tensor/tensor.h"

namespace heed {

// Reads an array of float64, float32, float16, int64, int32, int8, uint8 or bool in C order,
// without copying (see tensor_over_mapping). Errors name the file: input_output when it cannot be
// read; bad_data when it is damaged, cut off, longer than the array, big-endian, in Fortran order,
// of another type, or of more axes than a Shape has.
Tensor read_npy(const std::filesystem::path& path, Device device = {});

// The bytes of the file for `tensor`, strided or not, which errors name `name`. Errors: usage for
// bfloat16, which NumPy does not know.
std::string npy_bytes(const Tensor& tensor, const std::string& name);

// Writes `tensor`, strided or not, replacing `path` atomically. Errors: usage for bfloat16, which
// NumPy does not know.
void write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace heed
