// The tokenizer of BERT (Devlin et al., 2019): text in lower case or not, words and marks apart,
// each word as WordPieces, [CLS] and [SEP] around. What directories with vocab.txt alone hold, and
// what heed trains for encoders.
//
// Thread-safety: functions from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/text/pipeline/added_tokens.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct BertPieces {
  std::vector<std::string> pieces;  // by id
  std::vector<AddedToken> added;    // beside those below
  std::string prefix = "##";        // of pieces that go on with a word
  bool lowercase = true;
  std::optional<bool> strip_accents;  // nothing: as lowercase
  bool parts_ideographs = true;
  // Special tokens. They have to be among the pieces, but for the mask.
  std::string classify = "[CLS]", separate = "[SEP]", pad = "[PAD]", unknown = "[UNK]",
              mask = "[MASK]";
};

// `files`: those that it was read from, see PipelineTokenizer. Errors (bad_data) name `source`.
std::shared_ptr<const Tokenizer> make_bert_tokenizer(const BertPieces& pieces, ModelFiles files,
                                                     const std::string& source);

}  // namespace heed
