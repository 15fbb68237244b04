#include "heed/interop/gguf_tokenizer.h"
#include "heed/base/error.h"
namespace heed {
TokenizerPair gguf_tokenizers(const GgufHeader&, const std::string& source) {
  fail(ErrorKind::failure, "{}: tokenizer", source);
}
}  // namespace heed
