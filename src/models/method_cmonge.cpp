// The Conditional Monge Gap: one network for all conditions, by default on top of conditional LAOT.
#include <algorithm>

#include "checkpoint.hpp"
#include "conditional_start.hpp"
#include "laot/nets/cmonge.hpp"
#include "method_networks.hpp"
#include "network_conditional_map.hpp"

namespace laot {

namespace {

enum class NetworkStart { conditional_laot, identity };

struct CmongeSettings : OptionsOf<CmongeSettings, networks::NetworkSettings>, nets::CmongeOptions {
  NetworkStart start = NetworkStart::conditional_laot;
  double start_restore = ConditionalLaotOptions::kAutomatic;
  DoseScale dose_scale = DoseScale::relative;
  EmbeddingChoice embedding = EmbeddingChoice::given;
  std::size_t embedding_units = 50, dose_units = 4;

  CmongeSettings() {
    space = {Center::joint, Scale::common, FeatureSpaceOptions::kAutomatic};
  }
};

std::vector<ParamSpec> network_rows() {
  using Own = CmongeSettings;
  using Network = networks::NetworkSettings;
  return {
      choice("start", &Own::start,
             {{"conditional_laot", NetworkStart::conditional_laot},
              {"identity", NetworkStart::identity}})
          .doc("What the network corrects: the pooled map of conditional LAOT, fitted first and "
               "then "
               "frozen; or the cell itself, as published")
          .source("docs/conditions.md"),
      number("start_restore", &Own::start_restore)
          .to(1)
          .word("auto", ConditionalLaotOptions::kAutomatic)
          .doc("Share of the regressed spread that the start gets back; auto: by "
               "leave-one-condition-out MMD^2, 1 under four conditions")
          .source("docs/conditions.md"),
      integer("hidden_units", &Network::hidden_units)
          .from(1)
          .to(100000)
          .doc("Units of each hidden layer")
          .source("Conditional Monge Gap, published code"),
      integer("hidden_layers", &Network::hidden_layers)
          .from(1)
          .to(64)
          .doc("Hidden layers")
          .source("Conditional Monge Gap, published code"),
      integer("embedding_units", &Own::embedding_units)
          .from(1)
          .to(100000)
          .doc("Outputs of the layer that embeds a level (of combinations: a level and its dose)")
          .source("Conditional Monge Gap, published code"),
      integer("dose_units", &Own::dose_units)
          .from(1)
          .to(100000)
          .doc("Outputs of the layer that embeds the dose, where it has a layer of its own")
          .source("own (published: 1)"),
      embedding_row<Own>("one-hot without an embedding", "docs/conditions.md"),
      choice("dose_scale", &Own::dose_scale,
             {{"relative", DoseScale::relative}, {"log", DoseScale::logarithm}})
          .doc(
              "How the network is told a dose: log1p(dose / smallest) over that of the largest, or "
              "its natural logarithm, as published")
          .source("docs/conditions.md"),
  };
}

std::vector<ParamSpec> loss_rows() {
  using Own = CmongeSettings;
  using Loss = nets::CmongeLossOptions;
  using nets::PointCost;
  return {
      choice("cost", in(&Own::loss, &Loss::cost),
             {{"euclidean", PointCost::euclidean}, {"squared", PointCost::squared}})
          .doc("Cost of both terms: the distance, as published, or its square")
          .source("Conditional Monge Gap, published code"),
      number("epsilon", in(&Own::loss, &Loss::epsilon))
          .from(1e-6)
          .to(1e6)
          .doc("Entropic regularisation of the fitting term; the report warns where it is so small "
               "that predictions lose their spread")
          .source("docs/conditions.md"),
      choice("epsilon_unit", in(&Own::loss, &Loss::epsilon_of_mean_cost),
             {{"mean_cost", true}, {"absolute", false}})
          .doc("Epsilon times the mean cost of the batch, held fixed in gradients, or as it is, as "
               "published")
          .source("docs/conditions.md"),
      number("gap_weight", in(&Own::loss, &Loss::gap_weight))
          .to(1e6)
          .doc("Weight of the Monge gap")
          .source("Uscidda and Cuturi, ICML 2023"),
      number("gap_epsilon", in(&Own::loss, &Loss::gap_epsilon))
          .to(1e6)
          .doc("Regularisation of the Monge gap, absolute; 0: exact, by assignment")
          .source("docs/conditions.md (published: 0.01)"),
  };
}

std::vector<ParamSpec> training_rows() {
  using Own = CmongeSettings;
  using Adam = AdamSettings;
  std::vector<ParamSpec> out = {
      number("learning_rate", in(&Own::adam, &Adam::rate))
          .to(1)
          .doc("Adam: step size")
          .source("docs/conditions.md (published: 1e-4)"),
      number("beta1", in(&Own::adam, &Adam::beta1))
          .to(0.9999)
          .doc("Adam: decay of the first moment")
          .source("Conditional Monge Gap, published code"),
      number("beta2", in(&Own::adam, &Adam::beta2))
          .to(0.99999)
          .doc("Adam: decay of the second moment")
          .source("Conditional Monge Gap, published code"),
      number("weight_decay", in(&Own::adam, &Adam::decoupled_decay))
          .to(1e3)
          .doc("AdamW: taken off all values, times the learning rate")
          .source("Conditional Monge Gap, published code"),
      integer("iterations", &Own::iterations)
          .to(kMany)
          .doc("Steps, each on conditions drawn uniformly")
          .source("docs/conditions.md (published: 10000)"),
      integer("conditions_per_step", &Own::conditions_per_step)
          .from(1)
          .to(10000)
          .doc("Conditions whose gradients a step averages")
          .source("Conditional Monge Gap, published code"),
      choice("sampling", &Own::replacement, {{"permuted", false}, {"replacement", true}})
          .doc("Cells of a minibatch: pass by pass, each cell once a pass; or drawn with "
               "replacement, as published")
          .source("Conditional Monge Gap, published code"),
      networks::looks_row<Own>("Steps"),
      networks::keep_row<Own>("published: last"),
  };
  for (const ParamSpec& row : networks::training_params<nets::CmongeOptions>())
    if (row.name != "weight_decay" && row.name != "restore" && row.name != "center")
      out.push_back(row);
  return out;
}

MethodSpec cmonge_spec() {
  MethodSpec out;
  out.name = "cmonge";
  out.entitle("Conditional Monge Gap",
              "one network for all conditions, on top of conditional LAOT");
  out.source = "Driessen et al., arXiv 2504.08328 (2025)";
  out.traits.trains = true;
  out.traits.uses_batch = false;
  out.traits.many_conditions = true;
  out.traits.fewest_cells = 4;  // two of them are held out
  out.defaults = std::make_shared<CmongeSettings>();
  out.params = joined_rows(joined_rows(network_rows(), loss_rows()), training_rows());
  out.presets = {
      {"calibrated",
       "started from conditional LAOT, epsilon by the batch, exact Monge gap, 3000 steps of 128",
       {}},
      {"official",
       "the published network, losses and training: from the identity, absolute epsilons, 10000 "
       "steps of 512",
       {{"start", std::string("identity")},
        {"dose_units", 1.0},
        {"dose_scale", std::string("log")},
        {"epsilon", 1.0},
        {"epsilon_unit", std::string("absolute")},
        {"gap_epsilon", 0.01},
        {"learning_rate", 1e-4},
        {"iterations", 10000.0},
        {"batch_size", 512.0},
        {"sampling", std::string("replacement")}}},
  };
  return out;
}

// Some of the cells of every population.
class PartOfCells {
 public:
  PartOfCells(const ExperimentInput& whole, const nets::PopulationSplits& split, Context& context) {
    add(whole.controls, split.controls, "control", controls_, context);
    add(whole.treated, split.treated, "treated", treated_, context);
  }
  const std::vector<EncodedPopulation>& controls() const { return controls_; }
  const std::vector<EncodedPopulation>& treated() const { return treated_; }

 private:
  void add(const std::vector<EncodedPopulation>& whole, const std::vector<nets::Holdout>& split,
           const char* name, std::vector<EncodedPopulation>& out, Context& context) {
    for (std::size_t p = 0; p < whole.size(); ++p) {
      const std::vector<std::uint64_t>& train = split[p].train;
      auto cells = std::make_unique<Population>();
      cells->cells = whole[p].cells.cells;
      cells->cells.select_cells({train.begin(), train.end()}, name);
      const double n = static_cast<double>(train.size());
      const arma::vec even(train.size(), arma::fill::value(1.0 / n));
      const arma::vec mean = weighted_moments(cells->cells, even, context).mean;
      out.push_back({*cells, whole[p].z.cols(arma::conv_to<arma::uvec>::from(train)), mean, {}});
      owned_.push_back(std::move(cells));
    }
  }

  std::vector<std::unique_ptr<Population>> owned_;
  std::vector<EncodedPopulation> controls_, treated_;
};

// The pooled map of conditional LAOT and its shifts in the space.
struct LinearStart {
  std::shared_ptr<const LinearConditionalMap> map;
  arma::mat of_shift;  // k x K
  double restore = 0.0;

  LinearStart(const ExperimentInput& input, const ConditionalStart& start, Context& context) {
    const RegressedShifts shifts(start);
    ConditionalLaot model =
        fit_conditional_laot(cells_of(input, start.features), start.options, context);
    of_shift = input.space.has_components() ? arma::mat(input.space.basis.t() * shifts.coefficients)
                                            : shifts.coefficients;
    of_shift.each_col() /= input.space.scale;
    restore = model.restore;
    const ConditionalForm form =
        restore > 0.0 ? ConditionalForm::laot : ConditionalForm::pooled_laot;
    map = std::make_shared<LinearConditionalMap>(form, input, start.roles, start.features,
                                                 std::move(model), start.own_shift,
                                                 shifts.coefficients);
  }
};

ConditionalLaotOptions of_start(const CmongeSettings& settings) {
  ConditionalLaotOptions out;
  out.restore = settings.start_restore;
  out.own_share = 0.0;
  return out;
}

LinearStart linear_start(const ExperimentInput& input, const ConditionalStart& whole,
                         const nets::CmongeCells& cells, const nets::CmongeOptions& options,
                         Context& context) {
  if (options.train_on_all) return LinearStart(input, whole, context);
  const nets::PopulationSplits split =
      nets::split_populations(cells, options.validation_share, context.seed);
  const PartOfCells part(input, split, context);
  const ExperimentInput seen{input.params, input.experiment, input.space, part.controls(),
                             part.treated()};
  return LinearStart(seen, whole.of_cells(seen), context);
}

nets::CmongeOptions options_of(const CmongeSettings& settings, const ConditionContexts& contexts,
                               const FeatureSpace& space) {
  nets::CmongeOptions out = settings;
  out.train_on_all = settings.keep_last;
  out.shape.hidden = settings.layers();
  out.shape.set = contexts.set();
  out.shape.contexts = contexts.lengths();
  out.shape.embedded.assign(out.shape.contexts.size(), settings.dose_units);
  out.shape.embedded[0] = settings.embedding_units;
  out.score_weights = networks::score_weights(space);
  return out;
}

ExperimentResult fit_cmonge(const ExperimentInput& input, Context& context) {
  const auto& settings = input.params.as<CmongeSettings>();
  const ConditionalStart start(input, {}, of_start(settings), false, settings.embedding, context);
  const ConditionContexts contexts(start.features, settings.dose_scale);
  nets::CmongeCells cells{networks::populations_of(input), {}, {}, {}};
  for (const ConditionCovariates& c : start.features.conditions())
    cells.contexts.push_back(contexts(c));
  const nets::CmongeOptions options = options_of(settings, contexts, input.space);

  ExperimentResult out;
  std::shared_ptr<const LinearConditionalMap> linear;
  arma::mat of_shift;
  double start_restore = kNaN;
  if (settings.start == NetworkStart::conditional_laot) {
    const Context::Span first(context, 0.0, 0.1);
    LinearStart fitted = linear_start(input, start, cells, options, context);
    linear = fitted.map;
    start_restore = fitted.restore;
    of_shift = fitted.of_shift;
    for (std::size_t c = 0; c < input.treated.size(); ++c) {
      const ConditionalMap::At at = linear->at(input.experiment.conditions[c].condition, {});
      const auto& map = dynamic_cast<const AffineResponse&>(*at.map);
      const arma::vec phi = start.features(start.features.conditions()[c]);
      cells.start_maps.push_back(map.map());
      cells.start_shifts.push_back(map.offset() + of_shift * phi);
    }
  }
  nets::CmongeTrainer trainer(cells, options, context.seed);
  networks::Checkpoint checkpoint(input, context);
  const networks::Training training = [&] {
    const Context::Span second(context, linear ? 0.1 : 0.0, 1.0);
    return networks::train(trainer, checkpoint, settings, options.iterations, "iteration", context);
  }();
  nets::TrainingReport report = trainer.report();
  const RegressedShifts shifts(start);
  std::string warning = warnings_of(start, shifts);
  add_clause(warning, report.warning);
  report.warning = warning;
  networks::add_report(settings, report, training, checkpoint, out.report, context,
                       options.keep_last ? "the last" : "the best on validation cells");
  shifts.add_to(out.report);
  out.report.add("self_mass", trainer.self_mass());
  if (linear) out.report.add("start_restore", start_restore);
  out.trace = nets::columns_of_trace(trainer.trace(), 0);
  out.map = std::make_shared<NetworkConditionalMap>(start.roles, contexts, trainer.best(),
                                                    std::move(linear), std::move(of_shift));
  return out;
}

}  // namespace

Method cmonge_method() {
  Method out;
  out.spec = cmonge_spec();
  out.fit_many = fit_cmonge;
  out.load_many = NetworkConditionalMap::load;
  return out;
}

}  // namespace laot
