// Whether the layout of another program can express a model: its configuration against one that is
// made of nothing but what they have keys for.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/nn/stack_config.h"

namespace heed {

// Copies what matters while a model learns and to nobody who runs it: dropout, how weights begin.
void copy_training_choices(const StackConfig& from, StackConfig& to);

// A sentence for each key of `model` in which `plain`, the closest that they can express, differs.
std::vector<std::string> differences_from(const Json& model, const Json& plain);

}  // namespace heed
