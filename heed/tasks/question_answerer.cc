#include "heed/tasks/question_answerer.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/tasks/asked_texts.h"

namespace heed {

QuestionAnswerer::QuestionAnswerer(const LoadedModel& model, const AnswererOptions& options)
    : model_(model), options_(options) {
  const auto* headed = dynamic_cast<const HeadedEncoder*>(model.module.get());
  check_usage(headed != nullptr && headed->config().head.kind == "question",
              "{}: a model for {}, not for question_answering", model.directory.string(),
              model.task());
  check_usage(options.max_tokens > 0 && options.stride >= 0 && options.answer_tokens > 0 &&
                  options.batch_tokens > 0,
              "max_tokens, answer_tokens, batch_tokens: must be above 0, stride at least 0");
  options_.max_tokens = std::min(options.max_tokens, headed->longest());
}

std::vector<TextAnswer> QuestionAnswerer::answer(std::span<const TextQuestion> questions) const {
  std::vector<AskedContext> contexts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    contexts.push_back(
        {.context = questions[i].context,
         .questions = {{.id = std::to_string(i + 1), .question = questions[i].question}}});
  }
  const auto& model = model_.as<HeadedEncoder>();
  const AskedTexts texts(
      contexts, *model_.tokenizers.target,
      {.longest = options_.max_tokens, .windows = true, .stride = options_.stride}, false);
  std::vector<TextAnswer> answers;
  for (FoundAnswer& found : found_answers(model, texts, options_.answer_tokens,
                                          options_.batch_tokens, options_.context)) {
    answers.push_back({std::move(found.text), found.span.begin, found.span.end, found.probability});
  }
  return answers;
}

TextAnswer QuestionAnswerer::answer(const std::string& question, const std::string& context) const {
  const TextQuestion asked{question, context};
  return answer({&asked, 1}).front();
}

}  // namespace heed
