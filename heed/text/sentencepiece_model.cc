#include "heed/text/sentencepiece_model.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_set>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/normalization_table.h"
#include "heed/text/vocabulary.h"

namespace heed {

namespace {

constexpr std::uint32_t varint_type = 0;
constexpr std::uint32_t fixed64_type = 1;
constexpr std::uint32_t bytes_type = 2;
constexpr std::uint32_t fixed32_type = 5;

// One field of a message: its number, its wire type, and its content.
struct Field {
  std::uint64_t number = 0;
  std::uint32_t type = 0;
  std::uint64_t value = 0;  // of the numeric types
  std::string_view bytes;   // of bytes_type
};

// Steps through the fields of one serialized message.
class MessageReader {
 public:
  MessageReader(std::string_view message, const std::string& source)
      : message_(message), source_(source) {}

  std::optional<Field> next() {
    if (position_ == message_.size()) {
      return std::nullopt;
    }
    const std::uint64_t tag = varint();
    Field field{.number = tag >> 3, .type = static_cast<std::uint32_t>(tag & 7u), .bytes = {}};
    require(field.number > 0 && field.number < (1u << 29));
    switch (field.type) {
      case varint_type:
        field.value = varint();
        break;
      case fixed64_type:
        field.value = fixed(8);
        break;
      case fixed32_type:
        field.value = fixed(4);
        break;
      case bytes_type:
        field.bytes = take(varint());
        break;
      default:
        require(false);
    }
    return field;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    require(false);
    return 0;
  }
  std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    int shift = 0;
    for (const char byte : take(size)) {
      value |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    return value;
  }
  std::string_view take(std::uint64_t size) {
    require(size <= message_.size() - position_);
    const std::string_view part = message_.substr(position_, size);
    position_ += size;
    return part;
  }
  void require(bool condition) const {
    check_data(condition,
               "{}: not a SentencePiece model, or a damaged one (near byte {} of a message)",
               source_, position_);
  }

  std::string_view message_;
  const std::string& source_;
  std::size_t position_ = 0;
};

ModelPiece read_piece(std::string_view message, std::size_t id, const std::string& source) {
  ModelPiece piece;
  MessageReader reader(message, source);
  while (const auto field = reader.next()) {
    if (field->number == 1 && field->type == bytes_type) {
      piece.text = field->bytes;
    } else if (field->number == 2 && field->type == fixed32_type) {
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field->value));
    } else if (field->number == 3 && field->type == varint_type) {
      check_data(field->value >= 1 && field->value <= 6, "{}: piece {} has the unknown type {}",
                 source, id, field->value);
      piece.type = static_cast<PieceType>(field->value);
    } else {
      check_data(field->number > 3, "{}: piece {} has a field of a wrong type", source, id);
    }
  }
  check_data(!piece.text.empty() && piece.text.size() <= Vocabulary::piece_limit,
             "{}: piece {} has {} bytes, expected 1 to {}", source, id, piece.text.size(),
             Vocabulary::piece_limit);
  check_data(!find_invalid_utf8(piece.text) && piece.text.find('\0') == std::string::npos,
             "{}: piece {} is not valid UTF-8", source, id);
  // Larger scores than any program writes could overflow when a long line sums them.
  check_data(std::isfinite(piece.score) && std::abs(piece.score) <= 1e9f,
             "{}: piece {} has the score {}", source, id, piece.score);
  return piece;
}

void check_normalizer(std::string_view message, const std::string& source) {
  bool seen = false;
  MessageReader reader(message, source);
  while (const auto field = reader.next()) {
    if (field->number == 2) {
      check_data(field->type == bytes_type && !seen,
                 "{}: the normalisation table is damaged: it is no single string of bytes", source);
      seen = true;
      check_normalization_table(field->bytes, source);
    }
  }
}

void check_trainer(std::string_view message, const std::string& source) {
  MessageReader reader(message, source);
  while (const auto field = reader.next()) {
    const bool model_type = field->number == 3;
    check_data(
        !model_type || (field->type == varint_type && field->value >= 1 && field->value <= 4),
        "{}: unknown kind of model", source);
  }
}

void check_pieces(const std::vector<ModelPiece>& pieces, const std::string& source) {
  std::unordered_set<std::string_view> seen;
  int unknown_count = 0;
  for (const ModelPiece& piece : pieces) {
    check_data(seen.insert(piece.text).second, "{}: the piece \"{}\" occurs twice", source,
               piece.text);
    unknown_count += piece.type == PieceType::unknown ? 1 : 0;
  }
  check_data(unknown_count == 1, "{}: {} pieces stand for unknown text, expected one", source,
             unknown_count);
}

}  // namespace

std::vector<ModelPiece> check_sentencepiece_model(std::string_view bytes,
                                                  const std::string& source) {
  std::vector<ModelPiece> pieces;
  std::set<std::uint64_t> sections;
  MessageReader reader(bytes, source);
  while (const auto field = reader.next()) {
    check_data(field->number > 5 || field->type == bytes_type, "{}: field {} has a wrong type",
               source, field->number);
    // A repeated section would be merged by the library, past the checks made on each.
    check_data(field->number == 1 || field->number > 5 || sections.insert(field->number).second,
               "{}: section {} occurs twice", source, field->number);
    if (field->number == 1) {
      check_data(pieces.size() < Vocabulary::size_limit, "{}: more than {} pieces", source,
                 Vocabulary::size_limit);
      pieces.push_back(read_piece(field->bytes, pieces.size(), source));
    } else if (field->number == 2) {
      check_trainer(field->bytes, source);
    } else if (field->number == 3 || field->number == 5) {
      check_normalizer(field->bytes, source);
    }
  }
  check_pieces(pieces, source);
  return pieces;
}

std::string_view normalization_table_of(std::string_view bytes) {
  const std::string source = "the model";
  std::string_view table;
  MessageReader sections(bytes, source);
  while (const auto section = sections.next()) {
    if (section->number == 3) {
      MessageReader normalizer(section->bytes, source);
      while (const auto field = normalizer.next()) {
        table = field->number == 2 ? field->bytes : table;
      }
    }
  }
  return table;
}

}  // namespace heed
