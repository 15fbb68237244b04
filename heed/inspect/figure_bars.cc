#include "heed/inspect/figure_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"
#include "heed/inspect/figure_drawing.h"

namespace heed {

namespace {

constexpr double row_height = 34, bar_height = 9;
constexpr double longest_bar = figure_width - 56;  // its number stands behind it

// Three digits, more where they stand before the point.
std::string bar_number(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

double largest_of(const BarFigure& figure) {
  double largest = figure.mark;
  for (const BarFigure::Bar& bar : figure.bars) {
    check(std::isfinite(bar.value) && bar.value >= 0 && bar.least <= bar.value &&
              bar.value <= bar.greatest && std::isfinite(bar.greatest),
          "figure: bar '{}' is {}, from {} to {}", bar.name, bar.value, bar.least, bar.greatest);
    largest = std::max(largest, bar.greatest);
  }
  check(largest > 0, "figure: no bars");
  return largest;
}

}  // namespace

double draw_bars(Canvas& canvas, const BarFigure& figure) {
  const double scale = longest_bar / largest_of(figure);
  const double bottom = 6 + row_height * static_cast<double>(figure.bars.size());
  if (figure.mark > 0) {
    canvas.rectangle({scale * figure.mark - 0.5, 6, 1, bottom - 6}, figure_faint);
  }
  double y = 14;
  for (const BarFigure::Bar& bar : figure.bars) {
    canvas.text({0, y}, bar.name, figure_text_size, figure_ink, Anchor::start, 0);
    const double top = y + 9;
    canvas.rectangle({0, top, scale * bar.value, bar_height},
                     {Paint::Kind::series, bar.own ? 0 : 1});
    if (bar.greatest > bar.least) {
      canvas.rectangle(
          {scale * bar.least, top + bar_height / 2 - 0.75, scale * (bar.greatest - bar.least), 1.5},
          figure_ink);
    }
    canvas.text({scale * bar.greatest + 6, top + bar_height / 2}, bar_number(bar.value),
                figure_text_size, figure_muted, Anchor::start, 0);
    y += row_height;
  }
  canvas.text({0, bottom + 8}, figure.unit, figure_text_size, figure_muted, Anchor::start, 0);
  return bottom + 26;
}

}  // namespace heed
