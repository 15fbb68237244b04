// Where figures are drawn: colours by their meaning, lengths in units of a CSS pixel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/inspect/drawing.h"
#include "heed/inspect/png.h"

namespace heed {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

// A colour by its meaning: it is another one in the dark.
struct Paint {
  enum class Kind { ink, muted, faint, series, weight, signed_number };
  Kind kind = Kind::ink;
  int level = 0;  // of a series (any number), a weight or a signed number

  friend bool operator==(const Paint&, const Paint&) = default;
};

constexpr int series_colour_count = 6;
Colour colour_of(const Paint& paint, Theme theme);

inline constexpr unsigned char no_level = 255;

class Canvas {
 public:
  virtual ~Canvas() = default;
  // Where (0, 0) is for what follows.
  virtual void move_to(const Point& origin) = 0;
  virtual void rectangle(const Box& box, const Paint& paint) = 0;
  virtual void frame(const Box& box, const Paint& paint) = 0;
  // The cells of a matrix, equally large; each has the paint `kind` with its own level, or none
  // where that is no_level.
  virtual void cells(const Box& box, std::size_t rows, std::size_t columns,
                     const std::vector<unsigned char>& levels, Paint::Kind kind) = 0;
  virtual void line(const std::vector<Point>& points, const Paint& paint, double width) = 0;
  virtual void circle(const Point& centre, double radius, const Paint& paint) = 0;  // its outline
  virtual void text(const Point& at, std::string_view text, double size, const Paint& paint,
                    Anchor anchor, double turned) = 0;
};

// Writes SVG elements with a class for each paint; style() has the rules for the paints in use.
class SvgCanvas : public Canvas {
 public:
  void move_to(const Point& origin) override;
  void rectangle(const Box& box, const Paint& paint) override;
  void frame(const Box& box, const Paint& paint) override;
  void cells(const Box& box, std::size_t rows, std::size_t columns,
             const std::vector<unsigned char>& levels, Paint::Kind kind) override;
  void line(const std::vector<Point>& points, const Paint& paint, double width) override;
  void circle(const Point& centre, double radius, const Paint& paint) override;
  void text(const Point& at, std::string_view text, double size, const Paint& paint, Anchor anchor,
            double turned) override;

  // The elements so far; drawing begins anew.
  std::string take_elements();
  // CSS rules for the paints that were used, each selector after `scope`. `colour_text` gives the
  // value of a colour.
  using ColourText = std::function<std::string(const Paint&)>;
  std::string style(std::string_view scope, const ColourText& colour_text) const;

 private:
  enum class Use : std::uint8_t { fill, stroke };
  std::string paint_class(const Paint& paint, Use use);

  std::string elements_;
  bool moved_ = false;  // a group is open
  std::vector<std::pair<Paint, Use>> used_;
};

// Sets pixels, `scale` for each unit.
class ImageCanvas : public Canvas {
 public:
  ImageCanvas(Image& image, double scale, Theme theme)
      : image_(image), scale_(scale), theme_(theme) {}
  void move_to(const Point& origin) override { origin_ = origin; }
  void rectangle(const Box& box, const Paint& paint) override;
  void frame(const Box& box, const Paint& paint) override;
  void cells(const Box& box, std::size_t rows, std::size_t columns,
             const std::vector<unsigned char>& levels, Paint::Kind kind) override;
  void line(const std::vector<Point>& points, const Paint& paint, double width) override;
  void circle(const Point& centre, double radius, const Paint& paint) override;
  void text(const Point& at, std::string_view text, double size, const Paint& paint, Anchor anchor,
            double turned) override;

 private:
  struct Pixels {
    int left, top, right, bottom;  // the last two are outside
    int width() const { return right - left; }
    int height() const { return bottom - top; }
  };
  // Those inside the image that anything between two corners may touch.
  Pixels pixels_around(const Point& least, const Point& most, double margin) const;
  int pixel_x(double x) const;
  int pixel_y(double y) const;

  Image& image_;
  double scale_;
  Theme theme_;
  Point origin_;
};

}  // namespace heed
