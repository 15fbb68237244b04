#include "heed/comparison/variants.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"

namespace heed {

namespace {

constexpr std::size_t most_variants = 1000;

// Keys and the sections that they stand in, each once.
std::vector<std::string> with_sections(std::span<const std::string> keys) {
  std::vector<std::string> result;
  std::set<std::string> seen;
  for (const std::string& key : keys) {
    for (std::size_t dot = key.find('.'); dot < key.size(); dot = key.find('.', dot + 1)) {
      if (seen.insert(key.substr(0, dot)).second) {
        result.push_back(key.substr(0, dot));
      }
    }
    if (seen.insert(key).second) {
      result.push_back(key);
    }
  }
  return result;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos
             ? std::string()
             : std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> values;
  int depth = 0;
  char quote = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  values.push_back(trimmed(text.substr(begin)));
  return values;
}

// A word speaks for itself; 4 or true needs its key.
std::string value_label(const std::string& key, const std::string& value) {
  const Json json = parse_yaml(value, key);
  if (json.is_string()) {
    return json.get<std::string>();
  }
  const std::string name = key.substr(key.rfind('.') + 1);
  if (!json.is_object()) {
    return name + "=" + value;
  }
  std::vector<std::string> parts;
  for (const auto& item : json.items()) {
    const Json& inner = item.value();
    parts.push_back(inner.is_string() ? inner.get<std::string>() : item.key() + "=" + inner.dump());
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

// Whether a key is one of `chosen`, lies in one or holds one.
bool touches(const std::string& key, std::span<const std::string> chosen) {
  return std::any_of(chosen.begin(), chosen.end(), [&](const std::string& other) {
    return key == other || key.starts_with(other + ".") || other.starts_with(key + ".");
  });
}

std::string directory_name(const std::string& group, const std::string& label) {
  std::string name = group.empty() || label.empty() ? group + label : group + "+" + label;
  for (std::size_t i = 0; (i = name.find(", ", i)) != std::string::npos;) {
    name.replace(i, 2, "+");
  }
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.";
  for (char& c : name) {
    c = safe.find(c) == std::string_view::npos ? '_' : c;
  }
  if (name.starts_with('.')) {
    name.front() = '_';
  }
  name.resize(std::min<std::size_t>(name.size(), 100));
  return name;
}

void check_keys(std::span<const VariedKey> keys) {
  std::size_t product = 1;
  for (const VariedKey& varied : keys) {
    product *= varied.values.size();
    check_usage(product <= most_variants, "--vary: more than {} variants", most_variants);
    for (const VariedKey& other : keys) {
      check_usage(&varied == &other || varied.key != other.key, "--vary {}: given twice",
                  varied.key);
      check_usage(!other.key.starts_with(varied.key + "."),
                  "--vary {}: lies inside {}, which is varied as well", other.key, varied.key);
    }
  }
}

}  // namespace

std::string resolve_key(std::string_view key, std::span<const std::string> known) {
  const std::vector<std::string> all = with_sections(known);
  std::vector<std::string> candidates;
  for (const std::string& candidate : all) {
    if (candidate == key) {
      return candidate;
    }
    if (!key.empty() && candidate.ends_with("." + std::string(key))) {
      candidates.push_back(candidate);
    }
  }
  if (candidates.empty()) {
    std::vector<std::string> names = all;
    for (const std::string& name : all) {
      for (std::size_t dot = name.find('.'); dot < name.size(); dot = name.find('.', dot + 1)) {
        names.push_back(name.substr(dot + 1));
      }
    }
    const auto nearest = nearest_name(key, names);
    fail(ErrorKind::usage, "'{}' is no key of a recipe{}", key,
         nearest ? "; did you mean '" + *nearest + "'?" : std::string());
  }
  if (candidates.size() != 1) {
    fail(ErrorKind::usage, "'{}' is ambiguous: it may be {}; give more of the key", key,
         fmt::format("{}", fmt::join(candidates, " or ")));
  }
  return candidates.front();
}

VariedKey parse_vary(std::string_view text, std::span<const std::string> known) {
  check_text(text, "--vary");
  const std::size_t equals = text.find('=');
  check_usage(equals != std::string_view::npos && equals > 0,
              "--vary {}: expected KEY=VALUE,VALUE,… such as position.kind=sinusoidal,learned",
              text);
  VariedKey varied{resolve_key(trimmed(text.substr(0, equals)), known),
                   split_values(text.substr(equals + 1))};
  for (const std::string& value : varied.values) {
    check_usage(!value.empty(), "--vary {}: a value is empty", text);
    check_usage(std::count(varied.values.begin(), varied.values.end(), value) == 1,
                "--vary {}: the value {} is given twice", text, value);
  }
  return varied;
}

std::vector<Variant> expand_variants(std::span<const VariedKey> keys,
                                     std::span<const std::string> test_keys) {
  check_keys(keys);
  std::vector<Variant> variants(1);
  for (const VariedKey& varied : keys) {
    std::vector<Variant> next;
    for (const Variant& variant : variants) {
      for (const std::string& value : varied.values) {
        next.push_back(variant);
        next.back().settings.emplace_back(varied.key, value);
        std::string& text = touches(varied.key, test_keys) ? next.back().group : next.back().label;
        text += (text.empty() ? "" : ", ") + value_label(varied.key, value);
      }
    }
    variants = std::move(next);
  }
  std::set<std::string> names = {"data"};  // taken: what variants share lies there
  for (Variant& variant : variants) {
    const std::string name =
        variant.settings.empty() ? "recipe" : directory_name(variant.group, variant.label);
    if (variant.label.empty()) {
      variant.label = "as the recipe says";
    }
    variant.directory = name;
    for (int i = 2; !names.insert(variant.directory).second; ++i) {
      variant.directory = fmt::format("{}-{}", name, i);
    }
  }
  return variants;
}

}  // namespace heed
