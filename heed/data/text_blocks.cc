#include "heed/data/text_blocks.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "heed/base/error.h"
#include "heed/data/white_space.h"

namespace heed {

namespace {

constexpr std::size_t read_size = std::size_t{1} << 17;

bool is_part_of_word(std::string_view text, std::size_t place) {
  return place < text.size() && white_space_at(text, place) == 0;
}

// The last place of `mark` that stands alone between two characters that are no white space, of
// which both are there whole; 0: none. The character after it is at most four bytes.
std::size_t last_single(std::string_view text, char mark) {
  std::size_t place = text.size() < 5 ? std::string_view::npos : text.rfind(mark, text.size() - 5);
  for (; place != std::string_view::npos && place > 0; place = text.rfind(mark, place - 1)) {
    if (is_part_of_word(text, character_before(text, place)) && is_part_of_word(text, place + 1)) {
      return place;
    }
  }
  return 0;
}

std::size_t character_boundary(std::string_view text, std::size_t place) {
  std::size_t boundary = place;
  while (boundary > 0 && boundary < text.size() && place - boundary < 3 &&
         continues_character(text[boundary])) {
    --boundary;
  }
  return boundary;
}

// Whether a line is blank that ends before `end`.
bool is_blank_before(std::string_view text, std::size_t end) {
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\r')) {
    --end;
  }
  return end == 0 || text[end - 1] == '\n';
}

// Behind the last line break, or behind the last blank line; 0: there is none.
std::size_t behind_last_line(std::string_view text, bool blank) {
  for (std::size_t place = text.rfind('\n'); place != std::string_view::npos;
       place = place == 0 ? std::string_view::npos : text.rfind('\n', place - 1)) {
    if (!blank || is_blank_before(text, place)) {
      return place + 1;
    }
  }
  return 0;
}

}  // namespace

void check_text_form(const TextForm& form) {
  constexpr std::string_view known[] = {"none", "line", "blank-line", "file", "json"};
  check_usage(std::ranges::find(known, form.documents) != std::end(known),
              "data.documents: '{}' is unknown; known are none, line, blank-line, file and json",
              form.documents);
  check_usage(!form.json_key.empty(), "data.json_key: an empty key holds no text");
}

TextBlocks::TextBlocks(std::vector<std::string> files, const TextForm& form,
                       std::vector<std::int64_t> cuts, std::size_t size)
    : files_(std::move(files)), form_(form), cuts_(std::move(cuts)), size_(size) {}

bool TextBlocks::open_next() {
  if (file_ == files_.size()) {
    return false;
  }
  stream_ = std::make_unique<TextStream>(files_[file_++]);
  file_ended_ = false;
  begins_ = true;
  place_ = 0;
  line_ = 1;
  return true;
}

// Reads until there are that many bytes, or the file ends.
void TextBlocks::fill(std::size_t size) {
  while (!file_ended_ && rest_.size() < size) {
    const std::size_t before = rest_.size();
    rest_.resize(before + read_size);
    const std::size_t count = stream_->read(std::span(rest_).subspan(before));
    rest_.resize(before + count);
    fingerprint_.add(std::string_view(rest_).substr(before));
    if (count == 0) {
      file_ended_ = true;
      fingerprint_.end();
      check_data(place_ > 0 || !rest_.empty(), "{}: no text", files_[file_ - 1]);
    }
  }
}

// Where a part of the text may end, at `most` or before it.
std::size_t TextBlocks::last_boundary(std::size_t most) const {
  if (!form_.has_documents()) {
    return character_boundary(rest_, most);
  }
  // A file that is a document has its cuts where files begin.
  const std::string_view text = std::string_view(rest_).substr(0, most);
  if (file_ended_ && most == rest_.size()) {
    return most;
  }
  return form_.documents == "file" ? most : behind_last_line(text, form_.documents == "blank-line");
}

// How much of rest_ makes a block; reads more where it takes that. What is looked at depends on the
// text alone, not on how much of it was read in one go.
std::size_t TextBlocks::end_of_block() {
  const bool by_line = form_.documents != "none" && form_.documents != "file";
  for (std::size_t size = size_;; size = std::min(2 * size, document_limit)) {
    fill(size + 1);
    if (rest_.size() <= size) {
      return rest_.size();
    }
    const std::string_view text = std::string_view(rest_).substr(0, size);
    std::size_t end = 0;
    if (by_line) {
      end = behind_last_line(text, form_.documents == "blank-line");
    } else if (const std::size_t line_break = last_single(text, '\n'); line_break > 0) {
      end = line_break + 1;
    } else if (size > size_) {
      const std::size_t space = last_single(text, ' ');
      end = space > 0 ? space : character_boundary(rest_, size);
    }
    if (end > 0) {
      return end;
    }
    check_data(size < document_limit,
               "{}:{}: a document of more than {} bytes; is this a text file?", files_[file_ - 1],
               line_, document_limit);
  }
}

void TextBlocks::take(std::size_t size, TextBlock& block) {
  block.text.assign(rest_, 0, size);
  block.file = files_[file_ - 1];
  block.place = place_;
  block.line = line_;
  block.part = part_;
  block.begins = std::exchange(begins_, false);
  block.ends = file_ended_ && size == rest_.size();
  rest_.erase(0, size);
  position_ += static_cast<std::int64_t>(size);
  place_ += static_cast<std::int64_t>(size);
  line_ += std::count(block.text.begin(), block.text.end(), '\n');
}

bool TextBlocks::next(TextBlock& block) {
  for (;;) {
    if (rest_.empty() && (stream_ == nullptr || file_ended_) && !open_next()) {
      return false;
    }
    std::size_t size = end_of_block();
    if (part_ < cuts_.size() && std::cmp_less_equal(cuts_[part_], position_ + size)) {
      size = last_boundary(
          static_cast<std::size_t>(std::max<std::int64_t>(0, cuts_[part_] - position_)));
      if (size == 0) {
        ++part_;
        continue;
      }
      take(size, block);
      ++part_;
      return true;
    }
    if (size > 0) {
      take(size, block);
      return true;
    }
  }
}

std::uint64_t fingerprint_of_texts(std::span<const std::string> files) {
  StreamFingerprint fingerprint;
  std::string buffer(std::size_t{1} << 18, '\0');
  for (const std::string& file : files) {
    TextStream stream(file);
    while (const std::size_t count = stream.read(buffer)) {
      fingerprint.add(std::string_view(buffer).substr(0, count));
    }
    fingerprint.end();
  }
  return fingerprint.value();
}

std::vector<std::int64_t> text_sizes(std::span<const std::string> files) {
  std::vector<std::int64_t> sizes;
  std::string buffer(std::size_t{1} << 18, '\0');
  for (const std::string& file : files) {
    TextStream stream(file);
    std::size_t count = stream.read(buffer);
    if (!stream.is_compressed()) {
      sizes.push_back(static_cast<std::int64_t>(std::filesystem::file_size(file)));
      continue;
    }
    std::int64_t size = 0;
    for (; count > 0; count = stream.read(buffer)) {
      size += static_cast<std::int64_t>(count);
    }
    sizes.push_back(size);
  }
  return sizes;
}

}  // namespace heed
