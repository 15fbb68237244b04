#include "heed/inspect/drawing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page_assets.h"

namespace heed {
namespace {

constexpr double font_size = 22;
constexpr int line_height = 32;
constexpr int baseline = 24;        // from the top of a line
constexpr double middle_line = 16;  // half way up the capitals
constexpr char32_t box = U'□';
constexpr char32_t word_start = U'▁';  // SentencePiece's mark of a word's beginning steps back

struct Glyph {
  int advance, left, top, width, height;
  std::string_view coverage;  // [height, width]: '.' or '1' … '9'
};

// One word or number of a line; moves past it.
std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

int next_number(std::string_view& line, int base = 10) {
  const std::string_view word = next_word(line);
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  check(error == std::errc() && end == word.data() + word.size(), "label font: '{}'", word);
  return value;
}

std::map<char32_t, Glyph> read_font() {
  std::map<char32_t, Glyph> glyphs;
  std::string_view text = page_assets::label_font_txt();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto code = static_cast<char32_t>(next_number(line, 16));
    Glyph glyph{};
    for (int* field : {&glyph.advance, &glyph.left, &glyph.top, &glyph.width, &glyph.height}) {
      *field = next_number(line);
    }
    glyph.coverage = line;
    check(line.size() == static_cast<std::size_t>(glyph.width * glyph.height),
          "label font: letter {:04X} is cut off", static_cast<unsigned>(code));
    glyphs[code] = glyph;
  }
  return glyphs;
}

const Glyph& glyph_of(char32_t code_point) {
  static const std::map<char32_t, Glyph> glyphs = read_font();
  const auto found = glyphs.find(code_point);
  return found != glyphs.end() ? found->second : glyphs.at(box);
}

// A line of text as it is drawn in the font's own size: how much of each pixel is covered.
struct TextLine {
  int width = 0;
  std::vector<float> coverage;  // [line_height, width]

  float at(int x, int y) const {
    return x < 0 || y < 0 || x >= width || y >= line_height
               ? 0.0f
               : coverage[static_cast<std::size_t>(y * width + x)];
  }
  // Between pixels, whose middles are at half numbers.
  double between(double x, double y) const {
    const double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
    const double u = x - 0.5 - left, v = y - 0.5 - top;
    const int i = static_cast<int>(left), j = static_cast<int>(top);
    return (1 - v) * ((1 - u) * at(i, j) + u * at(i + 1, j)) +
           v * ((1 - u) * at(i, j + 1) + u * at(i + 1, j + 1));
  }
};

TextLine set_line(std::string_view text) {
  constexpr int border = 2;  // letters may lean over their advance
  const std::vector<char32_t> letters = decode_utf8(printable_text(text));
  TextLine line;
  line.width = 2 * border;
  for (const char32_t letter : letters) {
    line.width += glyph_of(letter).advance;
  }
  line.coverage.resize(static_cast<std::size_t>(line.width * line_height));
  int pen = border;
  for (const char32_t letter : letters) {
    const Glyph& glyph = glyph_of(letter);
    const float strength = letter == word_start ? 0.35f : 1.0f;
    for (int i = 0; i < glyph.width * glyph.height; ++i) {
      const int x = pen + glyph.left + i % glyph.width;
      const int y = baseline + glyph.top + i / glyph.width;
      const char sign = glyph.coverage[static_cast<std::size_t>(i)];
      if (sign != '.' && x >= 0 && x < line.width && y >= 0 && y < line_height) {
        float& pixel = line.coverage[static_cast<std::size_t>(y * line.width + x)];
        pixel = std::max(pixel, strength * static_cast<float>(sign - '0') / 9);
      }
    }
    pen += glyph.advance;
  }
  return line;
}

void blend(Colour& pixel, Colour colour, double share) {
  const auto mix = [share](std::uint8_t from, std::uint8_t to) {
    return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
  };
  pixel = {mix(pixel.red, colour.red), mix(pixel.green, colour.green),
           mix(pixel.blue, colour.blue)};
}

}  // namespace

void fill_rectangle(Image& image, int x, int y, int width, int height, Colour colour) {
  for (int j = std::max(y, 0); j < std::min(y + height, image.height); ++j) {
    for (int i = std::max(x, 0); i < std::min(x + width, image.width); ++i) {
      image.at(i, j) = colour;
    }
  }
}

void draw_frame(Image& image, int x, int y, int width, int height, Colour colour) {
  fill_rectangle(image, x, y, width, 1, colour);
  fill_rectangle(image, x, y + height - 1, width, 1, colour);
  fill_rectangle(image, x, y, 1, height, colour);
  fill_rectangle(image, x + width - 1, y, 1, height, colour);
}

double text_width(std::string_view text, double size) {
  double width = 0;
  for (const char32_t letter : decode_utf8(printable_text(text))) {
    width += glyph_of(letter).advance;
  }
  return width * size / font_size;
}

void draw_text(Image& image, double x, double y, std::string_view text, const TextStyle& style) {
  const TextLine line = set_line(text);
  const double scale = style.size / font_size;
  const double cosine = std::cos(style.turned * std::numbers::pi / 180);
  const double sine = std::sin(style.turned * std::numbers::pi / 180);
  const double begin = style.anchor == Anchor::start    ? 2
                       : style.anchor == Anchor::middle ? line.width / 2.0
                                                        : line.width - 2.0;
  const double reach = (line.width + line_height) * scale;  // farther than any of its pixels
  const auto low = [](double value) { return std::max(static_cast<int>(value), 0); };
  constexpr int samples = 3;  // across a pixel, each way
  for (int j = low(y - reach); j < std::min<double>(image.height, y + reach); ++j) {
    for (int i = low(x - reach); i < std::min<double>(image.width, x + reach); ++i) {
      double covered = 0;
      for (int s = 0; s < samples * samples; ++s) {
        const double right = i + (s % samples + 0.5) / samples - x;
        const double down = j + (s / samples + 0.5) / samples - y;
        covered += line.between((right * cosine - down * sine) / scale + begin,
                                (right * sine + down * cosine) / scale + middle_line);
      }
      if (covered > 0) {
        blend(image.at(i, j), style.colour, covered / (samples * samples));
      }
    }
  }
}

}  // namespace heed
