#include "heed/text/sentencepiece_ids.h"

#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

std::vector<AddedToken> special_tokens(const std::vector<ModelPiece>& pieces) {
  std::vector<AddedToken> tokens;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const ModelPiece& piece = pieces[id];
    if (piece.type == PieceType::control || piece.type == PieceType::unknown) {
      tokens.push_back({.id = static_cast<int>(id), .content = piece.text, .special = true});
    }
  }
  return tokens;
}

}  // namespace

SentencePieceIds::SentencePieceIds(std::string model, const SentencePieceUse& use, ModelFiles files,
                                   const std::string& source)
    : library_(std::move(model), source),
      use_(use),
      files_(std::move(files)),
      special_(special_tokens(library_.pieces()), {}) {
  for (int id = 0; id < size(); ++id) {
    const ModelPiece& piece = library_.pieces()[static_cast<std::size_t>(id)];
    const bool control = piece.type == PieceType::control;
    if (piece.type == PieceType::unknown) {
      unknown_ = id;
    } else if (control && use_.begins && piece.text == "<s>") {
      begin_ = id;
    } else if (control && piece.text == "</s>") {
      end_ = id;
    } else if (control && piece.text == "<pad>") {
      pad_ = id;
    }
  }
}

std::vector<int> SentencePieceIds::encode_marked(std::string_view text) const {
  std::vector<int> ids;
  for (const AddedTokenFinder::Part& part : special_.split(text, true)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    const std::string_view between = text.substr(part.begin, part.end - part.begin);
    const std::vector<int> found = part.begin == 0 || use_.space_after_special
                                       ? library_.encode(between)
                                       : library_.encode_inner(between);
    ids.insert(ids.end(), found.begin(), found.end());
  }
  return ids;
}

std::string SentencePieceIds::decode(std::span<const int> ids) const {
  std::vector<std::string> pieces;
  for (const int id : ids) {
    std::string text = piece(id);
    if (library_.pieces()[static_cast<std::size_t>(id)].type != PieceType::control) {
      pieces.push_back(std::move(text));
    }
  }
  return library_.decode(pieces);
}

std::string SentencePieceIds::piece(int id) const {
  check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
        size());
  return library_.pieces()[static_cast<std::size_t>(id)].text;
}

ModelFiles SentencePieceIds::files(Side) const {
  ModelFiles files = {{file_name, library_.model()}};
  if (const auto found = files_.find("tokenizer_config.json"); found != files_.end()) {
    files.insert(*found);
    return files;
  }
  Json config = {{"tokenizer_class", class_name}, {"legacy", use_.space_after_special}};
  config["add_bos_token"] = begin_.has_value();
  config["add_eos_token"] = false;
  const auto name = [&](const char* key, int id) {
    if (id >= 0) {
      config[key] = piece(id);
    }
  };
  name("bos_token", begin_.value_or(-1));
  name("eos_token", end_);
  name("unk_token", unknown_);
  name("pad_token", pad_);
  files["tokenizer_config.json"] = config.dump(2) + "\n";
  return files;
}

std::uint64_t SentencePieceIds::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add("SentencePiece's ids");
  fingerprint.add(library_.model());
  return fingerprint.value();
}

}  // namespace heed
