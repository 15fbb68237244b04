#include "heed/data/text_part.h"

#include "heed/data/white_space.h"

namespace heed {

TextMarks marks_of(const TextForm& form, const Tokenizer& tokenizer) {
  check_usage(!form.has_documents() || tokenizer.end_id() >= 0,
              "data.documents {}: the tokenizer has no end symbol to put behind a document",
              form.documents);
  return {
      .start = tokenizer.begin_id(), .end = tokenizer.end_id(), .documents = form.has_documents()};
}

namespace {

// What a tokenizer refuses, such as a NUL byte, is told with the file that holds it.
std::vector<int> encode_of(const std::string& file, std::string_view text,
                           const Tokenizer& tokenizer) {
  try {
    return tokenizer.encode(text);
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", file, error.what());
  }
}

}  // namespace

EncodedBlock encode_block(const TextBlock& block, const TextForm& form, const TextMarks& marks,
                          const Tokenizer& tokenizer) {
  EncodedBlock encoded;
  for_each_stretch(block, form, [&](const TextStretch& stretch) {
    if (stretch.begins) {
      encoded.documents.push_back(encoded.ids.size());
      if (marks.start) {
        encoded.ids.push_back(*marks.start);
      }
    }
    std::vector<int> ids = encode_of(block.file, stretch.text, tokenizer);
    if (encoded.ids.empty()) {
      encoded.ids = std::move(ids);
    } else {
      encoded.ids.insert(encoded.ids.end(), ids.begin(), ids.end());
    }
    bool in_word = false;
    encoded.counts += count_text_units(stretch.text, in_word);
    encoded.begins_in_word = !stretch.text.empty() && white_space_at(stretch.text, 0) == 0;
    encoded.ends_in_word = in_word;
    if (stretch.ends) {
      encoded.ids.push_back(marks.end);
      encoded.counts += document_end_counts;
    }
  });
  return encoded;
}

}  // namespace heed
