// The table of character rewritings that a SentencePiece model carries: checked, and looked up as
// the library does.
//
// Thread-safety: may be called from any thread; a table is const once made.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heed {

// The table (`precompiled_charsmap`) is a little-endian 32-bit size, a double-array trie of that
// many bytes over the characters to be rewritten, and the NUL-terminated replacements that the
// trie's leaves point to. Errors (bad_data) name `source`: a size that does not fit, a node or leaf
// that leads outside, a loop, more prefixes on one path than the library has room for, a
// replacement that is not valid UTF-8. An empty table is fine.
void check_normalization_table(std::string_view table, const std::string& source);

class NormalizationTable {
 public:
  // A table that check_normalization_table accepts.
  explicit NormalizationTable(std::string_view table);

  // What the table rewrites at the beginning of a text: so many bytes, by a text that lives as long
  // as the table.
  struct Rewriting {
    std::size_t size = 0;  // 0: nothing
    std::string_view text;
  };
  // The longest one, and the shortest.
  Rewriting longest(std::string_view text) const { return find(text, false); }
  Rewriting shortest(std::string_view text) const { return find(text, true); }

 private:
  Rewriting find(std::string_view text, bool first) const;

  std::string trie_;
  std::string replacements_;
};

}  // namespace heed
