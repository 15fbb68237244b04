// Which runs a comparison is made of: the keys of a recipe that are varied, and every combination
// of their values.
//
//   const auto varied = parse_vary("position.kind=sinusoidal,rotary", keys);
//   for (const Variant& variant : expand_variants({&varied, 1}, test_keys)) …  // "sinusoidal", …
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed {

// The one key of `known` (dotted, such as "model.position.kind") that is `key` or ends in it at a
// dot. Sections count as keys: "position" means "model.position". Errors (usage): an ambiguous key,
// naming the candidates; an unknown one, with the nearest.
std::string resolve_key(std::string_view key, std::span<const std::string> known);

struct VariedKey {
  std::string key;                  // in full
  std::vector<std::string> values;  // as YAML
};

// Reads KEY=VALUE,VALUE,…, where commas inside brackets, braces and quotes do not separate. Errors
// (usage): no KEY=, an empty value, one value twice, what resolve_key refuses.
VariedKey parse_vary(std::string_view text, std::span<const std::string> known);

struct Variant {
  // What stands for it on a page: its values; those of numbers and switches with their key. Values
  // of keys that decide what is tested on make the group, since scores on unlike data cannot be
  // compared.
  std::string label;
  std::string group;
  std::string directory;                                      // a name for its files
  std::vector<std::pair<std::string, std::string>> settings;  // full key, value as YAML
};

// The product of all lists, the last one varying fastest; without lists one variant, the recipe as
// it is. `test_keys`: the keys or sections, in full, that decide what is tested on. Errors (usage):
// a key that occurs twice, a key inside a section that is varied as well, more than a thousand
// variants.
std::vector<Variant> expand_variants(std::span<const VariedKey> keys,
                                     std::span<const std::string> test_keys);

}  // namespace heed
