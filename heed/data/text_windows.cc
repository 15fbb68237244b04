#include "heed/data/text_windows.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

constexpr std::uint64_t text_limit = std::uint64_t{1} << 30;  // bytes of all files

std::string read_text(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& file : files) {
    std::string content = read_file(file, text_limit);
    check_data(content.size() <= text_limit - text.size(),
               "{}: with this file the text has more than the {} bytes that are held at most", file,
               text_limit);
    const auto invalid = find_invalid_utf8(content);
    check_data(!invalid, "{}: invalid UTF-8 at byte {}", file, invalid.value_or(0));
    check_data(!content.empty(), "{}: no text", file);
    if (text.empty()) {
      text = std::move(content);
    } else {
      text += content;
    }
  }
  return text;
}

// Cuts `share` of `whole` bytes off the end of `text`, between two characters.
std::string cut_off(std::string& text, double share, std::size_t whole, const char* key) {
  const auto size = static_cast<std::size_t>(std::llround(share * static_cast<double>(whole)));
  std::size_t cut = text.size() - std::min(size, text.size());
  while (cut > 0 && cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
    --cut;
  }
  check_data(cut > 0 && cut < text.size(), "data.{}: {} of {} bytes leaves no text on one side",
             key, share, whole);
  std::string part = text.substr(cut);
  text.resize(cut);
  return part;
}

}  // namespace

void check_text_config(const TextConfig& config) {
  check_usage(!config.train.empty(), "data.train: name the files to learn from");
  check_usage(config.window >= 2, "data.window: must be at least 2, got {}", config.window);
  for (const auto& [key, share, files] :
       {std::tuple("validation", config.validation_share, &config.validation),
        std::tuple("test", config.test_share, &config.test)}) {
    check_usage(share >= 0 && share < 1, "data.{}_share: must be in [0, 1), got {}", key, share);
    check_usage(share == 0 || files->empty(),
                "data.{}_share: {} text is either files or a share of train; set one", key, key);
  }
  check_usage(config.validation_share + config.test_share < 1,
              "data.validation_share, test_share: nothing of train would be left");
}

TextParts read_text_parts(const TextConfig& config) {
  check_text_config(config);
  TextParts parts{read_text(config.train), read_text(config.validation), read_text(config.test)};
  const std::size_t whole = parts.train.size();
  if (config.test_share > 0) {
    parts.test = cut_off(parts.train, config.test_share, whole, "test_share");
  }
  if (config.validation_share > 0) {
    parts.validation = cut_off(parts.train, config.validation_share, whole, "validation_share");
  }
  return parts;
}

std::shared_ptr<const TokenStore> open_text_windows(const std::filesystem::path& path,
                                                    std::string_view text,
                                                    const Tokenizer& tokenizer, std::int64_t window,
                                                    std::int64_t most) {
  Fingerprint identity;
  identity.add("text windows");
  identity.add(text);
  identity.add(tokenizer.fingerprint());
  identity.add(static_cast<std::uint64_t>(window));
  identity.add(static_cast<std::uint64_t>(most));
  if (auto store = open_store_of(path, identity.value())) {
    return store;
  }
  std::vector<int> ids = tokenizer.encode(text);
  if (most > 0 && static_cast<std::size_t>(most) < ids.size()) {
    ids.resize(static_cast<std::size_t>(most) + 1);
  }
  check_data(ids.size() >= 2, "{}: a text of {} tokens; nothing follows from anything there",
             path.stem().string(), ids.size());
  TokenStoreWriter writer(path, identity.value(), tokenizer.size(), tokenizer.size());
  PairCounts counts;
  const auto length = static_cast<std::size_t>(window);
  for (std::size_t begin = 0; begin + 1 < ids.size(); begin += length) {
    const std::size_t size = std::min(length + 1, ids.size() - begin);
    writer.add({}, std::span(ids).subspan(begin, size), ++counts.read);
  }
  counts.kept = counts.read;
  writer.finish(counts);
  return std::make_shared<const TokenStore>(path);
}

}  // namespace heed
