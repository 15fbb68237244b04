// The optimizers that there are. Another one is a file with its UpdateRule, and a line in
// optimizer_kinds.cc.
//
// Thread-safety: functions may be called from any thread.
#pragma once

#include <memory>
#include <string>

#include "heed/training/update_rule.h"

namespace heed {

struct OptimizerKind {
  std::string name;  // optimizer.kind
  std::unique_ptr<UpdateRule> (*make)(const UpdateScope& scope) = nullptr;
};

OptimizerKind adam_kind();
OptimizerKind adamw_kind();
OptimizerKind muon_kind();

// Errors (usage): an unknown name.
const OptimizerKind& optimizer_kind(const std::string& name);

}  // namespace heed
