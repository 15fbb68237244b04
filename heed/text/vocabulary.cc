#include "heed/text/vocabulary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer.h"

namespace heed {

namespace {

// Collects a flat object of integers from parser events: no tree is built, so nothing that a large
// or nested file could exhaust.
class FlatObjectReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit FlatObjectReader(const std::string& source) : source_(source) {}

  std::vector<std::pair<std::string, std::int64_t>> entries;

  bool null() override { refuse(); }
  bool boolean(bool) override { refuse(); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return add(std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : -1);
  }
  bool number_float(number_float_t, const string_t&) override { refuse(); }
  bool string(string_t&) override { refuse(); }
  bool binary(binary_t&) override { refuse(); }
  bool start_array(std::size_t) override { refuse(); }
  bool end_array() override { refuse(); }
  bool start_object(std::size_t) override {
    if (std::exchange(open_, true)) {
      refuse();
    }
    return true;
  }
  bool end_object() override { return true; }
  bool key(string_t& name) override {
    check_data(entries.size() < Vocabulary::size_limit, "{}: more than {} pieces", source_,
               Vocabulary::size_limit);
    entries.emplace_back(std::move(name), 0);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail(ErrorKind::bad_data, "{}: invalid JSON near byte {}", source_, position);
  }

 private:
  bool add(std::int64_t value) {
    if (!open_) {
      refuse();
    }
    entries.back().second = value;
    return true;
  }
  [[noreturn]] void refuse() const {
    fail(ErrorKind::bad_data, "{}: expected an object of pieces and their ids, {{\"piece\": 0, …}}",
         source_);
  }

  const std::string& source_;
  bool open_ = false;
};

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> pieces, const std::string& source)
    : pieces_(std::move(pieces)) {
  check_data(pieces_.size() <= size_limit, "{}: {} pieces, more than {}", source, pieces_.size(),
             size_limit);
  ids_.reserve(pieces_.size());
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    const std::string& piece = pieces_[id];
    check_data(!piece.empty(), "{}: the piece of id {} is empty", source, id);
    check_data(piece.size() <= piece_limit, "{}: the piece of id {} has {} bytes, more than {}",
               source, id, piece.size(), piece_limit);
    check_data(!find_invalid_utf8(piece), "{}: the piece of id {} is not valid UTF-8", source, id);
    check_data(ids_.emplace(piece, static_cast<int>(id)).second,
               "{}: the piece \"{}\" occurs twice", source, piece);
  }
  end_id_ = required_id(end_piece, source);
  unknown_id_ = required_id(unknown_piece, source);
  pad_id_ = required_id(pad_piece, source);
}

Vocabulary Vocabulary::with_specials(std::span<const std::string> pieces,
                                     const std::string& source) {
  std::vector<std::string> all{std::string(end_piece), std::string(unknown_piece)};
  all.reserve(pieces.size() + 3);
  for (const std::string& piece : pieces) {
    if (piece != end_piece && piece != unknown_piece && piece != pad_piece) {
      all.push_back(piece);
    }
  }
  all.emplace_back(pad_piece);
  return Vocabulary(std::move(all), source);
}

Vocabulary Vocabulary::from_json(std::string_view text, const std::string& source) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", source, invalid.value_or(0));
  // The parser would take a NUL for the end of the text.
  check_data(text.find('\0') == std::string_view::npos, "{}: invalid JSON: a NUL byte", source);
  FlatObjectReader reader(source);
  check_data(nlohmann::json::sax_parse(text, &reader), "{}: invalid JSON", source);
  const std::size_t size = reader.entries.size();
  std::vector<std::string> pieces(size);
  std::vector<bool> taken(size);
  for (auto& [piece, id] : reader.entries) {
    check_data(id >= 0 && std::cmp_less(id, size), "{}: \"{}\": the id {} is outside 0 … {}",
               source, piece, id, size - 1);
    const auto index = static_cast<std::size_t>(id);
    check_data(!taken[index], "{}: the id {} belongs to both \"{}\" and \"{}\"", source, id,
               pieces[index], piece);
    taken[index] = true;
    pieces[index] = std::move(piece);
  }
  return Vocabulary(std::move(pieces), source);
}

std::string Vocabulary::to_json() const {
  std::string text = "{\n";
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    text += fmt::format("  {}: {}{}\n", nlohmann::json(pieces_[id]).dump(), id,
                        id + 1 < pieces_.size() ? "," : "");
  }
  return text + "}\n";
}

const std::string& Vocabulary::piece(int id) const {
  check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
        size());
  return pieces_[static_cast<std::size_t>(id)];
}

int Vocabulary::id_of_text(std::string_view piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() || is_special(found->second) ? unknown_id_ : found->second;
}

std::uint64_t Vocabulary::fingerprint() const {
  Fingerprint fingerprint;
  for (const std::string& piece : pieces_) {
    fingerprint.add(piece);
  }
  return fingerprint.value();
}

int Vocabulary::required_id(std::string_view piece, const std::string& source) const {
  const auto found = ids_.find(piece);
  check_data(found != ids_.end(), "{}: the special piece \"{}\" is missing", source, piece);
  return found->second;
}

}  // namespace heed
