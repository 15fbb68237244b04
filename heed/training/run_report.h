// From the history of a run to the page that shows it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "heed/inspect/report.h"
#include "heed/training/history.h"

namespace heed {

struct RunReportInputs {
  std::string title;
  const History* history = nullptr;
  std::int64_t parameters = 0;
  std::int64_t skipped = 0;  // updates that were skipped
  std::optional<double> best_loss, best_bleu;
  double seconds = 0;
  std::span<const std::string> sources, references, translations;
  std::size_t samples = 0;
  std::span<const AttentionMap> attention;
};

RunReport make_run_report(const RunReportInputs& inputs);

}  // namespace heed
