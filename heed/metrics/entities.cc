#include "heed/metrics/entities.h"

#include <algorithm>
#include <string_view>

#include "heed/base/error.h"

namespace heed {

namespace {

// "B-ORG" is B of ORG. What has no hyphen is all type but for its first sign.
struct Tag {
  char place = 'O';
  std::string_view type;
  bool is_inside() const { return place != 'O' && place != '.'; }
};

Tag tag_of(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const std::string_view rest = text.substr(1);
  const std::size_t hyphen = rest.find('-');
  const std::string_view type = hyphen == std::string_view::npos ? rest : rest.substr(hyphen + 1);
  return {text.front(), type.empty() ? "_" : type};
}

bool is_one_of(char sign, std::string_view signs) {
  return signs.find(sign) != std::string_view::npos;
}

bool ends_between(const Tag& before, const Tag& after) {
  return is_one_of(before.place, "ES") ||
         (is_one_of(before.place, "BI") && is_one_of(after.place, "BSO")) ||
         (before.is_inside() && before.type != after.type);
}

bool begins_between(const Tag& before, const Tag& after) {
  return is_one_of(after.place, "BS") ||
         (is_one_of(before.place, "ESO") && is_one_of(after.place, "EI")) ||
         (after.is_inside() && before.type != after.type);
}

template <typename Number>
double entity_f1(std::span<const Number> totals) {
  const double both = static_cast<double>(totals[1]) + static_cast<double>(totals[2]);
  return both > 0 ? 200 * static_cast<double>(totals[0]) / both : 0;
}

}  // namespace

std::vector<Entity> entities_of(std::span<const std::string> tags) {
  std::vector<Entity> entities;
  Tag before{'O', "_"};
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= tags.size(); ++i) {
    const Tag tag = i < tags.size() ? tag_of(tags[i]) : Tag{'O', "_"};
    if (ends_between(before, tag)) {
      entities.push_back({std::string(before.type), begin, i});
    }
    if (begins_between(before, tag)) {
      begin = i;
    }
    before = tag;
  }
  return entities;
}

bool are_entity_tags(std::span<const std::string> tags) {
  bool any = false;
  for (const std::string& tag : tags) {
    const bool typed = tag.size() > 2 && is_one_of(tag[0], "BIES") && tag[1] == '-';
    if (!typed && tag != "O") {
      return false;
    }
    any = any || typed;
  }
  return any;
}

std::int64_t broken_tags(std::span<const std::string> tags, bool has_ends) {
  std::int64_t broken = 0;
  Tag before{'O', "_"};
  for (std::size_t i = 0; i <= tags.size(); ++i) {
    const Tag tag = i < tags.size() ? tag_of(tags[i]) : Tag{'O', "_"};
    const bool goes_on =
        is_one_of(before.place, "BI") && is_one_of(tag.place, "IE") && before.type == tag.type;
    const bool without_beginning = is_one_of(tag.place, "IE") && !goes_on;
    const bool without_end = has_ends && is_one_of(before.place, "BI") && !goes_on;
    broken += (without_beginning ? 1 : 0) + (without_end ? 1 : 0);
    before = tag;
  }
  return broken;
}

std::vector<std::int64_t> tag_row(std::span<const std::string> predicted,
                                  std::span<const std::string> right) {
  check(predicted.size() == right.size(), "tags: {} predicted for {}", predicted.size(),
        right.size());
  const std::vector<Entity> found = entities_of(predicted), wanted = entities_of(right);
  std::int64_t hits = 0;
  for (const Entity& entity : found) {
    hits += std::find(wanted.begin(), wanted.end(), entity) != wanted.end() ? 1 : 0;
  }
  std::int64_t same = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    same += predicted[i] == right[i] ? 1 : 0;
  }
  return {hits, static_cast<std::int64_t>(found.size()), static_cast<std::int64_t>(wanted.size()),
          same, static_cast<std::int64_t>(right.size())};
}

EntityMetric EntityMetric::f1() {
  return {};
}

Share EntityMetric::precision() {
  return {{.key = "precision", .name = "precision", .unit = "points of precision"}, 0, 1};
}

Share EntityMetric::recall() {
  return {{.key = "recall", .name = "recall", .unit = "points of recall"}, 0, 2};
}

const MetricStyle& EntityMetric::style() const {
  static const MetricStyle style{
      .key = "entity_f1", .name = "entity F1", .unit = "points of entity F1"};
  return style;
}

double EntityMetric::score_of(std::span<const std::int64_t> totals) const {
  return entity_f1(totals);
}

double EntityMetric::resampled_score(std::span<const float> totals) const {
  return entity_f1(totals);
}

}  // namespace heed
