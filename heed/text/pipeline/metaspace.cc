#include "heed/text/pipeline/metaspace.h"

#include "heed/base/error.h"
#include "heed/text/pipeline/pattern.h"

namespace heed {

namespace {

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t at = 0; (at = text.find(from, begin)) != std::string_view::npos;
       begin = at + from.size()) {
    result.append(text.substr(begin, at - begin)).append(to);
  }
  return result.append(text.substr(begin));
}

}  // namespace

Metaspace read_metaspace(const StepReader& step) {
  Metaspace metaspace;
  metaspace.replacement = step.character("replacement", "▁");
  metaspace.split = step.flag("split", true);
  const bool prefix = step.flag("add_prefix_space", true);
  const std::string scheme = step.text("prepend_scheme", prefix ? "always" : "never");
  check_data(scheme == "always" || scheme == "first" || scheme == "never",
             "{}: prepend_scheme: '{}' is unknown", step.source(), scheme);
  check_data(prefix || scheme == "never",
             "{}: prepend_scheme: '{}' contradicts add_prefix_space: false", step.source(), scheme);
  metaspace.prepend = scheme == "always"  ? PrependScheme::always
                      : scheme == "first" ? PrependScheme::first
                                          : PrependScheme::never;
  return metaspace;
}

PreTokenizer metaspace_splitter(const Metaspace& metaspace) {
  const SpanFinder find = pattern_finder(Json{{"String", metaspace.replacement}}, "metaspace");
  return [metaspace, find](WordList& words) {
    words.rewrite([&](const Word& word) {
      std::string text = replace_all(word.text, " ", metaspace.replacement);
      const bool prepends = metaspace.prepend == PrependScheme::always ||
                            (metaspace.prepend == PrependScheme::first && word.begins_text);
      return prepends && !text.starts_with(metaspace.replacement) ? metaspace.replacement + text
                                                                  : text;
    });
    if (metaspace.split) {
      words.split([&](std::string_view text, const auto& keep) {
        for (const TextSpan& span : apply_behavior(find(text), SplitBehavior::merged_with_next)) {
          keep(span.begin, span.end);
        }
      });
    }
  };
}

std::vector<std::string> without_metaspace(std::vector<std::string> pieces,
                                           const Metaspace& metaspace) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool drops = i == 0 && metaspace.prepend != PrependScheme::never;
    pieces[i] = replace_all(pieces[i], metaspace.replacement, drops ? "" : " ");
  }
  return pieces;
}

}  // namespace heed
