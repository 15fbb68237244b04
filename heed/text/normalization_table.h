// Checks the table of character rewritings that a SentencePiece model carries.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>
#include <string_view>

namespace heed {

// The table (`precompiled_charsmap`) is a little-endian 32-bit size, a double-array trie of that
// many bytes over the characters to be rewritten, and the NUL-terminated replacements that the
// trie's leaves point to. Errors (bad_data) name `source`: a size that does not fit, a node or leaf
// that leads outside, a loop, more prefixes on one path than the library has room for, a
// replacement that is not valid UTF-8. An empty table is fine.
void check_normalization_table(std::string_view table, const std::string& source);

}  // namespace heed
