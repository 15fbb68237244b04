// Adam and AdamW: kernels/optimizer.h has the formula.
#pragma once

#include <memory>

#include "heed/training/update_rule.h"

namespace heed {

// With decoupled decay: AdamW.
std::unique_ptr<UpdateRule> make_adamw_rule(const UpdateScope& scope);

}  // namespace heed
