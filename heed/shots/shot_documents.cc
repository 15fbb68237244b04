#include "heed/shots/shot_documents.h"

#include <charconv>
#include <utility>

#include "heed/base/error.h"

namespace heed {

namespace {

// Whole numbers as numbers, as readers of such tables take them.
Json cell_value(const std::string& cell) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  const bool whole = error == std::errc() && end == cell.data() + cell.size() && !cell.empty();
  return whole && std::to_string(number) == cell ? Json(number) : Json(cell);
}

}  // namespace

std::vector<Json> read_shot_documents(const std::filesystem::path& file,
                                      const TableFormat& format) {
  TableReader rows(file, format);
  std::vector<Json> documents;
  while (auto row = rows.next()) {
    if (format.kind == "csv") {
      for (Json& cell : *row) {
        cell = cell_value(cell.get_ref<const std::string&>());
      }
    }
    documents.push_back(std::move(*row));
  }
  check_data(!documents.empty(), "{}: holds no examples", file.string());
  return documents;
}

}  // namespace heed
