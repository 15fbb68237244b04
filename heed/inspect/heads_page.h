// The page that shows what each head of a model is worth.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heed {

struct HeadRow {
  std::string kind;  // "encoder self-attention"; heads of a kind share a grid
  int layer = 1;     // from 1
  int head = 1;      // from 1
  double score = 0;  // without the head
  double worth = 0;  // how much worse that is
  bool pruned = false;
  std::string looks;  // what it looks at; empty for all: no such column
};

struct HeadsPage {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> headlines;
  std::vector<std::string> kinds;  // the order of the grids
  std::string score_name;          // "loss"
  std::string unit;                // of score and worth: "nats per token"
  std::vector<HeadRow> rows;       // shown in this order
};

// A grid of layers × heads for each kind, darker where a head is worth more, and a table of all.
// Self-contained: no script beyond the choice of light or dark, no network.
std::string render_heads_page(const HeadsPage& page);

}  // namespace heed
