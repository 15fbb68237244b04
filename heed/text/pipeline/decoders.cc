#include "heed/text/pipeline/decoders.h"

#include <array>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/byte_level.h"
#include "heed/text/pipeline/metaspace.h"
#include "heed/text/pipeline/pattern.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

using Pieces = std::vector<std::string>;

std::string joined(const Pieces& pieces) {
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
  }
  return text;
}

void replace_in(std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t at = 0; (at = text.find(from, begin)) != std::string::npos;
       begin = at + from.size()) {
    result.append(text, begin, at - begin).append(to);
  }
  text = std::move(result.append(text, begin));
}

Pieces put_spaces_between(Pieces pieces) {
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    pieces[i].insert(0, " ");
  }
  return pieces;
}

Pieces decode_byte_level(Pieces pieces) {
  std::string text;
  for (const std::string& piece : pieces) {
    text += spelled_bytes(piece).value_or(piece);
  }
  return {replace_invalid_utf8(std::move(text))};
}

PieceDecoder word_piece_decoder(const StepReader& step) {
  const std::string prefix = step.text("prefix", "##");
  const bool cleanup = step.flag("cleanup", true);
  return [prefix, cleanup](Pieces pieces) {
    constexpr std::array<std::pair<const char*, const char*>, 11> rules{{{" .", "."},
                                                                         {" ?", "?"},
                                                                         {" !", "!"},
                                                                         {" ,", ","},
                                                                         {" ' ", "'"},
                                                                         {" n't", "n't"},
                                                                         {" 'm", "'m"},
                                                                         {" do not", " don't"},
                                                                         {" 's", "'s"},
                                                                         {" 've", "'ve"},
                                                                         {" 're", "'re"}}};
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0 && pieces[i].starts_with(prefix)) {
        pieces[i].erase(0, prefix.size());
      } else if (i > 0) {
        pieces[i].insert(0, " ");
      }
      for (const auto& [from, to] : rules) {
        if (cleanup) {
          replace_in(pieces[i], from, to);
        }
      }
    }
    return pieces;
  };
}

PieceDecoder suffix_decoder(const std::string& suffix) {
  return [suffix](Pieces pieces) {
    for (std::size_t i = 0; i < pieces.size() && !suffix.empty(); ++i) {
      replace_in(pieces[i], suffix, i + 1 < pieces.size() ? " " : "");
    }
    return pieces;
  };
}

// The byte that <0x41> names, -1 for other pieces.
int byte_of(const std::string& piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') {
    return -1;
  }
  int value = 0;
  for (const char c : piece.substr(3, 2)) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    if (digit == std::string_view::npos) {
      return -1;
    }
    value = value * 16 + static_cast<int>(digit < 16 ? digit : digit - 6);
  }
  return value;
}

Pieces decode_byte_fallback(Pieces pieces) {
  Pieces result;
  std::string bytes;
  const auto flush = [&] {
    if (find_invalid_utf8(bytes)) {
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        result.emplace_back("\xEF\xBF\xBD");
      }
    } else if (!bytes.empty()) {
      result.push_back(bytes);
    }
    bytes.clear();
  };
  for (std::string& piece : pieces) {
    if (const int byte = byte_of(piece); byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      flush();
      result.push_back(std::move(piece));
    }
  }
  flush();
  return result;
}

PieceDecoder strip_decoder(const StepReader& step) {
  const std::string content = step.character("content");
  const std::int64_t start = step.natural("start"), stop = step.natural("stop");
  return [=](Pieces pieces) {
    for (std::string& piece : pieces) {
      for (std::int64_t i = 0; i < start && piece.starts_with(content); ++i) {
        piece.erase(0, content.size());
      }
      for (std::int64_t i = 0; i < stop && piece.ends_with(content); ++i) {
        piece.resize(piece.size() - content.size());
      }
    }
    return pieces;
  };
}

PieceDecoder replace_decoder(const StepReader& step) {
  const SpanFinder find = pattern_finder(step.value("pattern"), step.source());
  const std::string content = step.text("content");
  return [find, content, source = step.source()](Pieces pieces) {
    for (std::string& piece : pieces) {
      piece = replace_matches(piece, find, content, source);
    }
    return pieces;
  };
}

PieceDecoder sequence_of_decoders(const StepReader& step) {
  std::vector<PieceDecoder> steps;
  for (const Json& part : step.list("decoders")) {
    steps.push_back(make_decoder(part, step.source()));
  }
  return [steps](Pieces pieces) {
    for (const PieceDecoder& each : steps) {
      pieces = each(std::move(pieces));
    }
    return pieces;
  };
}

}  // namespace

PieceDecoder make_decoder(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return put_spaces_between;
  }
  const StepReader step(json, source);
  const std::string& type = step.type();
  if (type == "Sequence") {
    return sequence_of_decoders(step);
  }
  if (type == "ByteLevel") {
    return decode_byte_level;
  }
  if (type == "Metaspace") {
    return [metaspace = read_metaspace(step)](Pieces pieces) {
      return without_metaspace(std::move(pieces), metaspace);
    };
  }
  if (type == "WordPiece") {
    return word_piece_decoder(step);
  }
  if (type == "BPEDecoder") {
    return suffix_decoder(step.text("suffix", "</w>"));
  }
  if (type == "ByteFallback") {
    return decode_byte_fallback;
  }
  if (type == "Fuse") {
    return [](Pieces pieces) { return Pieces{joined(pieces)}; };
  }
  if (type == "Strip") {
    return strip_decoder(step);
  }
  if (type == "Replace") {
    return replace_decoder(step);
  }
  step.refuse();
}

}  // namespace heed
