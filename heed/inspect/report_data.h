// The numbers of the report in the compact form that the page's script draws from.
#pragma once

#include <vector>

#include "heed/base/json_forward.h"
#include "heed/inspect/report.h"

namespace heed {

// A curve by columns. A bucket of neighbouring points is one entry: the step of its last point, the
// mean of its finite values (NaN where none is), the least and the largest of them.
struct ThinnedCurve {
  std::vector<std::int64_t> step;
  std::vector<double> mean;
  std::vector<double> least;  // empty when every bucket holds one point
  std::vector<double> largest;
  std::size_t not_finite_count = 0;
};

// Sorts the points by step and joins them into at most `limit` buckets of equally many points.
ThinnedCurve thin_curve(std::vector<CurvePoint> points, std::size_t limit = 1500);

// {"colours": {"light", "dark"}, "charts": […], "attention": […]}; see report.js for the keys.
Json report_data(const RunReport& report);

}  // namespace heed
