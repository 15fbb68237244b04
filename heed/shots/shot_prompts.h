// The prompts of a task: a description, examples with their answers, and the document.
//
// Thread-safety: any thread, at any time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/shots/shot_task.h"

namespace heed {

// The choices of a document as texts. Errors (bad_data): no list of texts.
std::vector<std::string> choices_of(const ShotTask& task, const Json& document);

// Which of the choices answers a document: its number, or its text. Errors (bad_data): none does.
std::size_t answer_of(const ShotTask& task, const Json& document,
                      const std::vector<std::string>& choices);

// The answers of a document without choices: one, or several that are right.
std::vector<std::string> targets_of(const ShotTask& task, const Json& document);

// The prompt of each of the first `count` documents, examples drawn for one after the other. Errors
// (usage): more shots than there are examples.
std::vector<std::string> shot_prompts(const ShotTask& task, std::size_t count, int shots,
                                      std::uint32_t seed);

}  // namespace heed
