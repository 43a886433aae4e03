#include "checkpoint.hpp"

#include <cmath>
#include <cstring>
#include <new>

#include "laot/file_access.hpp"
#include "laot/letters.hpp"
#include "laot/number_text.hpp"

namespace laot::networks {

namespace {

const char kKind[] = "laot training state 1";
const char kState[] = "state.";
constexpr std::size_t kBlock = 256;

// What may change between two calls: how far to train, and what concerns the result alone.
bool may_change(const std::string& name, bool constant_rate) {
  if (name == "iterations" || name == "epochs") return constant_rate;
  return name == "patience" || name == "on_cancel" || name == "keep_cells";
}

// FNV-1a, a word at a time. The values as the caller has them, because components of them may
// differ in the last bits from one machine to the next.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  return (hash ^ word) * 1099511628211ULL;
}

std::string fingerprint(const Cells& cells, const std::vector<std::uint32_t>& levels) {
  std::uint64_t hash = 14695981039346656037ULL;
  std::vector<double> block(cells.features() * std::min(kBlock, cells.cells()));
  for (std::size_t first = 0; first < cells.cells(); first += kBlock) {
    const std::size_t count = std::min(kBlock, cells.cells() - first);
    cells.gather(first, count, block.data());
    for (std::size_t i = 0; i < cells.features() * count; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, &block[i], sizeof word);
      hash = mixed(hash, word);
      hash ^= hash >> 29;
    }
  }
  for (const std::uint32_t level : levels) hash = mixed(hash, level);
  return text(cells.features(), " x ", cells.cells(), ", ", text_of_bits(hash));
}

std::string fingerprint(const std::vector<EncodedPopulation>& populations) {
  std::string out;
  for (const EncodedPopulation& p : populations)
    out += (out.empty() ? "" : "; ") + fingerprint(p.cells.cells, p.batch);
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
  for (const LevelEmbedding& embedding : experiment.embeddings) {
    const Cells coordinates = Cells::dense(embedding.coordinates);
    out += text("embedding of ", embedding.covariate, ": ", joined(embedding.levels), ", ",
                fingerprint(coordinates, {}), "; ");
  }
  return out;
}

}  // namespace

Checkpoint::Checkpoint(const FitInput& input, Context& context)
    : path_(context.checkpoint), seconds_(context.checkpoint_seconds) {
  if (path_.empty()) return;
  identify(input.params, context);
  identity_.put_text("control", fingerprint(input.control.cells, input.batch_x));
  identity_.put_text("treated", fingerprint(input.treated.cells, input.batch_y));
}

Checkpoint::Checkpoint(const ExperimentInput& input, Context& context)
    : path_(context.checkpoint), seconds_(context.checkpoint_seconds) {
  if (path_.empty()) return;
  identify(input.params, context);
  identity_.put_text("control", fingerprint(input.controls));
  identity_.put_text("treated", fingerprint(input.treated));
  identity_.put_text("conditions", told_of(input.experiment));
}

void Checkpoint::identify(const Params& params, const Context& context) {
  identity_.put_text("kind", kKind);
  identity_.put_text("method", params.method().name);
  identity_.put_text("seed", text(context.seed));
  for (const auto& [name, value] : params.texts()) identity_.put_text("param." + name, value);
}

bool Checkpoint::exists() const {
  return readable(path_);
}

void Checkpoint::require_same_run(const ModelFile& file) const {
  require(file.has_text("kind") && file.text_value("kind") == kKind, Status::bad_format,
          "the checkpoint \"", path_, "\" is no training state; name another file");
  const auto same = [&](const std::string& key, const std::string& what) {
    const std::string& there = file.text_value(key);
    const std::string& here = identity_.text_value(key);
    require(there == here, Status::invalid_argument, "the checkpoint \"", path_,
            "\" is of another run: ", what, " is ", there, " there and ", here,
            " here; name another file, or delete it to start anew");
  };
  const auto same_cells = [&](const std::string& key) {
    require(file.text_value(key) == identity_.text_value(key), Status::invalid_argument,
            "the checkpoint \"", path_, "\" is of another run: its ", key,
            " cells are not the ones given here; name another file, or delete it to start anew");
  };
  same("method", "the method");
  const bool constant_rate = identity_.text_value("param.last_rate") == "1";
  for (const auto& [name, value] : identity_.texts_below("param."))
    if (!may_change(name, constant_rate)) same("param." + name, "parameter " + name);
  same("seed", "the seed");
  same_cells("control");
  same_cells("treated");
  require(!identity_.has_text("conditions") ||
              file.text_value("conditions") == identity_.text_value("conditions"),
          Status::invalid_argument, "the checkpoint \"", path_,
          "\" is of another run: its conditions, their covariates or embeddings are not the ones "
          "given here; name another file, or delete it to start anew");
}

nets::Snapshot Checkpoint::read() const {
  const ModelFile file = [&] {
    try {
      return ModelFile::read(path_);
    } catch (const Error& error) {
      fail(error.status(), "the checkpoint \"", path_, "\" cannot be used (", error.what(),
           "); name another file, or delete it to start anew");
    }
  }();
  require_same_run(file);
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
  ModelFile file = identity_;
  for (const auto& [name, values] : state) file.put(kState + name, arma::vec(values));
  file.write(path_);
  written_ = std::chrono::steady_clock::now();
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
  written_ = std::chrono::steady_clock::now();
  failed_ = true;
  copy_sentence(error.what(), failure_.data(), failure_.size());
}

bool Checkpoint::due() const {
  if (path_.empty()) return false;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - written_).count() >=
         seconds_;
}

}  // namespace laot::networks
