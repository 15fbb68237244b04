#include "heed/inspect/attention_map.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/inspect/colour_scale.h"
#include "heed/inspect/html.h"

namespace heed {
namespace {

bool joins_previous_character(char32_t code_point) {
  const auto type = static_cast<UCharCategory>(u_charType(static_cast<UChar32>(code_point)));
  constexpr char32_t zero_width_joiner = 0x200D;
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK ||
         type == U_COMBINING_SPACING_MARK || code_point == zero_width_joiner;
}

bool is_wide(char32_t code_point) {
  const auto width = static_cast<UEastAsianWidth>(
      u_getIntPropertyValue(static_cast<UChar32>(code_point), UCHAR_EAST_ASIAN_WIDTH));
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH;
}

// Nothing is to be seen of it: white space, or what has no shape of its own.
bool is_invisible(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  return u_isUWhiteSpace(c) || u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

std::string visible_name(char32_t code_point) {
  switch (code_point) {
    case U'\n':
      return "↵";
    case U'\t':
      return "⇥";
    case U' ':
      return "␣";
    default:
      return code_point_name(code_point);
  }
}

}  // namespace

void check_attention_map(const AttentionMap& map) {
  check(map.weights.size() == map.row_labels.size() * map.column_labels.size(),
        "attention map '{}', layer {}, head {}: {} weights for {} rows × {} columns", map.title,
        map.layer, map.head, map.weights.size(), map.row_labels.size(), map.column_labels.size());
}

std::string layer_and_head(const AttentionMap& map) {
  return map.head_name.empty() ? fmt::format("layer {}, head {}", map.layer, map.head)
                               : fmt::format("layer {}, {}", map.layer, map.head_name);
}

QuantisedWeights quantise_weights(const std::vector<float>& weights, double maximum) {
  QuantisedWeights result;
  result.maximum = maximum;
  if (maximum <= 0) {
    for (const float weight : weights) {
      result.maximum =
          std::isfinite(weight) ? std::max<double>(result.maximum, weight) : result.maximum;
    }
  }
  const double scale = result.maximum > 0 ? (weight_level_count - 1) / result.maximum : 0.0;
  result.levels.reserve(weights.size());
  for (const float weight : weights) {
    const double level = std::clamp(std::round(weight * scale), 0.0, weight_level_count - 1.0);
    result.levels.push_back(std::isfinite(weight) ? static_cast<unsigned char>(level)
                                                  : not_a_number_level);
  }
  return result;
}

std::string token_label(std::string_view token, std::size_t limit) {
  if (token.empty()) {
    return "∅";
  }
  const std::vector<char32_t> code_points = decode_utf8(printable_text(token));
  const bool blank = std::all_of(code_points.begin(), code_points.end(), is_invisible);
  std::string label;
  std::size_t character_count = 0;
  for (const char32_t code_point : code_points) {
    if (!joins_previous_character(code_point) && ++character_count > limit) {
      return label + "…";
    }
    const bool named = blank || code_point == U'\n' || code_point == U'\t';
    label += named ? visible_name(code_point) : encode_utf8(code_point);
  }
  return label;
}

double estimated_text_width(std::string_view text) {
  double width = 0;
  for (const char32_t code_point : decode_utf8(printable_text(text))) {
    width += joins_previous_character(code_point) ? 0.0 : is_wide(code_point) ? 1.0 : 0.6;
  }
  return width;
}

}  // namespace heed
