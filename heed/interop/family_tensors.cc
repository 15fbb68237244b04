#include "heed/interop/family_tensors.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "heed/base/error.h"
#include "heed/formats/load_tensors.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/interop/name_pattern.h"
#include "heed/interop/stored_parameters.h"
#include "heed/interop/tensor_form.h"

namespace heed {

namespace {

// Where one tensor of ours may lie: the places of its rule with their stars filled.
struct Candidates {
  std::vector<Place> places;
  bool zero_if_missing = false;
};

// `all`: every tensor of the model.
Candidates candidates_of(const ModelFamily& family, const std::string& ours,
                         const std::unordered_set<std::string>& all, ErrorKind kind) {
  if (family.names.empty()) {
    return {.places = {{.name = ours}}};
  }
  for (const NameRule& rule : family.names) {
    const auto stars = match_name(rule.ours, ours);
    if (!stars || (!rule.beside.empty() && !all.contains(fill_pattern(rule.beside, *stars)))) {
      continue;
    }
    Candidates result{.places = rule.theirs, .zero_if_missing = rule.zero_if_missing};
    for (Place& place : result.places) {
      place.name = fill_pattern(place.name, *stars);
    }
    return result;
  }
  fail(kind, "a model of type {} has no tensor for {}", family.model_type, quoted_name(ours));
}

std::unordered_set<std::string> names_of(const std::vector<NamedTensor>& tensors) {
  std::unordered_set<std::string> names;
  for (const NamedTensor& item : tensors) {
    names.insert(item.name);
  }
  return names;
}

// A name without the family's prefix, if it has one.
std::string bare_name(const ModelFamily& family, const std::string& name) {
  for (const std::string& prefix : family.prefixes) {
    if (name.starts_with(prefix)) {
      return name.substr(prefix.size());
    }
  }
  return name;
}

// The names of a file with and without the family's prefixes.
class FileNames {
 public:
  FileNames(const ModelFamily& family, const TensorSource& file) : family_(family), file_(file) {
    for (const std::string& name : file.names()) {
      const auto [place, added] = names_.emplace(bare_name(family, name), name);
      check_data(added, "{}: holds both {} and {}, which are one tensor",
                 file.path_of(name).string(), quoted_name(place->second), quoted_name(name));
    }
  }

  // The name in the file; null when it is not there.
  const std::string* find(const std::string& name) const {
    const auto found = names_.find(bare_name(family_, name));
    return found == names_.end() ? nullptr : &found->second;
  }
  void use(const std::string& name) { used_.insert(bare_name(family_, name)); }
  // Refuses names that nobody used.
  void check_rest(const std::vector<std::string>& ignored) const {
    for (const auto& [bare, name] : names_) {
      const bool known =
          used_.contains(bare) ||
          std::any_of(ignored.begin(), ignored.end(), [&bare = bare](const auto& pattern) {
            return match_name(pattern, bare).has_value();
          });
      check_data(known, "{}: tensor {} has no place in this model", file_.path_of(name).string(),
                 quoted_name(name));
    }
  }

 private:
  const ModelFamily& family_;
  const TensorSource& file_;
  std::map<std::string, std::string> names_;
  std::unordered_set<std::string> used_;
};

// Two names of one tied tensor, which a file holds twice.
struct Twins {
  std::string first, second;
};

// Finds the tensors of a module in a file.
class Finder {
 public:
  Finder(const ModelFamily& family, const TensorSource& file, Module& module,
         MatmulPrecision running)
      : family_(family), file_(file), names_(family, file) {
    parameters_ = stored_parameters_of(module, running);
    const std::unordered_set<std::string> all = names_of(stored_tensors_of(module));
    for (const StoredTensor& parameter : parameters_) {
      for (const StoredPart& part : parameter.parts) {
        Candidates candidates = candidates_of(family, part.name, all, ErrorKind::bad_data);
        owned_.insert(candidates.places.front().name);
        candidates_.emplace(part.name, std::move(candidates));
      }
    }
  }

  std::vector<StoredTensor> find() {
    for (StoredTensor& parameter : parameters_) {
      std::vector<StoredPart> found;
      for (StoredPart& part : parameter.parts) {
        if (find_part(part)) {
          found.push_back(std::move(part));
        }
      }
      parameter.parts = std::move(found);
    }
    names_.check_rest(family_.ignored);
    return std::move(parameters_);
  }

  const std::vector<Twins>& twins() const { return twins_; }

 private:
  // Makes the part one of the file; false: it is not there and holds zeros.
  bool find_part(StoredPart& part) {
    const Candidates& candidates = candidates_.at(part.name);
    const Place* chosen = nullptr;
    for (const Place& place : candidates.places) {
      const std::string* name = names_.find(place.name);
      // The first name of another tensor is that one's alone.
      const bool others = &place != &candidates.places.front() && owned_.contains(place.name);
      if (name == nullptr || others) {
        continue;
      }
      names_.use(place.name);
      if (chosen == nullptr) {
        chosen = &place;
      } else {
        twins_.push_back({*names_.find(chosen->name), *name});
      }
    }
    if (chosen == nullptr) {
      check_data(candidates.zero_if_missing, "{}: has no tensor {}, which a model of type {} needs",
                 file_.place().string(), quoted_name(candidates.places.front().name),
                 family_.model_type);
      part.tensor.fill(0);
      return false;
    }
    part.ours = part.name;
    part.name = *names_.find(chosen->name);
    if (chosen->form != Form::as_is || chosen->parts > 1 || chosen->skip > 0) {
      part.read = [place = *chosen](const Tensor& stored) {
        return read_from_place(stored, place);
      };
    }
    return true;
  }

  const ModelFamily& family_;
  const TensorSource& file_;
  FileNames names_;
  std::vector<StoredTensor> parameters_;
  std::unordered_map<std::string, Candidates> candidates_;
  std::unordered_set<std::string> owned_;
  std::vector<Twins> twins_;
};

// What a file holds twice and the configuration ties has to be the same.
void check_twins(const TensorSource& file, const Twins& twins) {
  const Tensor first = file.tensor(twins.first), second = file.tensor(twins.second);
  bool same = first.shape() == second.shape() && first.dtype() == second.dtype();
  same = same && std::memcmp(first.view().data, second.view().data,
                             static_cast<std::size_t>(first.element_count()) *
                                 element_size(first.dtype())) == 0;
  check_data(same,
             "{}: tensors {} and {} differ, but config.json says that they are one (see "
             "tie_word_embeddings)",
             file.path_of(twins.second).string(), quoted_name(twins.first),
             quoted_name(twins.second));
}

}  // namespace

void read_family_tensors(const ModelFamily& family, const TensorSource& file, Module& module,
                         ThreadPool& pool, MatmulPrecision running) {
  Finder finder(family, file, module, running);
  const std::vector<StoredTensor> tensors = finder.find();
  map_tensors(file, tensors, pool);
  for (const Twins& twins : finder.twins()) {
    check_twins(file, twins);
  }
}

std::vector<NamedTensor> family_tensors(const ModelFamily& family, Module& module) {
  // In the order of the first part; parts by their number.
  std::vector<Place> places;
  std::unordered_map<std::string, std::map<int, Tensor>> parts;
  const std::vector<NamedTensor> stored = stored_tensors_of(module);
  const std::unordered_set<std::string> all = names_of(stored);
  for (const NamedTensor& item : stored) {
    const Place place = candidates_of(family, item.name, all, ErrorKind::failure).places.front();
    auto& found = parts[place.name];
    if (found.empty()) {
      places.push_back(place);
    }
    check(found.emplace(place.part, item.tensor).second, "{}: two tensors would be called {}",
          family.model_type, place.name);
  }
  std::vector<NamedTensor> result;
  for (const Place& place : places) {
    std::vector<Tensor> tensors;
    for (const auto& [part, tensor] : parts.at(place.name)) {
      tensors.push_back(tensor);
    }
    check(std::cmp_equal(tensors.size(), place.parts), "{}: {} of {} parts of {}",
          family.model_type, tensors.size(), place.parts, place.name);
    result.push_back({place.name, laid_out(tensors, place)});
  }
  return result;
}

}  // namespace heed
