#include "heed/generation/search.h"

#include <algorithm>
#include <cmath>

namespace heed {

std::vector<int> TokenTree::path(std::int32_t node) const {
  std::vector<int> tokens;
  for (; node != root; node = nodes_[index(node)].parent) {
    tokens.push_back(token(node));
  }
  std::reverse(tokens.begin(), tokens.end());
  return tokens;
}

double normalized_score(double log_probability, std::int64_t length, double length_penalty) {
  return log_probability / std::pow(static_cast<double>(length), length_penalty);
}

}  // namespace heed
