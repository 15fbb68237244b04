#include "heed/interop/llama2c_tokenizer.h"
#include "heed/base/error.h"
namespace heed {
TokenizerPair llama2c_tokenizers(const std::filesystem::path& path, std::int64_t) {
  fail(ErrorKind::failure, "{}: tokenizer", path.string());
}
}  // namespace heed
