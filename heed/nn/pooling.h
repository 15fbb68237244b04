// One vector for each sequence out of the states of its tokens.
//
//   const Tensor vectors = pool(states, "mean");  // [sequences, width]
// Thread-safety: functions from any thread.
#pragma once

#include <string>

#include "heed/nn/encoder.h"

namespace heed {

// Errors (usage): a pooling that is not cls, mean, max, mean_sqrt_length or last; it names `key`.
void check_pooling(const std::string& pooling, const char* key);

// Of all tokens of a sequence, special ones included: the state of the first (cls) or the last, the
// mean of all, their sum over the root of their number (mean_sqrt_length), or the largest value in
// each column. Sums in float64, in the order of the tokens. Not differentiable; in host memory.
// Errors: usage as above; bad_data: a sequence without tokens.
Tensor pool(const Encoder::States& states, const std::string& pooling);

// Each row over its length, in place; a row of zeros stays.
void normalise_rows(const Tensor& rows);

}  // namespace heed
