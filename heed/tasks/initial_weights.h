// Starting from the weights of another model (init_from).
#pragma once

#include <string>

#include "heed/base/json_forward.h"
#include "heed/interop/load_model.h"
#include "heed/nn/module.h"

namespace heed {

// The model of `init_from` must be the one that the recipe describes: all keys of both sections
// must agree but for those that change nothing about the weights (dropout, max_length …). Errors
// (usage) name the key and both values.
void check_same_model(const std::string& init_from, const Json& wanted, const Json& there);

// The section `model` of a recipe that takes the model of `init_from` as it is, without its weights
// being read. Errors as for load_initial_model.
Json initial_section(const std::string& init_from, const std::string& task);

// The model of `init_from`: whatever load_model takes. Errors: those of load_model; usage: it is
// for another task than `task`.
LoadedModel load_initial_model(const std::string& init_from, const std::string& task);

// Both have the same parameters. Error (usage): of other shapes.
void copy_weights(Module& from, Module& to);

// What `to` has of the parameters of `from`, by name, but for those of a task's head; all else of
// it stays.
void copy_known_weights(Module& from, Module& to);

}  // namespace heed
