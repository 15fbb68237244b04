// Text files to token ids, in one pass: blocks are read one after the other, encoded on several
// threads, and written in order. Memory does not grow with the text, and the ids depend on the text
// alone, not on the number of threads.
//
// Running text is the tokens of its blocks, behind the tokenizer's start symbol if it has one; a
// tokenizer that puts a space before a text does so before each block. A document has the end
// symbol behind it, and the start symbol before it if there is one.
//
// Thread-safety: functions from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/thread_pool.h"
#include "heed/data/text_blocks.h"
#include "heed/data/token_text.h"
#include "heed/text/tokenizer.h"

namespace heed {

// A text that lies in files, or several parts of it, divided at `cuts` (see TextBlocks).
struct TextSource {
  std::vector<std::string> files;
  TextForm form;
  std::vector<std::int64_t> cuts = {};
};

// Checks that the tokenizer can take a text of this form: one that takes lines knows no line
// breaks, so documents have to be lines. Errors (usage).
void check_tokenizer_takes(const TextForm& form, const std::string& tokenizer_kind);

// The parts of a text in files: part i in paths[i]; an empty path: not wanted. Opens what holds
// them already, or else encodes the text. Errors: those of TextBlocks and for_each_stretch;
// bad_data (a part of fewer than two tokens); input_output. Nothing half-written is left.
std::vector<std::shared_ptr<const TokenText>> open_token_texts(
    const TextSource& source, std::span<const std::filesystem::path> paths,
    const Tokenizer& tokenizer, ThreadPool& pool);

// The whole text, held in memory. Errors: the same; bad_data: more than 2^28 tokens.
std::shared_ptr<const TokenText> encode_text(const TextSource& source, const Tokenizer& tokenizer,
                                             ThreadPool& pool);

// Visits the first part of the text, up to the first cut: documents, or parts of running text.
void for_each_text(const TextSource& source, const std::function<void(std::string_view)>& visit);

}  // namespace heed
