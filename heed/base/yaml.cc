#include "heed/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr int yaml_node_limit = 20'000;

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

bool looks_octal(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    text.remove_prefix(1);
  }
  return text.size() > 1 && text.front() == '0' &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

[[noreturn]] void yaml_failure(const std::string& source, const YAML::Mark& mark,
                               const std::string& what) {
  if (mark.is_null()) {
    fail(ErrorKind::usage, "{}: {}", source, what);
  }
  fail(ErrorKind::usage, "{}:{}: {}", source, mark.line + 1, what);
}

Json yaml_scalar(const YAML::Node& node, const std::string& source) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") {  // quoted
    return text;
  }
  if (text == "true" || text == "True" || text == "TRUE") {
    return true;
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return false;
  }
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (looks_octal(text)) {
    yaml_failure(
        source, node.Mark(),
        format_message("'{}' could be octal; write it without leading zeros or in quotes", text));
  }
  if (const auto integer = parse_number<std::int64_t>(text)) {
    return *integer;
  }
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (const auto number = numeric ? parse_number<double>(text) : std::nullopt) {
    return *number;
  }
  return text;
}

// Turns nodes into JSON. Aliases can make a short text mean a huge or endless document, so no more
// values are made than the text has bytes.
class YamlReader {
 public:
  YamlReader(const std::string& source, std::size_t value_limit)
      : source_(source), values_left_(value_limit) {}

  Json read(const YAML::Node& node, int depth = 0) {
    require(depth <= nesting_limit, node, format_message("nested deeper than {}", nesting_limit));
    require(values_left_ > 0, node, "its aliases repeat too much");
    --values_left_;
    const std::string& tag = node.Tag();
    require(tag.empty() || tag == "?" || tag == "!", node,
            "tags such as !function are not supported: nothing in a file is run");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        require_text(node);
        return yaml_scalar(node, source_);
      case YAML::NodeType::Sequence: {
        Json list = Json::array();
        for (const auto& element : node) {
          list.push_back(read(element, depth + 1));
        }
        return list;
      }
      case YAML::NodeType::Map:
        return read_map(node, depth);
      default:
        return nullptr;
    }
  }

 private:
  Json read_map(const YAML::Node& node, int depth) {
    Json map = Json::object();
    std::set<std::string> keys;
    for (const auto& item : node) {
      require(item.first.IsScalar(), item.first, "a key must be a plain word");
      require_text(item.first);
      const std::string key = item.first.Scalar();
      require(key != "<<", item.first, "merge keys (<<) are not supported");
      require(keys.insert(key).second, item.first, "duplicate key '" + key + "'");
      // Appended without the look-up, which is linear here.
      map.get_ref<Json::object_t&>().emplace_back(key, read(item.second, depth + 1));
    }
    return map;
  }
  // The parser turns two of its escapes into single bytes.
  void require_text(const YAML::Node& scalar) const {
    require(!find_invalid_utf8(scalar.Scalar()), scalar,
            "the escapes \\N and \\_ are not supported");
  }
  void require(bool condition, const YAML::Node& node, const std::string& what) const {
    if (!condition) {
      yaml_failure(source_, node.Mark(), what);
    }
  }

  const std::string& source_;
  std::size_t values_left_;
};

// Measures a document while it is parsed, before anything is built of it: what a node costs in
// memory is some hundred times its text.
class YamlMeasure : public YAML::EventHandler {
 public:
  explicit YamlMeasure(const std::string& source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void count(const YAML::Mark& mark) {
    if (++nodes_ > yaml_node_limit) {
      yaml_failure(source_, mark, format_message("more than {} keys and values", yaml_node_limit));
    }
  }
  void open(const YAML::Mark& mark) {
    count(mark);
    if (++depth_ > nesting_limit) {
      yaml_failure(source_, mark, format_message("nested deeper than {}", nesting_limit));
    }
  }

  const std::string& source_;
  int nodes_ = 0;
  int depth_ = 0;
};

// YAML::Load would not look at what follows the first document, be it another or rubbish, and
// YAML::LoadAll never ends on some rubbish.
void check_one_document(const std::string& text, const std::string& source) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  YamlMeasure measure(source);
  const bool more = parser.HandleNextDocument(measure) && parser.HandleNextDocument(measure);
  check_usage(!more, "{}: something follows the first YAML document", source);
}

}  // namespace

Json parse_yaml(std::string_view text, const std::string& source) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", source, invalid.value_or(0));
  // The parser goes astray at a NUL.
  check_data(text.find('\0') == std::string_view::npos, "{}: invalid YAML: a NUL byte", source);
  try {
    const std::string content(text);
    check_one_document(content, source);
    return YamlReader(source, text.size() + 1).read(YAML::Load(content));
  } catch (const YAML::Exception& error) {
    yaml_failure(source, error.mark, error.msg);
  }
}

namespace {

// As it is where that is safe, else as a JSON string, which YAML understands.
std::string written_key(const std::string& key) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
  };
  const bool plain = !key.empty() && key.front() != '-' && key.front() != '.' &&
                     std::all_of(key.begin(), key.end(), is_plain);
  return plain ? key : Json(key).dump();
}

void write_section(const Json& section, int indent, std::string& out) {
  for (const auto& item : section.items()) {
    out.append(static_cast<std::size_t>(indent), ' ');
    out += written_key(item.key()) + ":";
    if (item.value().is_object() && !item.value().empty()) {
      out += "\n";
      write_section(item.value(), indent + 2, out);
    } else {
      // JSON's scalars and lists are YAML's flow style.
      out += " " + item.value().dump() + "\n";
    }
  }
}

}  // namespace

std::string write_yaml(const Json& json) {
  std::string out;
  write_section(json, 0, out);
  return out.empty() ? "{}\n" : out;
}

void check_text(std::string_view text, const std::string& what) {
  check_usage(!find_invalid_utf8(text),
              "{}: '{}' is not UTF-8, as all text of a recipe must be; if it names a file, rename "
              "that, or give a link to it",
              what, escape_invalid_utf8(text));
}

void apply_override(Json& json, std::string_view assignment) {
  check_text(assignment, "--set");
  const std::size_t equals = assignment.find('=');
  check_usage(equals != std::string_view::npos && equals > 0,
              "--set {}: expected KEY=VALUE, for example training.max_steps=100", assignment);
  const std::string key(assignment.substr(0, equals));
  check_usage(std::count(key.begin(), key.end(), '.') < nesting_limit,
              "--set {}: nested deeper than {}", assignment, nesting_limit);
  Json* place = &json;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    const std::string part = key.substr(begin, end - begin);
    check_usage(!part.empty(), "--set {}: the key has an empty part", assignment);
    check_usage(place->is_null() || place->is_object(), "--set {}: '{}' is not a section",
                assignment, key.substr(0, begin == 0 ? 0 : begin - 1));
    place = &(*place)[part];
    begin = end + 1;
  }
  const std::string_view value = assignment.substr(equals + 1);
  *place = value.empty() ? Json("") : parse_yaml(value, "--set " + key);
}

}  // namespace heed
