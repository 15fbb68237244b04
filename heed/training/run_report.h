// From the history of a run to the page that shows it.
#pragma once

#include <span>
#include <string>

#include "heed/inspect/report.h"
#include "heed/training/history.h"
#include "heed/training/task.h"

namespace heed {

struct RunReportInputs {
  std::string title;
  std::span<const SummaryRow> facts = {};  // of the run, shown first
  std::string recipe = {};                 // as text; may be empty
  const History* history = nullptr;
  const Task* task = nullptr;
  std::int64_t parameters = 0;
  std::int64_t skipped = 0;                // updates that were skipped
  const ValidationRecord* best = nullptr;  // null: nothing was validated
  double seconds = 0;
  std::span<const Sample> samples;
};

RunReport make_run_report(const RunReportInputs& inputs);

}  // namespace heed
