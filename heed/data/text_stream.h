// The bytes of a text file from its beginning to its end, decompressed where gzip compressed them.
//
// A compressed file is one gzip member or several, one behind the other, as `cat a.gz b.gz` makes
// them, and may be padded with zero bytes (RFC 1952; tapes and block devices pad). What else
// follows a member is refused and not dropped.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace heed {

class TextStream {
 public:
  // Errors (input_output) name the path: missing, a directory, unreadable.
  explicit TextStream(const std::filesystem::path& path);
  ~TextStream();
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;

  // Fills the buffer from its beginning with what comes next and returns how many bytes that are, 0
  // at the end only. Errors: input_output where the file cannot be read; bad_data with the place in
  // the file where compressed data are damaged, cut off or followed by something else, and for a
  // file that is named .gz and is not compressed.
  std::size_t read(std::span<char> buffer);

  // Whether gzip compressed it; known after the first read().
  bool is_compressed() const { return inflater_ != nullptr; }

 private:
  enum class State { unread, plain, member, end };
  struct Inflater;

  bool refill();
  void begin();
  std::size_t read_plain(std::span<char> buffer);
  std::size_t read_member(std::span<char> buffer);
  void after_member();
  std::uint64_t place() const;  // of the next byte of input

  std::string name_;
  int descriptor_ = -1;
  State state_ = State::unread;
  std::unique_ptr<char[]> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t input_place_ = 0;  // of input_[0] in the file
  bool input_ended_ = false;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace heed
