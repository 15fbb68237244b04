// Tables of examples with named columns, a row at a time: tab- or comma-separated text, or JSON
// lines; plain or .gz.
//
//   TableReader rows("train.csv", {.kind = "csv"});
//   while (const auto row = rows.next()) {
//     use(row->at("sentence"), rows.place());     // "train.csv:17"
//   }
//
// Comma-separated text is RFC 4180's: a cell in quotation marks may hold delimiters, line breaks
// and, written twice, quotation marks. Inside an unquoted cell a quotation mark is a sign like
// others. A byte order mark and CRLF line ends are taken off; a line break in a cell is \n.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/json.h"
#include "heed/data/line_reader.h"

namespace heed {

// What becomes of cells beyond the last column.
enum class SurplusCells { refuse, drop, join };  // join: they belong to the last one

struct TableFormat {
  std::string kind = "json";         // json (lines), or csv: anything with a delimiter
  std::string delimiter = ",";       // csv: one character
  bool quoting = true;               // csv: quotation marks mean something
  std::vector<std::string> columns;  // csv: names; none: the first row holds them
  SurplusCells surplus = SurplusCells::refuse;
  LineEncoding encoding = LineEncoding::utf8;
};

class TableReader {
 public:
  // Errors name the file: input_output; bad_data: a header with an empty or repeated name.
  TableReader(const std::filesystem::path& file, const TableFormat& format);

  // The next row: an object with a text for each column, or what the JSON line holds. Blank lines
  // are passed over. Errors (bad_data) name file and line: another number of cells, a quotation
  // mark that is not closed (the line where it stands), text behind one, no object, those of
  // LineReader.
  std::optional<Json> next();

  // "FILE:LINE" of the row that next() gave, where it begins.
  const std::string& place() const { return place_; }
  // Of a table with a delimiter.
  const std::vector<std::string>& columns() const { return columns_; }

 private:
  std::optional<Json> next_json();
  std::optional<std::vector<std::string>> next_cells();
  std::vector<std::string> cells_from(std::string_view line);
  void set_place();

  TableFormat format_;
  LineReader lines_;
  std::vector<std::string> columns_;
  std::string place_;
};

}  // namespace heed
