// Byte-level byte-pair encoding as a kind of tokenizer: learned from a corpus, and loaded.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/text/tokenizer_kinds.h"

namespace heed {

// The kind byte-level-bpe. Its special pieces are <|endoftext|> (0), which ends texts, and <pad>
// (1); nothing is unknown to it.
TokenizerKind byte_level_kind();

}  // namespace heed
