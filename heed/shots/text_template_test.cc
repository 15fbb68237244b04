#include "heed/shots/text_template.h"

#include <gmock/gmock.h>

#include "heed/base/error.h"

namespace heed {
namespace {

using testing::HasSubstr;

const Json document = Json::parse(
    R"({"q": "Why?", "n": 3, "x": 1.5, "yes": true, "none": null, "choices": {"text": ["a", "b"]},
        "labels": ["u", "v"], "meta": {"the id": 7}})");

std::string rendered(std::string_view text) {
  return TextTemplate(text, "task.yaml: doc_to_text").render(document);
}

std::string refusal(std::string_view text) {
  try {
    rendered(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
  return "none";
}

TEST(TextTemplate, PutsFieldsInTheirPlaces) {
  EXPECT_EQ(rendered("Question: {{q}}\nAnswer:"), "Question: Why?\nAnswer:");
  EXPECT_EQ(rendered("{{ q }}{{n}} {{choices.text[1]}} {{labels[0]}} {{meta['the id']}}"),
            "Why?3 b u 7");
  // As Python writes them.
  EXPECT_EQ(rendered("{{yes}} {{none}} {{x}}"), "True None 1.5");
  EXPECT_EQ(rendered("a { b } {c}"), "a { b } {c}");
  EXPECT_EQ(rendered(""), "");
}

TEST(TextTemplate, OneExpressionKeepsItsValue) {
  const auto value = [](std::string_view text) { return TextTemplate(text, "").value(document); };
  EXPECT_EQ(value("{{choices.text}}"), Json({"a", "b"}));
  EXPECT_EQ(value("{{[q, labels[1]]}}"), Json({"Why?", "v"}));
  EXPECT_EQ(value("{{n}}"), 3);
  EXPECT_EQ(value("{{n}} "), "3 ");
}

TEST(TextTemplate, CodeIsRefused) {
  for (const char* code :
       {"{{q|upper}}", "{{choices.label.index(n)}}", "{{q.split(' ')[0]}}", "{{labels[:-1]}}",
        "{{q + q}}", "{{'a'}}", "{% if q %}", "{# q #}", "{{q", "{{}}", "{{[q, }}", "{{[q}}",
        "{{labels[x]}}", "{{q if n else x}}"}) {
    EXPECT_THAT(refusal(code), HasSubstr("is code: heed puts fields in their places ({{name}}"))
        << code;
  }
}

TEST(TextTemplate, WhatADocumentLacksIsNamed) {
  EXPECT_THAT(refusal("{{title}}"), HasSubstr("doc_to_text: an example has no field 'title'"));
  EXPECT_THAT(refusal("{{q.part}}"), HasSubstr("no field 'part'"));
  EXPECT_THAT(refusal("{{labels[2]}}"), HasSubstr("no value 2 in 'labels'"));
  EXPECT_THAT(refusal("x {{choices}}"), HasSubstr("'choices' is a object, where text"));
}

}  // namespace
}  // namespace heed
