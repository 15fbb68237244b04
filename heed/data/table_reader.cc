#include "heed/data/table_reader.h"

#include <algorithm>
#include <utility>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::string_view blanks = " \t\r";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(blanks) == std::string_view::npos;
}

// Cuts rows into cells, where a cell may go on in the next line.
class CellCutter {
 public:
  CellCutter(char delimiter, bool quoting) : delimiter_(delimiter), quoting_(quoting) {}

  // Whether a cell is open at the end of the line. `place` is that line's.
  bool add(std::string_view line, const std::string& place) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (state_ == State::quoted) {
        if (c != '"') {
          cells_.back() += c;
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          cells_.back() += line[++i];
        } else {
          state_ = State::closed;
        }
      } else if (c == delimiter_) {
        cells_.emplace_back();
        state_ = State::plain;
      } else if (state_ == State::closed) {
        fail(ErrorKind::bad_data,
             "{}: text behind the quotation mark that closes cell {}; a quotation mark inside a "
             "cell is written twice, and where they mean nothing say so (quoting: false)",
             place, cells_.size());
      } else if (c == '"' && quoting_ && cells_.back().empty()) {
        state_ = State::quoted;
        opened_ = place;
      } else {
        cells_.back() += c;
      }
    }
    return state_ == State::quoted;
  }
  void add_line_break() { cells_.back() += '\n'; }
  std::size_t open_size() const { return cells_.back().size(); }
  // Where the open cell begins.
  const std::string& opened() const { return opened_; }

  std::vector<std::string> take() { return std::move(cells_); }

 private:
  enum class State { plain, quoted, closed };

  char delimiter_;
  bool quoting_;
  State state_ = State::plain;
  std::string opened_;
  std::vector<std::string> cells_ = {""};
};

void check_header(const std::vector<std::string>& columns, const std::string& place) {
  for (auto name = columns.begin(); name != columns.end(); ++name) {
    check_data(!name->empty(),
               "{}: column {} has no name; name the columns (columns: …) if the "
               "file has none in its first line",
               place, name - columns.begin() + 1);
    check_data(std::find(columns.begin(), name, *name) == name,
               "{}: two columns are called '{}'; name the columns (columns: …) if the file has no "
               "names in its first line",
               place, *name);
  }
}

}  // namespace

TableReader::TableReader(const std::filesystem::path& file, const TableFormat& format)
    : format_(format), lines_(file, default_line_limit, format.encoding), columns_(format.columns) {
  check_usage(format_.kind == "json" || format_.kind == "csv", "table: kind '{}'", format_.kind);
  check_usage(format_.kind == "json" || format_.delimiter.size() == 1,
              "table: delimiter '{}': expected one character", format_.delimiter);
  if (format_.kind == "csv" && columns_.empty()) {
    if (auto cells = next_cells()) {
      columns_ = std::move(*cells);
      check_header(columns_, place_);
    }
  }
}

void TableReader::set_place() {
  place_ = lines_.name() + ":" + std::to_string(lines_.line_number());
}

std::optional<Json> TableReader::next() {
  if (format_.kind == "json") {
    return next_json();
  }
  auto cells = next_cells();
  if (!cells) {
    return std::nullopt;
  }
  if (cells->size() > columns_.size() && format_.surplus != SurplusCells::refuse) {
    for (std::size_t i = columns_.size();
         i < cells->size() && format_.surplus == SurplusCells::join; ++i) {
      (*cells)[columns_.size() - 1] += format_.delimiter + (*cells)[i];
    }
    cells->resize(columns_.size());
  }
  check_data(cells->size() == columns_.size(), "{}: {} columns, expected {}", place_, cells->size(),
             columns_.size());
  Json row = Json::object();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    row[columns_[i]] = std::move((*cells)[i]);
  }
  return row;
}

std::optional<Json> TableReader::next_json() {
  while (const auto line = lines_.next()) {
    if (!is_blank(*line)) {
      set_place();
      Json row = parse_json(*line, place_);
      check_data(row.is_object(), "{}: expected an object", place_);
      return row;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::next_cells() {
  while (const auto line = lines_.next()) {
    // A blank line is a row of a table with one column alone.
    if (!line->empty() || columns_.size() == 1) {
      set_place();
      return cells_from(*line);
    }
  }
  return std::nullopt;
}

std::vector<std::string> TableReader::cells_from(std::string_view line) {
  CellCutter cutter(format_.delimiter.front(), format_.quoting);
  std::string place = place_;
  while (cutter.add(line, place)) {
    const auto next = lines_.next();
    check_data(next && cutter.open_size() < default_line_limit,
               "{}: the quotation mark that opens a cell here is not closed{}", cutter.opened(),
               next ? " within " + std::to_string(default_line_limit) + " bytes" : "");
    cutter.add_line_break();
    line = *next;
    place = lines_.name() + ":" + std::to_string(lines_.line_number());
  }
  return cutter.take();
}

}  // namespace heed
