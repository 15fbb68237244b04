#include "heed/text/pipeline/post_processor.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

using Part = TextFrame::Part;
using Kind = Part::Kind;
using Parts = std::vector<Part>;

int read_special_id(const Json& id, const std::string& source) {
  check_data(id.is_number_unsigned() && id.get<std::uint64_t>() < (std::uint64_t{1} << 31),
             "{}: expected the id of a piece, got {}", source, id.dump().substr(0, 100));
  return id.get<int>();
}

// ["[CLS]", 101]
Part read_pair(const StepReader& step, const char* key) {
  const Json& pair = step.list(key);
  check_data(pair.size() == 2, "{}: {}: expected a piece and its id", step.source(), key);
  return {.id = read_special_id(pair[1], step.source())};
}

void add_template_ids(const Json& specials, const Json& name, int segment, Parts& parts,
                      const std::string& source) {
  const bool known = name.is_object() && name.contains("id") && name["id"].is_string() &&
                     specials.is_object() && specials.contains(name["id"].get<std::string>());
  check_data(known, "{}: special_tokens has no {}", source, name.dump().substr(0, 100));
  const Json& special = specials[name["id"].get<std::string>()];
  check_data(special.is_object() && special.contains("ids") && special["ids"].is_array(),
             "{}: special_tokens: expected ids for {}", source, name.dump().substr(0, 100));
  for (const Json& id : special["ids"]) {
    parts.push_back({.id = read_special_id(id, source), .segment = segment});
  }
}

// Where a part of a template says to which segment it belongs.
int read_segment(const Json& part, const std::string& source) {
  if (!part.is_object() || !part.contains("type_id")) {
    return 0;
  }
  const Json& segment = part["type_id"];
  check_data(segment.is_number_unsigned() && segment.get<std::uint64_t>() < (1u << 16),
             "{}: type_id: expected the number of a segment, got {}", source,
             segment.dump().substr(0, 100));
  return segment.get<int>();
}

Parts read_template(const StepReader& step, const char* key) {
  Parts parts;
  int first = 0, second = 0;
  for (const Json& part : step.list(key)) {
    check_data(part.is_object() && part.size() == 1, "{}: {}: unexpected {}", step.source(), key,
               part.dump().substr(0, 100));
    const int segment = read_segment(part.begin().value(), step.source());
    if (part.contains("Sequence")) {
      const bool is_second = part["Sequence"].is_object() && part["Sequence"].contains("id") &&
                             part["Sequence"]["id"] == "B";
      ++(is_second ? second : first);
      parts.push_back({is_second ? Kind::second : Kind::first, -1, segment});
    } else if (part.contains("SpecialToken")) {
      add_template_ids(step.value("special_tokens"), part["SpecialToken"], segment, parts,
                       step.source());
    } else {
      fail(ErrorKind::bad_data, "{}: {}: unexpected {}", step.source(), key,
           part.dump().substr(0, 100));
    }
  }
  const int seconds = key == std::string_view("pair") ? 1 : 0;
  check_data(first <= 1 && second <= seconds, "{}: {}: the text occurs twice", step.source(), key);
  check_data(first == 1 && second == seconds, "{}: {}: the text does not occur", step.source(),
             key);
  return parts;
}

// A text in the place of the text of an outer frame: what is said by steps one behind the other.
Parts inside(const Parts& outer, const Parts& inner, Kind text) {
  Parts result;
  for (const Part& part : outer) {
    if (part.kind == text) {
      result.insert(result.end(), inner.begin(), inner.end());
    } else {
      result.push_back(part);
    }
  }
  return result;
}

PostProcessor in_sequence(const StepReader& step) {
  PostProcessor result;
  for (const Json& json : step.list("processors")) {
    const PostProcessor next = read_post_processor(json, step.source());
    result.trims_spans = result.trims_spans || next.trims_spans;
    result.frame.single = inside(next.frame.single, result.frame.single, Kind::first);
    if (next.frame != TextFrame()) {
      result.frame.pair = next.frame.pair;
    }
  }
  return result;
}

}  // namespace

PostProcessor read_post_processor(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return {};
  }
  const StepReader step(json, source);
  const std::string& type = step.type();
  const Part first{Kind::first};
  if (type == "ByteLevel") {
    return {.frame = {}, .trims_spans = step.flag("trim_offsets", true)};
  }
  if (type == "BertProcessing") {
    const Part cls = read_pair(step, "cls"), sep = read_pair(step, "sep");
    Part last = sep;
    last.segment = 1;
    return {{{cls, first, sep}, {cls, first, sep, {Kind::second, -1, 1}, last}}};
  }
  if (type == "RobertaProcessing") {
    const Part cls = read_pair(step, "cls"), sep = read_pair(step, "sep");
    return {.frame = {{cls, first, sep}, {cls, first, sep, sep, {Kind::second, -1, 0}, sep}},
            .trims_spans = step.flag("trim_offsets", true)};
  }
  if (type == "TemplateProcessing") {
    PostProcessor result;
    result.frame.single = read_template(step, "single");
    if (step.has("pair")) {
      result.frame.pair = read_template(step, "pair");
    }
    return result;
  }
  if (type == "Sequence") {
    return in_sequence(step);
  }
  step.refuse();
}

std::vector<int> ids_before(const TextFrame& frame) {
  std::vector<int> ids;
  for (const Part& part : frame.single) {
    if (part.kind != Kind::token) {
      break;
    }
    ids.push_back(part.id);
  }
  return ids;
}

std::vector<int> ids_after(const TextFrame& frame) {
  std::vector<int> ids;
  const auto text = std::ranges::find(frame.single, Kind::first, &Part::kind);
  for (auto part = text; part != frame.single.end(); ++part) {
    if (part->kind == Kind::token) {
      ids.push_back(part->id);
    }
  }
  return ids;
}

}  // namespace heed
