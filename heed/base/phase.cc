#include "heed/base/phase.h"

#include <atomic>
#include <exception>

namespace heed {

namespace {

constexpr std::int64_t no_number = -1;

std::atomic<const char*> current_words{nullptr};
std::atomic<std::int64_t> current_number{no_number};

}  // namespace

Phase::Phase(const char* words)
    : previous_words_(current_words.exchange(words)),
      previous_number_(current_number.exchange(no_number)),
      exceptions_(std::uncaught_exceptions()) {}

Phase::~Phase() {
  if (std::uncaught_exceptions() == exceptions_) {
    current_words = previous_words_;
    current_number = previous_number_;
  }
}

void Phase::at(std::int64_t number) {
  current_number = number;
}

std::string while_text() {
  const char* words = current_words;
  const std::int64_t number = current_number;
  if (words == nullptr) {
    return {};
  }
  return std::string(" while ") + words + (number == no_number ? "" : " " + std::to_string(number));
}

}  // namespace heed
