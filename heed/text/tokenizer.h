// Tokenizers: lines of text to token ids and back.
//
//   const auto tokenizer = load_tokenizers("run/model").source;
//   std::vector<int> ids = tokenizer->encode("Two dogs play.");  // without </s>
//   std::string text = tokenizer->decode(ids);
//
// Ids of tokenizers that heed trains for translation follow the layout that Transformers calls
// Marian: </s> is 0, <unk> is 1, then the other pieces, and <pad> is the last. Vocabularies that
// come from outside may place them elsewhere, or lack them: ask end_id(), unknown_id() and
// pad_id().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/model_files.h"
#include "heed/text/text_frame.h"

namespace heed {

enum class Side { source, target };

// The names of the special pieces, as they stand in vocabularies.
inline constexpr std::string_view end_piece = "</s>";
inline constexpr std::string_view unknown_piece = "<unk>";
inline constexpr std::string_view pad_piece = "<pad>";

// The bytes [begin, end) of a text that a token was made of.
struct TokenSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const TokenSpan&) const = default;
};

struct SpannedTokens {
  std::vector<int> ids;
  std::vector<TokenSpan> spans;  // one for each id
};

// Const functions may be called from several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // The ids of one line, each in [0, size()), without </s> and without padding; an empty line gives
  // no ids. What the vocabulary does not know becomes unknown_id(). Text that spells a special
  // piece ("</s>") never becomes that piece. Error (bad_data): the line is not valid UTF-8.
  virtual std::vector<int> encode(std::string_view line) const = 0;

  // The same for a text that may spell special pieces ("<|im_start|>"), which become what they
  // spell. For text that one trusts: prompts in a model's own format.
  virtual std::vector<int> encode_marked(std::string_view text) const { return encode(text); }

  // The ids that encode() gives, each with the bytes of the line that it was made of: of whole
  // characters, for tagging words and finding answers. Errors: those of encode; usage: a kind of
  // tokenizer that does not know it.
  virtual SpannedTokens encode_with_spans(std::string_view line) const;

  // The line that the ids spell; special pieces are left out. Always valid UTF-8. Error (failure):
  // an id outside [0, size()).
  virtual std::string decode(std::span<const int> ids) const = 0;

  // The piece as it stands in the vocabulary, for display. Error (failure): as for decode.
  virtual std::string piece(int id) const = 0;

  virtual int size() const = 0;
  // What a language model's texts begin with, if anything. encode() does not put it there.
  virtual std::optional<int> begin_id() const { return std::nullopt; }
  // -1: there is none. GPT-2, for one, spells every text and pads nothing.
  virtual int end_id() const = 0;
  virtual int unknown_id() const = 0;
  virtual int pad_id() const = 0;
  // Stands for a token that is to be guessed.
  virtual int mask_id() const { return -1; }

  // What an encoder reads around a text, or around two.
  virtual TextFrame frame() const;

  // How soon byte-pair encoding makes each piece (the highest first), +inf for pieces that it never
  // makes or takes part in; empty for tokenizers of another kind.
  virtual std::vector<float> merge_scores() const { return {}; }

  // This side's files (tokenizer_files.h names them), and what tokenizer_config.json calls them.
  virtual ModelFiles files(Side side) const = 0;
  virtual std::string tokenizer_class() const = 0;
  // As recipes call it: "sentencepiece-bpe" (TokenizerKind::name).
  virtual std::string kind() const = 0;

  // Changes with anything that changes ids.
  virtual std::uint64_t fingerprint() const = 0;
};

// The two sides of a translation model. With a joint vocabulary an id means the same piece on both.
struct TokenizerPair {
  std::shared_ptr<const Tokenizer> source;
  std::shared_ptr<const Tokenizer> target;
  bool joint = true;
};

}  // namespace heed
