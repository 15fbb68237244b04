// One head's attention weights with the tokens they belong to, and what every picture of them
// needs: the check of the shape, the levels of grey, the labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed {

struct AttentionMap {
  std::string title;                       // the sentence, say
  std::string kind;                        // "encoder-decoder attention", say; may be empty
  std::vector<std::string> row_labels;     // the tokens that attend: queries (target)
  std::vector<std::string> column_labels;  // the tokens attended to: keys (source)
  int layer = 0;                           // layer and head are shown as given
  int head = 0;
  std::vector<float> weights;  // [rows, columns], row-major, each ≥ 0; NaN is shown as such
  std::string head_name;       // what it is instead of one head, "mean of heads" say; may be empty
};

// Throws a failure that names the map and the sizes unless the weights fill rows × columns.
void check_attention_map(const AttentionMap& map);

// "layer 3, head 7", or with the name instead of the head.
std::string layer_and_head(const AttentionMap& map);

// Weights in steps of maximum / 254; the byte 255 stands for a weight that is not a number.
struct QuantisedWeights {
  double maximum = 0;                 // the largest finite weight, or what the caller asked for
  std::vector<unsigned char> levels;  // [rows, columns], row-major: 0 … 254, or 255
};

inline constexpr unsigned char not_a_number_level = 255;

// Negative weights count as 0, weights past the maximum as the maximum. `maximum` 0: the largest
// finite weight of the map.
QuantisedWeights quantise_weights(const std::vector<float>& weights, double maximum = 0);

// A token as a label of one line: printable, newline as "↵", tab as "⇥", nothing as "∅", more than
// `limit` characters cut with an ellipsis. Characters are code points with their combining marks.
std::string token_label(std::string_view token, std::size_t limit = 24);

// The width of a line of text in units of the font size, estimated: half- and full-width
// characters.
double estimated_text_width(std::string_view text);

}  // namespace heed
