#include "heed/shots/shot_documents.h"

#include <charconv>
#include <optional>

#include "heed/base/error.h"
#include "heed/data/line_reader.h"

namespace heed {

namespace {

std::vector<Json> read_json_lines(LineReader& lines) {
  std::vector<Json> documents;
  while (const auto line = lines.next()) {
    if (line->find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    const std::string place = lines.name() + ":" + std::to_string(lines.line_number());
    documents.push_back(parse_json(*line, place));
    check_data(documents.back().is_object(), "{}: expected an object", place);
  }
  return documents;
}

// The cells of a line.
std::vector<std::string> cells_of(std::string_view line, const ShotDataFormat& format,
                                  const std::string& place) {
  std::vector<std::string> cells(1);
  const char delimiter = format.delimiter.front();
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        cells.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += line[++i];
      } else {
        quoted = false;
      }
    } else if (c == delimiter) {
      cells.emplace_back();
    } else if (c == '"' && format.quoting && cells.back().empty()) {
      quoted = true;
    } else {
      cells.back() += c;
    }
  }
  check_data(!quoted, "{}: a quotation mark is not closed", place);
  return cells;
}

// Whole numbers as numbers, as readers of such tables take them.
Json cell_value(const std::string& cell) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  const bool whole = error == std::errc() && end == cell.data() + cell.size() && !cell.empty();
  return whole && std::to_string(number) == cell ? Json(number) : Json(cell);
}

std::vector<Json> read_table(LineReader& lines, const ShotDataFormat& format) {
  std::vector<std::string> columns = format.columns;
  std::vector<Json> documents;
  while (const auto line = lines.next()) {
    const std::string place = lines.name() + ":" + std::to_string(lines.line_number());
    const std::vector<std::string> cells = cells_of(*line, format, place);
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    check_data(cells.size() == columns.size(), "{}: {} columns, expected {}", place, cells.size(),
               columns.size());
    Json document = Json::object();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      document[columns[i]] = cell_value(cells[i]);
    }
    documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace

std::vector<Json> read_shot_documents(const std::filesystem::path& file,
                                      const ShotDataFormat& format) {
  LineReader lines(file);
  std::vector<Json> documents =
      format.kind == "csv" ? read_table(lines, format) : read_json_lines(lines);
  check_data(!documents.empty(), "{}: holds no examples", file.string());
  return documents;
}

}  // namespace heed
