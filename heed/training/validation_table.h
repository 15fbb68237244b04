// The table of validations, one for the terminal and the page: what its columns are and hold.
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "heed/training/history.h"
#include "heed/training/task.h"

namespace heed {

struct ValidationColumn {
  std::string heading;  // on a page
  std::string brief;    // on a terminal
  int width = 8;        // characters there
  std::function<std::string(const ValidationRecord&)> text;
};

// Epoch, step, training and validation loss (with perplexities where they mean something), the
// measures of the task, time. What was not measured stands as a dash.
std::vector<ValidationColumn> validation_columns(const LossStyle& loss,
                                                 std::span<const TaskMeasure> measures);

// A measure as it is printed: one decimal more than a comparison of systems would have.
std::string measure_text(const MetricStyle& style, double value);

}  // namespace heed
