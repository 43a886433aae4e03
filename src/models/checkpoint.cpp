#include "checkpoint.hpp"

#include <cmath>
#include <new>

#include "laot/file_access.hpp"
#include "laot/letters.hpp"
#include "laot/number_text.hpp"

namespace laot::networks {

namespace {

const char kKind[] = "laot training state 1";
const char kState[] = "state.";

// Parameters that may change between two calls: how far to train, and those of the result alone.
bool may_change(const std::string& name, bool constant_rate) {
  if (name == "iterations" || name == "epochs") return constant_rate;
  return name == "patience" || name == "on_cancel" || name == "keep_cells";
}

std::string fingerprint(const std::vector<EncodedPopulation>& populations) {
  std::string out;
  for (const EncodedPopulation& p : populations)
    add_clause(out, laot::fingerprint(p.cells.cells, p.batch));
  return out;
}

// Names, covariates, controls and embeddings: all that a method of many conditions is told.
std::string told_of(const Experiment& experiment) {
  std::string out;
  for (const TreatedPopulation& treated : experiment.conditions) {
    out += text(treated.condition.name, ", control ", treated.control);
    for (const auto& [name, value] : treated.condition.covariates)
      out += ", " + name + " = " + joined(texts_of(value));
    out += "; ";
  }
  for (const LevelEmbedding& given : experiment.embeddings) {
    const LevelEmbedding embedding = in_order(given);
    const Cells coordinates = Cells::dense(embedding.coordinates);
    out += text("embedding of ", embedding.covariate, ": ", joined(embedding.levels), ", ",
                laot::fingerprint(coordinates, {}), "; ");
  }
  return out;
}

}  // namespace

Checkpoint::Checkpoint(const FitInput& input, Context& context)
    : path_(context.checkpoint),
      seconds_(context.checkpoint_seconds),
      identity_(kKind, "training state", input.params, context) {
  if (path_.empty()) return;
  identity_.add("control", laot::fingerprint(input.control.cells, input.batch_x));
  identity_.add("treated", laot::fingerprint(input.treated.cells, input.batch_y));
}

Checkpoint::Checkpoint(const ExperimentInput& input, Context& context)
    : path_(context.checkpoint),
      seconds_(context.checkpoint_seconds),
      identity_(kKind, "training state", input.params, context) {
  if (path_.empty()) return;
  identity_.add("control", fingerprint(input.controls));
  identity_.add("treated", fingerprint(input.treated));
  identity_.add("conditions", told_of(input.experiment));
}

bool Checkpoint::exists() const {
  return readable(path_);
}

nets::Snapshot Checkpoint::read() const {
  const bool constant_rate = identity_.texts().text_value("param.last_rate") == "1";
  const ModelFile file = identity_.read(
      path_, [&](const std::string& name) { return may_change(name, constant_rate); });
  nets::Snapshot out;
  for (const std::string& name : file.tensor_names()) {
    if (name.compare(0, sizeof kState - 1, kState) != 0) continue;
    const arma::vec values = file.vector(name);
    const std::string key = name.substr(sizeof kState - 1);
    // A state that has diverged holds values that are not finite, but never in what is kept.
    require(key.compare(0, 4, "best") != 0 || values.is_finite(), Status::bad_format, "array \"",
            key, "\" of the checkpoint \"", path_, "\" is not finite");
    out[key].assign(values.begin(), values.end());
  }
  return out;
}

void Checkpoint::write(const nets::Snapshot& state) {
  ModelFile file = identity_.texts();
  for (const auto& [name, values] : state) file.put(kState + name, arma::vec(values));
  file.write(path_);
  written_ = Clock::now();
  failed_ = false;
}

void Checkpoint::try_write(const nets::Snapshot& state) noexcept {
  for (int left = 1; left >= 0; --left) {
    try {
      return write(state);
    } catch (const std::bad_alloc& error) {
      remember_failure(error);  // memory that was short a moment ago may be there now
    } catch (const std::exception& error) {
      return remember_failure(error);
    }
  }
}

void Checkpoint::remember_failure(const std::exception& error) noexcept {
  written_ = Clock::now();
  failed_ = true;
  copy_sentence(error.what(), failure_.data(), failure_.size());
}

bool Checkpoint::due() const {
  if (path_.empty()) return false;
  return seconds_since(written_) >= seconds_;
}

}  // namespace laot::networks
