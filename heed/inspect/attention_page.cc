#include "heed/inspect/attention_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/attention_data.h"
#include "heed/inspect/page.h"
#include "heed/inspect/page_assets.h"

namespace heed {
namespace {

constexpr std::string_view body_start =
    "<main>\n<section id=\"attention\" aria-labelledby=\"attention-title\">\n"
    "<h2 id=\"attention-title\">Attention</h2>\n"
    "<p class=\"aside\">Each row is a token that attends, each column a token attended to; the "
    "weights of a row sum to 1.";
constexpr std::string_view about_to_write =
    " A row of the decoder is named by the token that it is about to write.";
constexpr std::string_view body =
    "</p>\n"
    "<noscript><p class=\"aside\">This part is drawn by the page's own script, which is switched "
    "off.</p></noscript>\n<div id=\"attention-view\" class=\"all-heads\"></div>\n</section>\n"
    "<section id=\"reading\" aria-labelledby=\"reading-title\">\n"
    "<h2 id=\"reading-title\">How to read it</h2>\n<dl class=\"terms\">\n"
    "<div><dt>Entropy</dt><dd>How spread out a head's rows are, in bits: 0 where each looks at one "
    "token alone; at most the binary logarithm of the number of columns.</dd></div>\n"
    "<div><dt>Mean, maximum</dt><dd>Over the heads of a layer, cell by cell.</dd></div>\n"
    "<div><dt>Rollout</dt><dd>How much of each input has reached a position after a layer, when "
    "half "
    "of what the layer passes on is the residual connection (Abnar &amp; Zuidema, "
    "2020).</dd></div>\n"
    "<div><dt>Keys</dt><dd>Tab goes from part to part. Arrow keys move over layers and heads, over "
    "the cells of the map, over the tokens of the lines; Escape lets go.</dd></div>\n"
    "</dl>\n</section>\n</main>\n";

void add_maps(const AttentionView& view, const AttentionStack& stack,
              std::vector<AttentionMap>& maps) {
  check_attention_stack(stack);
  const auto add = [&](int layer, const HeadChoice& head) -> AttentionMap& {
    maps.push_back(choose_map(stack, layer, head));
    maps.back().title = view.source;
    return maps.back();
  };
  const int layers = static_cast<int>(stack.layers.size());
  for (int layer = 1; layer <= layers; ++layer) {
    for (const int head : stack.layers[static_cast<std::size_t>(layer - 1)].heads) {
      add(layer, {HeadChoice::Kind::one, head});
    }
  }
  if (stack.name == "cross") {
    return;
  }
  const auto rollout = attention_rollout(stack);
  for (int layer = 1; layer <= layers; ++layer) {
    maps.push_back({.title = view.source,
                    .kind = stack.kind,
                    .row_labels = stack.row_labels,
                    .column_labels = stack.column_labels,
                    .layer = layer,
                    .weights = rollout[static_cast<std::size_t>(layer - 1)],
                    .head_name = "rollout"});
  }
}

// The state that the script begins with.
Json chosen(const AttentionView& view, const AttentionPageStart& start) {
  Json json = Json::object();
  const auto stack = std::find_if(view.stacks.begin(), view.stacks.end(),
                                  [&](const AttentionStack& s) { return s.name == start.stack; });
  const AttentionStack& shown = stack == view.stacks.end() ? view.stacks.back() : *stack;
  json["kind"] = shown.kind;
  const HeadChoice head = start.head.value_or(HeadChoice{});
  const int layer = start.layer.value_or(static_cast<int>(shown.layers.size()));
  choose_map(shown, layer, head);  // is it there?
  json["layer"] = layer;
  json["head"] = head.kind == HeadChoice::Kind::one       ? Json(head.number)
                 : head.kind == HeadChoice::Kind::mean    ? Json("mean")
                 : head.kind == HeadChoice::Kind::maximum ? Json("maximum")
                                                          : Json("rollout");
  return json;
}

}  // namespace

std::string render_attention_page(const AttentionView& view, const AttentionPageStart& start) {
  check(!view.stacks.empty(), "an attention page without attention");
  std::vector<AttentionMap> maps;
  PageHead head{.title = view.source, .subtitle = view.target, .theme = start.theme};
  if (!view.model.empty()) {
    head.headlines.emplace_back("Model", view.model);
  }
  for (const AttentionStack& stack : view.stacks) {
    add_maps(view, stack, maps);
    std::string kind = stack.kind;
    kind[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(kind[0])));
    head.headlines.emplace_back(
        kind, fmt::format("{} × {} heads", stack.layers.size(), stack.most_heads()));
  }
  const Json data = {{"colours", colour_data()},
                     {"attention", attention_data(maps)},
                     {"chosen", chosen(view, start)}};
  // A language model's are named by the token that they have read.
  const bool writes = std::ranges::any_of(view.stacks, [](const AttentionStack& stack) {
    return stack.name == "decoder" && stack.row_labels != stack.column_labels;
  });
  return page_start(head) + std::string(body_start) +
         std::string(writes ? about_to_write : std::string_view()) + std::string(body) +
         page_end(data, {page_assets::attention_maps_js(), page_assets::attention_heat_map_js(),
                         page_assets::attention_lines_js(), page_assets::attention_js()});
}

}  // namespace heed
