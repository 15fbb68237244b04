#include "heed/interop/llama2c_tokenizer.h"

#include "heed/base/files.h"
#include "heed/formats/byte_reader.h"
#include "heed/text/score_bpe.h"

namespace heed {

namespace {

// Its first pieces are those of LLaMA: unknown, begin, end, and the 256 bytes.
ModelPiece piece_of(std::int64_t id, std::string_view text, float score) {
  constexpr std::int64_t first_byte = 3;
  if (id == 0) {
    return {.text = std::string(text), .score = score, .type = PieceType::unknown};
  }
  if (id < first_byte) {
    return {.text = id == 1 ? "<s>" : "</s>", .score = score, .type = PieceType::control};
  }
  const bool is_byte = id < first_byte + 256;
  return {.text = std::string(text),
          .score = score,
          .type = is_byte ? PieceType::byte : PieceType::normal};
}

}  // namespace

TokenizerPair llama2c_tokenizers(const std::filesystem::path& path, std::int64_t size) {
  constexpr std::uint64_t limit = 1u << 30;
  const std::string content = read_file(path, limit);
  const std::string source = path.string();
  ByteReader reader(content, source);
  reader.read<std::int32_t>("the longest piece's length");
  ScoredVocabulary vocabulary;
  for (std::int64_t id = 0; id < size; ++id) {
    const auto score = reader.read<float>("a score");
    const auto length = reader.read<std::int32_t>("a length");
    check_data(length >= 0, "{}: piece {}: a length of {}", source, id, length);
    vocabulary.pieces.push_back(
        piece_of(id, reader.take(static_cast<std::uint64_t>(length), "a piece"), score));
  }
  check_data(reader.left() == 0, "{}: holds more than the {} pieces of the model", source, size);
  const auto tokenizer = make_score_tokenizer(vocabulary, source);
  return {.source = tokenizer, .target = tokenizer, .joint = true};
}

}  // namespace heed
