#include "heed/base/json_leaves.h"

#include "heed/base/json.h"

namespace heed {

namespace {

void add_leaves(const Json& json, const std::string& key, std::map<std::string, std::string>& out) {
  if (!json.is_object()) {
    out[key] = json.dump();
    return;
  }
  for (const auto& item : json.items()) {
    add_leaves(item.value(), key.empty() ? item.key() : key + "." + item.key(), out);
  }
}

}  // namespace

std::map<std::string, std::string> json_leaves(const Json& document) {
  std::map<std::string, std::string> leaves;
  add_leaves(document, "", leaves);
  return leaves;
}

}  // namespace heed
