// The model of a tokenizer: words to ids.
//
// Thread-safety: const functions from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/text/pipeline/piece_table.h"

namespace heed {

// Ids that must not come from text, by id; ids past its end may.
using ForbiddenIds = std::vector<bool>;

class SubwordModel {
 public:
  explicit SubwordModel(PieceTable pieces) : pieces_(std::move(pieces)) {}
  virtual ~SubwordModel() = default;

  // Adds the ids of a word, which is not empty, to `ids`. The word is valid UTF-8, or any bytes
  // where the model takes bytes. `forbidden` may be null.
  virtual void encode(std::string_view word, const ForbiddenIds* forbidden,
                      std::vector<int>& ids) const = 0;
  // Whether any word can give this id.
  virtual bool makes(int id) const = 0;
  // What it does not know becomes this id; -1: it knows all there is, or leaves the rest out.
  virtual int unknown_id() const = 0;
  // How many bytes at the beginning of `rest` the piece stands for, `rest` being what is left of a
  // word of which this is not, or is, the first piece. 0: it does not say, as of an unknown one.
  virtual std::size_t length_of(int id, std::string_view rest, bool first) const;
  // "BPE", "Unigram", "WordPiece", "WordLevel"
  virtual std::string type() const = 0;
  // What tokenizer.json calls `model`, in one line or several.
  virtual std::string to_json() const = 0;

  const PieceTable& pieces() const { return pieces_; }

 private:
  PieceTable pieces_;
};

inline bool is_forbidden(const ForbiddenIds* forbidden, int id) {
  return forbidden != nullptr && static_cast<std::size_t>(id) < forbidden->size() &&
         (*forbidden)[static_cast<std::size_t>(id)];
}

}  // namespace heed
