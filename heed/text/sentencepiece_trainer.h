// Learns SentencePiece models.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/text/tokenizer_config.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

// Learns one model from the lines and returns it serialized, such that a vocabulary made of it has
// config.vocabulary_size pieces, </s>, <unk> and <pad> among them, or fewer where the text has no
// more to give. The result depends on the lines, their order and the configuration alone. `remark`,
// if there is one, is told what was cut and left out (heed/text/learnable_lines.h). Errors (usage):
// the text has no more to give (the message names how many) while config.hard_vocab_limit is set;
// fewer pieces than characters. Error (bad_data): no text.
std::string train_sentencepiece(const TokenizerConfig& config,
                                const std::vector<std::string>& lines,
                                const TextRemark& remark = {});

}  // namespace heed
