#include "heed/inspect/report_data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/base/json.h"
#include "heed/inspect/attention_data.h"
#include "heed/inspect/html.h"

namespace heed {
namespace {

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) {
    array.push_back(shown_number(value));
  }
  return array;
}

Json curve_data(const Curve& curve) {
  const ThinnedCurve thinned = thin_curve(curve.points);
  Json data = {{"name", printable_text(curve.name)},
               {"step", thinned.step},
               {"mean", numbers(thinned.mean)}};
  if (!thinned.least.empty()) {
    data["least"] = numbers(thinned.least);
    data["largest"] = numbers(thinned.largest);
  }
  if (thinned.not_finite_count > 0) {
    data["notFinite"] = thinned.not_finite_count;
  }
  if (curve.better != Better::unspecified) {
    data["better"] = curve.better == Better::lower ? "lower" : "higher";
  }
  return data;
}

Json chart_data(const std::vector<Curve>& curves) {
  Json charts = Json::array();
  for (const Curve& curve : curves) {
    const std::string title = printable_text(curve.group.empty() ? curve.name : curve.group);
    auto chart = std::find_if(charts.begin(), charts.end(), [&](const Json& other) {
      return !curve.group.empty() && other["title"] == title;
    });
    if (chart == charts.end()) {
      charts.push_back({{"title", title},
                        {"unit", printable_text(curve.unit)},
                        {"logarithmic", true},
                        {"curves", Json::array()}});
      chart = charts.end() - 1;
    }
    (*chart)["logarithmic"] = (*chart)["logarithmic"].get<bool>() && curve.logarithmic;
    (*chart)["curves"].push_back(curve_data(curve));
  }
  return charts;
}

}  // namespace

ThinnedCurve thin_curve(std::vector<CurvePoint> points, std::size_t limit) {
  std::stable_sort(points.begin(), points.end(),
                   [](const CurvePoint& x, const CurvePoint& y) { return x.step < y.step; });
  const std::size_t bucket_size = (points.size() + limit - 1) / limit;
  ThinnedCurve curve;
  for (std::size_t begin = 0; begin < points.size(); begin += bucket_size) {
    const std::size_t end = std::min(begin + bucket_size, points.size());
    double sum = 0;
    double least = std::numeric_limits<double>::infinity();
    double largest = -least;
    std::size_t finite_count = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::isfinite(points[i].value)) {
        sum += points[i].value;
        least = std::min(least, points[i].value);
        largest = std::max(largest, points[i].value);
        ++finite_count;
      }
    }
    curve.not_finite_count += end - begin - finite_count;
    curve.step.push_back(points[end - 1].step);
    curve.mean.push_back(finite_count > 0 ? sum / static_cast<double>(finite_count)
                                          : std::numeric_limits<double>::quiet_NaN());
    if (bucket_size > 1) {
      curve.least.push_back(least);
      curve.largest.push_back(largest);
    }
  }
  return curve;
}

Json report_data(const RunReport& report) {
  return {{"colours", colour_data()},
          {"charts", chart_data(report.curves)},
          {"attention", attention_data(report.attention)}};
}

}  // namespace heed
