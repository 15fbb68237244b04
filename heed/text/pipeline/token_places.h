// Where the tokens of a text stand in it, through all that a tokenizer does to the text before it
// cuts it: of each byte that is left, the bytes of the text that was given.
//
// Thread-safety: functions from any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/subword_model.h"
#include "heed/text/pipeline/words.h"
#include "heed/text/tokenizer.h"

namespace heed {

// Of each byte, its character.
std::vector<TokenSpan> places_of_characters(std::string_view text);

// Of each byte of `normalized`, which is normalize(text): the place of the character that it was
// made of, or of the characters that make one together (a letter and its accents), or, where a
// normalizer does something else, of all from a space to the next that it changed. `places`: of
// `text`.
std::vector<TokenSpan> places_after(const Normalizer& normalize, std::string_view text,
                                    const TokenSpan* places, std::string_view normalized);

// Adds the spans of the pieces of a word.
void add_spans(const SubwordModel& model, const Word& word, std::span<const int> ids,
               std::vector<TokenSpan>& spans);

// Without spaces at their beginnings and ends.
void trim_spans(std::string_view text, std::vector<TokenSpan>& spans);

}  // namespace heed
