#include "heed/inspect/attention_data.h"

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/attention_stack.h"
#include "heed/inspect/colour_scale.h"
#include "heed/inspect/html.h"

namespace heed {
namespace {

Json labels(const std::vector<std::string>& tokens) {
  Json array = Json::array();
  for (const std::string& token : tokens) {
    array.push_back(token_label(token));
  }
  return array;
}

Json head_data(const AttentionMap& map) {
  const QuantisedWeights weights = quantise_weights(map.weights);
  Json data = {
      {"layer", map.layer},
      {"head", map.head_name.empty() ? Json(map.head) : Json(printable_text(map.head_name))},
      {"maximum", shown_number(weights.maximum)},
      {"levels", encode_base64(weights.levels)}};
  const double entropy =
      mean_row_entropy(map.weights.data(), map.row_labels.size(), map.column_labels.size());
  if (map.head_name.empty() && std::isfinite(entropy)) {
    data["entropy"] = shown_number(entropy);
  }
  return data;
}

std::string colour_digits(Theme theme) {
  std::string digits;  // six hexadecimal digits per level
  for (const Colour& colour : weight_colours(theme)) {
    digits += to_hex(colour).substr(1);
  }
  return digits;
}

}  // namespace

Json attention_data(const std::vector<AttentionMap>& maps) {
  Json groups = Json::array();
  std::vector<const AttentionMap*> first_of_group;
  for (const AttentionMap& map : maps) {
    check_attention_map(map);
    if (map.weights.empty()) {
      continue;  // a sentence without tokens gives no picture
    }
    const auto found =
        std::find_if(first_of_group.begin(), first_of_group.end(), [&](const AttentionMap* first) {
          return first->title == map.title && first->kind == map.kind;
        });
    const auto index = static_cast<std::size_t>(found - first_of_group.begin());
    if (found == first_of_group.end()) {
      first_of_group.push_back(&map);
      groups.push_back({{"title", printable_text(map.title)},
                        {"kind", printable_text(map.kind)},
                        {"rows", labels(map.row_labels)},
                        {"columns", labels(map.column_labels)},
                        {"heads", Json::array()}});
    } else {
      check((*found)->row_labels == map.row_labels && (*found)->column_labels == map.column_labels,
            "attention map '{}' ({}): layer {}, head {} has other tokens than layer {}, head {}",
            map.title, map.kind, map.layer, map.head, (*found)->layer, (*found)->head);
    }
    groups[index]["heads"].push_back(head_data(map));
  }
  return groups;
}

Json colour_data() {
  return {{"light", colour_digits(Theme::light)}, {"dark", colour_digits(Theme::dark)}};
}

}  // namespace heed
