#include "condition_files.hpp"

#include <string_view>

#include "laot/base/hash.hpp"
#include "laot/file_access.hpp"
#include "laot/letters.hpp"
#include "model_store.hpp"

namespace laot {

namespace {

const char kFinished[] = "laot fit of a condition 1";

std::uint64_t hash_of(const std::vector<std::string>& texts) {
  std::uint64_t hash = kHashStart;
  for (const std::string& text : texts) {
    for (const char letter : text) hash = mixed(hash, static_cast<unsigned char>(letter));
    hash = mixed(hash, 256);  // the end of a text
  }
  return hash;
}

// Levels by name: numbers of them are of one pair of populations.
std::string fingerprint_of(const Population& population) {
  return text(fingerprint(population.cells, {}), ", names ", hash_of(population.names), ", batch ",
              hash_of(population.batch), ", types ", hash_of(population.types));
}

}  // namespace

std::string file_of_condition(const std::string& whole, const Experiment& experiment,
                              std::size_t c) {
  const auto plain = [&](std::size_t k) {
    constexpr std::string_view kKept =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    std::string out;
    for (const char letter : experiment.conditions[k].condition.name) {
      const bool inside = (static_cast<unsigned char>(letter) & 0xC0U) == 0x80U;  // of a letter
      if (!inside) out += kKept.find(letter) == kKept.npos ? '_' : letter;
    }
    return out;
  };
  std::string name = plain(c);
  bool alone = true;
  for (std::size_t k = 0; k < experiment.conditions.size(); ++k)
    alone = alone && (k == c || plain(k) != name);
  if (!alone) {
    name += text("-", c + 1);
    const auto is_of_another = [&] {
      for (std::size_t k = 0; k < experiment.conditions.size(); ++k)
        if (plain(k) == name) return true;
      return false;
    };
    while (is_of_another()) name += '-';
  }
  const std::size_t folder = whole.find_last_of("/\\"), dot = whole.rfind('.');
  const bool has_ending = dot != std::string::npos && (folder == std::string::npos || dot > folder);
  const std::size_t end = has_ending ? dot : whole.size();
  return whole.substr(0, end) + "-" + name + whole.substr(end);
}

ConditionFiles::ConditionFiles(const Params& params, const Experiment& experiment,
                               const std::string& whole, const Context& context)
    : params_(params), experiment_(experiment), context_(context), whole_(whole) {
  if (!named()) return;
  for (const Population& control : experiment.controls)
    controls_.push_back(fingerprint_of(control));
}

RunIdentity ConditionFiles::identity_of(std::size_t c) const {
  RunIdentity out(kFinished, "fit of a condition", params_, context_);
  const TreatedPopulation& given = experiment_.conditions[c];
  out.add("control", controls_[given.control]);
  out.add("treated", fingerprint_of(given.population));
  return out;
}

std::shared_ptr<const Model> ConditionFiles::read(
    std::size_t c, const std::function<TrainingSummary()>& controls) const {
  if (!named()) return nullptr;
  if (!readable(file_of_condition(whole_, experiment_, c))) return nullptr;
  return load(c, identity_of(c), controls);
}

std::shared_ptr<const Model> ConditionFiles::take_back(std::size_t c,
                                                       const TrainingSummary& controls) const {
  return load(c, written_.at(c), [&] { return controls; });
}

bool ConditionFiles::has_written(std::size_t c) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return written_.count(c) != 0;
}

std::shared_ptr<const Model> ConditionFiles::load(
    std::size_t c, const RunIdentity& identity,
    const std::function<TrainingSummary()>& controls) const {
  const ModelFile file = identity.read(file_of_condition(whole_, experiment_, c),
                                       [](const std::string&) { return false; });
  const bool has_controls = file.has_text("training.control_names");
  const TrainingSummary known = has_controls ? TrainingSummary() : controls();
  Model out = load_condition_fit(file, params_, has_controls ? nullptr : &known);
  out.condition = experiment_.conditions[c].condition;
  return std::make_shared<const Model>(std::move(out));
}

void ConditionFiles::write(std::size_t c, const Model& part) {
  if (!named()) return;
  const std::string path = file_of_condition(whole_, experiment_, c);
  try {
    const RunIdentity identity = identity_of(c);
    ModelFile file = identity.texts();
    store_condition_fit(part, params_.options().equal_counts, file);
    file.write(path);
    const std::lock_guard<std::mutex> lock(mutex_);
    written_.emplace(c, identity);
  } catch (const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (error.status() != Status::io_error || written_.empty()) throw;
    if (failure_.empty()) {
      // It goes into the model's report, and a path may be of any bytes.
      char told[1024];
      copy_sentence(text("the checkpoint \"", path, "\" could not be written (", error.what(),
                         "); a run that is killed fits this condition again"),
                    told, sizeof told);
      failure_ = told;
    }
  }
}

}  // namespace laot
