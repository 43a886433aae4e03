#include "run_identity.hpp"

#include <algorithm>
#include <cstring>

#include "laot/base/hash.hpp"
#include "laot/number_text.hpp"

namespace laot {

namespace {

constexpr std::size_t kHashedCells = 256;  // at a time

ModelFile checkpoint_at(const std::string& path) {
  try {
    return ModelFile::read(path);
  } catch (const Error& error) {
    fail(error.status(), "the checkpoint \"", path, "\" cannot be used (", error,
         "); name another file, or delete it to start anew");
  }
}

}  // namespace

std::string fingerprint(const Cells& cells, const std::vector<std::uint32_t>& levels) {
  std::uint64_t hash = kHashStart;
  std::vector<double> block(cells.features() * std::min(kHashedCells, cells.cells()));
  for (std::size_t first = 0; first < cells.cells(); first += kHashedCells) {
    const std::size_t count = std::min(kHashedCells, cells.cells() - first);
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

RunIdentity::RunIdentity(const char* kind, const char* what, const Params& params,
                         const Context& context)
    : kind_(kind), what_(what) {
  add("kind", kind_);
  add("method", params.method().name);
  add("seed", text(context.seed));
  for (const auto& [name, value] : params.texts()) add("param." + name, value);
}

ModelFile RunIdentity::read(
    const std::string& path,
    const std::function<bool(const std::string& parameter)>& may_change) const {
  const ModelFile file = checkpoint_at(path);
  require(file.has_text("kind") && file.text_value("kind") == kind_, Status::bad_format,
          "the checkpoint \"", path, "\" is no ", what_, "; name another file");
  const auto same = [&](const std::string& key, const auto&... what) {
    const std::string& there = file.text_value(key);
    const std::string& here = texts_.text_value(key);
    require(there == here, Status::invalid_argument, "the checkpoint \"", path,
            "\" is of another run: ", what..., " is ", there, " there and ", here,
            " here; name another file, or delete it to start anew");
  };
  const auto same_input = [&](const std::string& key, const std::string& what) {
    require(!texts_.has_text(key) || file.text_value(key) == texts_.text_value(key),
            Status::invalid_argument, "the checkpoint \"", path, "\" is of another run: its ", what,
            " are not the ones given here; name another file, or delete it to start anew");
  };
  same("method", "the method");
  for (const auto& [name, value] : texts_.texts_below("param."))
    if (!may_change(name)) same("param." + name, "parameter ", parameter_name(name));
  same("seed", "the seed");
  same_input("control", "control cells");
  same_input("treated", "treated cells");
  same_input("conditions", "conditions, their covariates or embeddings");
  return file;
}

std::uint64_t seed_of_checkpoint(const std::string& path) {
  const ModelFile file = checkpoint_at(path);
  std::uint64_t seed = 0;
  require(file.has_text("kind") && file.has_text("seed") &&
              count_of_text(file.text_value("seed"), seed),
          Status::bad_format, "\"", path, "\" is no checkpoint: it names no seed");
  return seed;
}

}  // namespace laot
