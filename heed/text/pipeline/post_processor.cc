#include "heed/text/pipeline/post_processor.h"

#include "heed/base/error.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

int read_special_id(const Json& id, const std::string& source) {
  check_data(id.is_number_unsigned() && id.get<std::uint64_t>() < (std::uint64_t{1} << 31),
             "{}: expected the id of a piece, got {}", source, id.dump().substr(0, 100));
  return id.get<int>();
}

// ["[CLS]", 101]
int read_pair(const StepReader& step, const char* key) {
  const Json& pair = step.list(key);
  check_data(pair.size() == 2, "{}: {}: expected a piece and its id", step.source(), key);
  return read_special_id(pair[1], step.source());
}

void add_template_ids(const Json& specials, const Json& name, std::vector<int>& ids,
                      const std::string& source) {
  const bool known = name.is_object() && name.contains("id") && name["id"].is_string() &&
                     specials.is_object() && specials.contains(name["id"].get<std::string>());
  check_data(known, "{}: special_tokens has no {}", source, name.dump().substr(0, 100));
  const Json& special = specials[name["id"].get<std::string>()];
  check_data(special.is_object() && special.contains("ids") && special["ids"].is_array(),
             "{}: special_tokens: expected ids for {}", source, name.dump().substr(0, 100));
  for (const Json& id : special["ids"]) {
    ids.push_back(read_special_id(id, source));
  }
}

SurroundingIds read_template(const StepReader& step) {
  SurroundingIds result;
  bool seen = false;
  for (const Json& part : step.list("single")) {
    check_data(part.is_object() && part.size() == 1, "{}: single: unexpected {}", step.source(),
               part.dump().substr(0, 100));
    if (part.contains("Sequence")) {
      check_data(!seen, "{}: single: the text occurs twice", step.source());
      seen = true;
    } else if (part.contains("SpecialToken")) {
      add_template_ids(step.value("special_tokens"), part["SpecialToken"],
                       seen ? result.after : result.before, step.source());
    } else {
      fail(ErrorKind::bad_data, "{}: single: unexpected {}", step.source(),
           part.dump().substr(0, 100));
    }
  }
  check_data(seen, "{}: single: the text does not occur", step.source());
  return result;
}

}  // namespace

SurroundingIds read_post_processor(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return {};
  }
  const StepReader step(json, source);
  const std::string& type = step.type();
  if (type == "ByteLevel") {
    return {};  // places in the text, which are of no interest here
  }
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    return {{read_pair(step, "cls")}, {read_pair(step, "sep")}};
  }
  if (type == "TemplateProcessing") {
    return read_template(step);
  }
  if (type == "Sequence") {
    SurroundingIds result;
    for (const Json& part : step.list("processors")) {
      const SurroundingIds ids = read_post_processor(part, source);
      result.before.insert(result.before.begin(), ids.before.begin(), ids.before.end());
      result.after.insert(result.after.end(), ids.after.begin(), ids.after.end());
    }
    return result;
  }
  step.refuse();
}

}  // namespace heed
