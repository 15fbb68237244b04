#include "heed/tasks/line_translator.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/metrics/text_rules.h"

namespace heed {

namespace {

// Where a text may be cut: after the character that ends at `end`; what follows starts at `next`.
struct Cut {
  std::size_t end;
  std::size_t next;
};

// How good it is to cut after a character, before another.
enum class CutKind { characters, white_space, sentence };

CutKind kind_of_cut(char32_t before, bool white_space_follows) {
  constexpr std::u32string_view ends = U".!?;:…";
  constexpr std::u32string_view ends_without_space = U"。！？；";
  if (ends_without_space.find(before) != std::u32string_view::npos) {
    return CutKind::sentence;
  }
  if (!white_space_follows) {
    return CutKind::characters;
  }
  return ends.find(before) != std::u32string_view::npos ? CutKind::sentence : CutKind::white_space;
}

// The cuts of one kind, as near to the middle as any.
class NearestCut {
 public:
  explicit NearestCut(std::size_t size) : size_(size) {}

  void offer(const Cut& cut) {
    const std::size_t place = 2 * cut.end;
    const std::size_t distance = place > size_ ? place - size_ : size_ - place;
    if (distance < distance_) {
      distance_ = distance;
      cut_ = cut;
    }
  }
  bool found() const { return distance_ != none; }
  // In the middle half, where both parts are worth a piece of their own.
  bool is_central() const { return found() && 2 * distance_ <= size_; }
  const Cut& cut() const { return cut_; }

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t size_;
  std::size_t distance_ = none;
  Cut cut_{};
};

}  // namespace

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return text;
}

std::pair<std::string_view, std::string_view> cut_in_two(std::string_view text) {
  const std::vector<char32_t> characters = decode_utf8(text);
  NearestCut nearest[3] = {NearestCut(text.size()), NearestCut(text.size()),
                           NearestCut(text.size())};
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < characters.size(); ++i) {
    end += encode_utf8(characters[i]).size();
    if (is_white_space(characters[i])) {
      continue;
    }
    std::size_t next = end;
    std::size_t following = i + 1;
    for (; following < characters.size() && is_white_space(characters[following]); ++following) {
      next += encode_utf8(characters[following]).size();
    }
    if (following == characters.size()) {
      break;  // nothing but white space follows
    }
    const CutKind kind = kind_of_cut(characters[i], following > i + 1);
    nearest[static_cast<std::size_t>(kind)].offer({end, next});
  }
  const auto& [between_characters, at_white_space, at_sentence] = nearest;
  const NearestCut& chosen = at_sentence.is_central() ? at_sentence
                             : at_white_space.found() ? at_white_space
                             : at_sentence.found()    ? at_sentence
                                                      : between_characters;
  check(chosen.found(), "'{}' cannot be cut: the model takes no text of this length", text);
  return {text.substr(0, chosen.cut().end), text.substr(chosen.cut().next)};
}

LineTranslator::LineTranslator(const TextModel& translator, const DecodingConfig& config,
                               const ForwardContext& context)
    : translator_(translator), config_(config), context_(context) {
  check_decoding_config(config);
}

void LineTranslator::add_pieces(std::string_view text,
                                std::vector<std::vector<int>>& pieces) const {
  const Tokenizer& tokenizer = *translator_.tokenizers.source;
  std::vector<int> ids = tokenizer.encode(text);
  if (static_cast<std::int64_t>(ids.size()) < translator_.model.longest()) {
    if (!ids.empty()) {
      ids.push_back(translator_.symbols.source_end);
      pieces.push_back(std::move(ids));
    }
    return;
  }
  const auto [first, second] = cut_in_two(text);
  add_pieces(first, pieces);
  add_pieces(second, pieces);
}

// Made of the i-th best of each piece, for every i; pieces of unlike lengths may change the order.
LineTranslations LineTranslator::join(std::span<const std::vector<Hypothesis>> pieces) const {
  LineTranslations line;
  line.pieces = pieces.size();
  std::size_t count = 1;
  if (!pieces.empty()) {
    count = std::min_element(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) {
              return a.size() < b.size();
            })->size();
  }
  for (std::size_t i = 0; i < count; ++i) {
    TextTranslation translation;
    for (const std::vector<Hypothesis>& piece : pieces) {
      const Hypothesis& hypothesis = piece[i];
      const std::string text = translator_.tokenizers.target->decode(hypothesis.tokens);
      translation.text += (translation.text.empty() || text.empty() ? "" : " ") + text;
      translation.log_probability += hypothesis.log_probability;
      translation.length += hypothesis.length;
    }
    translation.text = one_line(std::move(translation.text));
    if (translation.length > 0) {
      translation.score = translation.log_probability /
                          std::pow(static_cast<double>(translation.length), config_.length_penalty);
    }
    line.best.push_back(std::move(translation));
  }
  std::stable_sort(line.best.begin(), line.best.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  return line;
}

std::vector<LineTranslations> LineTranslator::translate(std::span<const std::string> lines) {
  std::vector<std::vector<int>> pieces;
  std::vector<std::size_t> begins = {0};
  for (const std::string& line : lines) {
    add_pieces(line, pieces);
    begins.push_back(pieces.size());
  }
  const auto hypotheses = heed::translate(translator_.model, pieces, translator_.symbols, config_,
                                          context_, pieces_before_);
  pieces_before_ += static_cast<std::int64_t>(pieces.size());
  std::vector<LineTranslations> result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    result.push_back(join(std::span(hypotheses).subspan(begins[i], begins[i + 1] - begins[i])));
  }
  return result;
}

std::vector<std::string> LineTranslator::best_of(std::span<const std::string> lines) {
  std::vector<std::string> texts;
  for (LineTranslations& line : translate(lines)) {
    texts.push_back(std::move(line.best.front().text));
  }
  return texts;
}

std::vector<std::string> translate_lines(const LoadedModel& model,
                                         std::span<const std::string> lines) {
  check_usage(model.task() == "translation",
              "{}: a model for the task {}, which does not translate", model.directory.string(),
              model.task());
  LineTranslator translator({model.generator(), model.tokenizers, model.symbols}, model.decoding,
                            {});
  return translator.best_of(lines);
}

}  // namespace heed
