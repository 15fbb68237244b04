// A made-up run for the tests of the report: every part of the page, in realistic numbers.
#pragma once

#include "heed/inspect/report.h"

namespace heed {

// Two sentences, two kinds of attention, `layer_count` × `head_count` maps each, noisy curves of
// `step_count` steps, validation every tenth of them.
RunReport make_sample_report(int step_count = 8000, int layer_count = 3, int head_count = 4);

// One head that looks along the diagonal, rows summing to 1.
AttentionMap make_sample_map(int row_count, int column_count, int layer, int head);

}  // namespace heed
