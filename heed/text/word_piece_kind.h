// WordPiece as a kind of tokenizer: learned from a corpus, for encoders.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/text/tokenizer_kinds.h"

namespace heed {

// The kind wordpiece. Its special pieces are BERT's: [PAD], [UNK], [CLS], [SEP], [MASK].
TokenizerKind word_piece_kind();

}  // namespace heed
