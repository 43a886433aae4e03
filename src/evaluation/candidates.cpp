#include "candidates.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "laot/data/columns.hpp"

namespace laot {

namespace {

// Generators of their own for what is drawn once: the repetitions of subsamples have 0, 1, ...
constexpr std::uint64_t kReferenceStream = 1u << 20;

arma::mat predictions_of(const Model& model, const Cells& control, Context& context) {
  arma::mat out(control.features(), control.cells());
  model.predict(control, Nonnegative::no, out.memptr(), context);
  return out;
}

// Beside a model of many features without components there is no Gaussian map.
// Beside a model at a condition without cells there is none.
bool has_trivial(const Model& model, const Traits& traits) {
  if (model.training.n == 0) return false;
  return !traits.dense_map || !model.training.gaussian.map().is_empty() ||
         !model.training.gaussian.offset().is_empty();
}

// As many kept treated cells as there are observed ones, in their order.
arma::mat some_training_cells(const Model& model, std::size_t wanted, std::uint64_t seed) {
  Cells kept = model.training.kept_treated.view();
  if (kept.cells() > wanted) {
    std::vector<std::size_t> chosen =
        Rng(seed).stream(kReferenceStream).sample(kept.cells(), wanted);
    std::sort(chosen.begin(), chosen.end());
    kept.select_cells(chosen, "the kept cells");
  }
  return kept.gather_all();
}

class Candidates {
 public:
  Candidates(const HeldOut& held_out, const std::vector<std::string>& wanted, Context& context)
      : held_out_(held_out), wanted_(wanted), context_(context) {}

  void add_prediction() {
    if (!wants("prediction")) return;
    if (held_out_.predicted)
      out_.push_back({"prediction", held_out_.predicted->gather_all(), true, false});
    else
      out_.push_back({held_out_.model->method(),
                      predictions_of(*held_out_.model, *held_out_.control, context_), true, false});
  }

  void add_trivial() {
    const Model* model = held_out_.model;
    const std::string own = held_out_.predicted || !model ? "" : model->method();
    for (const Method* trivial : trivial_methods(false)) {
      const std::string& name = trivial->spec.name;
      if (own == name || !wants(name)) continue;
      if (trivial->spec.traits.raw_space)
        out_.push_back({name, held_out_.control->gather_all(), true, false});
      else if (model && has_trivial(*model, trivial->spec.traits))
        out_.push_back({name, predictions_of(model->trivial(name), *held_out_.control, context_),
                        true, false});
    }
  }

  void add_references(Reference reference) {
    const bool halves = reference == Reference::halves;
    if (halves && wants("noise_reference")) out_.push_back({"noise_reference", {}, false, true});
    const char* name = halves ? "training_treated" : "noise_reference";
    if (held_out_.model && wants(name) && held_out_.model->training.kept_treated.cells() > 0)
      out_.push_back(
          {name, some_training_cells(*held_out_.model, held_out_.observed.cells(), context_.seed),
           false, false});
  }

  std::vector<NamedCells> take() { return std::move(out_); }

 private:
  bool wants(const std::string& name) const {
    return wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
  }

  const HeldOut& held_out_;
  const std::vector<std::string>& wanted_;
  Context& context_;
  std::vector<NamedCells> out_;
};

}  // namespace

Reference reference_from(const std::string& name) {
  if (name.empty() || name == "auto") return Reference::automatic;
  if (name == "training") return Reference::training;
  if (name == "halves") return Reference::halves;
  fail(Status::unknown_name, "reference must be auto, training or halves, found \"", name, "\"");
}

Reference chosen_reference(const HeldOut& held_out, Reference asked) {
  if (asked != Reference::automatic) return asked;
  if (!held_out.model || held_out.observed_batch.empty()) return Reference::training;
  const auto& kept = held_out.model->training.kept_batch_treated;
  const std::set<std::string> known(kept.begin(), kept.end());
  const bool met = std::any_of(held_out.observed_batch.begin(), held_out.observed_batch.end(),
                               [&](const std::string& level) { return known.count(level) != 0; });
  return known.empty() || met ? Reference::training : Reference::halves;
}

std::vector<NamedCells> candidates_of(const HeldOut& held_out, Reference reference,
                                      const std::vector<std::string>& wanted, Context& context) {
  Candidates out(held_out, wanted, context);
  out.add_prediction();
  if (held_out.control) out.add_trivial();
  out.add_references(reference);
  return out.take();
}

}  // namespace laot
