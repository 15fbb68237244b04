#include "heed/data/text_corpus.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "heed/base/error.h"
#include "heed/data/parallel_corpus.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

TextSource source_of(const std::vector<std::string>& files, const TextConfig& config,
                     const fs::path& directory) {
  TextSource source{.files = {}, .form = config.form()};
  for (const std::string& file : files) {
    source.files.push_back((directory / file).string());
    check_corpus_file(source.files.back());
    check_data(fs::file_size(source.files.back()) > 0, "{}: no text", source.files.back());
  }
  return source;
}

// Where the file begins in which a place lies.
std::int64_t begin_of_file(const std::vector<std::int64_t>& sizes, std::int64_t place) {
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    if (begin + size > place) {
      break;
    }
    begin += size;
  }
  return begin;
}

}  // namespace

void check_text_config(const TextConfig& config) {
  check_usage(!config.train.empty(), "data.train: name the files to learn from");
  check_usage(config.window >= 2, "data.window: must be at least 2, got {}", config.window);
  check_usage(config.validation_stride >= 0 && config.validation_stride <= config.window,
              "data.validation_stride: must be 1 … {}, data.window, or 0 for half of it; got {}",
              config.window, config.validation_stride);
  check_text_form(config.form());
  check_usage(!config.document_mask || config.form().has_documents(),
              "data.document_mask: running text has no documents; set data.documents");
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

TextCorpus::TextCorpus(const TextConfig& config, const fs::path& directory) {
  check_text_config(config);
  train_ = source_of(config.train, config, directory);
  validation_ = source_of(config.validation, config, directory);
  test_ = source_of(config.test, config, directory);
  if (config.validation_share > 0 || config.test_share > 0) {
    cut_shares(config);
  }
}

void TextCorpus::cut_shares(const TextConfig& config) {
  const std::vector<std::int64_t> sizes = text_sizes(train_.files);
  std::int64_t whole = 0;
  for (const std::int64_t size : sizes) {
    whole += size;
  }
  std::int64_t end = whole;
  for (const auto& [key, share] : {std::pair("test_share", config.test_share),
                                   std::pair("validation_share", config.validation_share)}) {
    if (share == 0) {
      continue;
    }
    const std::int64_t size = std::llround(share * static_cast<double>(whole));
    std::int64_t cut = end - size;
    if (config.documents == "file") {
      cut = begin_of_file(sizes, cut);
    }
    check_data(cut > 0 && cut < end, "data.{}: {} of {} bytes leaves no text on one side", key,
               share, whole);
    train_.cuts.insert(train_.cuts.begin(), cut);
    end = cut;
  }
  if (config.validation_share > 0) {
    shares_[TextPart::validation] = 1;
  }
  if (config.test_share > 0) {
    shares_[TextPart::test] = train_.cuts.size();
  }
}

TextCorpus::Place TextCorpus::place_of(TextPart part) const {
  if (const auto share = shares_.find(part); share != shares_.end()) {
    return {&train_, share->second};
  }
  return {part == TextPart::train        ? &train_
          : part == TextPart::validation ? &validation_
                                         : &test_,
          0};
}

bool TextCorpus::has(TextPart part) const {
  return !place_of(part).source->files.empty();
}

void TextCorpus::for_each_training_text(const std::function<void(std::string_view)>& visit) const {
  for_each_text(train_, visit);
}

std::map<TextPart, std::shared_ptr<const TokenText>> TextCorpus::open(
    const std::map<TextPart, fs::path>& paths, const Tokenizer& tokenizer, ThreadPool& pool) const {
  std::map<TextPart, std::shared_ptr<const TokenText>> texts;
  for (const TextSource* source : {&train_, &validation_, &test_}) {
    std::vector<fs::path> wanted(source->cuts.size() + 1);
    for (const auto& [part, path] : paths) {
      if (const Place place = place_of(part); place.source == source) {
        wanted[place.number] = path;
      }
    }
    if (std::ranges::all_of(wanted, [](const fs::path& path) { return path.empty(); })) {
      continue;
    }
    const auto opened = open_token_texts(*source, wanted, tokenizer, pool);
    for (const auto& [part, path] : paths) {
      if (const Place place = place_of(part); place.source == source) {
        texts[part] = opened[place.number];
      }
    }
  }
  return texts;
}

std::vector<std::uint64_t> TextCorpus::fingerprints() const {
  return {fingerprint_of_texts(train_.files), fingerprint_of_texts(validation_.files)};
}

}  // namespace heed
