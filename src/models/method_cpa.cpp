// The Compositional Perturbation Autoencoder: one network for all conditions.

#include "checkpoint.hpp"
#include "conditional_start.hpp"
#include "cpa_conditional_map.hpp"
#include "laot/nets/cpa_training.hpp"
#include "method_networks.hpp"

namespace laot {

namespace {

constexpr const char* kCode = "CPA, published code";
constexpr const char* kTable = "docs/conditions.md";
constexpr std::size_t kPublishedSteps = 0;

struct CpaSettings : OptionsOf<CpaSettings, networks::NetworkSettings>, nets::CpaOptions {
  DoseFunction dose_function = DoseFunction::relative;
  EmbeddingChoice embedding = EmbeddingChoice::given;
  std::size_t adversary_units = 64, adversary_layers = 3;

  CpaSettings() {
    space = {Center::joint, Scale::common, FeatureSpaceOptions::kAutomatic};
    hidden_units = 128;
    hidden_layers = 2;
  }
};

std::vector<ParamSpec> cpa_network_rows() {
  using Own = CpaSettings;
  using Network = networks::NetworkSettings;
  using nets::CpaShape;
  return {
      integer("hidden_units", &Network::hidden_units)
          .from(1)
          .to(100000)
          .doc("Units of each hidden layer of encoder and decoder")
          .source(kTable),
      integer("hidden_layers", &Network::hidden_layers)
          .to(64)
          .doc("Hidden layers of encoder and decoder")
          .source(kTable),
      integer("latent", in(&Own::shape, &CpaShape::latent))
          .from(1)
          .to(100000)
          .doc("Dimensions of the code, and of the vectors of levels and contexts")
          .source(kTable),
      flag("batch_norm", in(&Own::shape, &CpaShape::batch_norm))
          .doc("Batch normalisation of every hidden layer of encoder and decoder")
          .source(kTable),
      choice("likelihood", in(&Own::shape, &CpaShape::variance),
             {{"gaussian", true}, {"squared", false}})
          .doc("Loss of the reconstruction: a normal density with a variance of each cell and "
               "feature, as published for continuous values, or squared differences")
          .source("docs/conditions.md (published: gaussian)"),
      choice("dose_function", &Own::dose_function,
             {{"relative", DoseFunction::relative},
              {"logsigm", DoseFunction::logsigm},
              {"sigm", DoseFunction::sigm},
              {"linear", DoseFunction::linear}})
          .doc("What the vector of a level is multiplied by: a sigmoid, learned for each level and "
               "0 "
               "at dose 0, of log1p(dose) (logsigm) or of the dose (sigm), as published; of "
               "log1p(dose / smallest) over that of the largest, which does not depend on the unit "
               "(relative); or the dose (linear)")
          .source(kCode),
      embedding_row<Own>("a vector for each without an embedding", kTable),
      choice("residual", &Own::keep_residual, {{"keep", true}, {"drop", false}})
          .doc("What the network cannot reconstruct of a cell: keep it, so that the network "
               "predicts "
               "the change of the cell; drop it, so that it predicts the cell, as published")
          .source("own (published: drop)"),
  };
}

std::vector<ParamSpec> adversary_rows() {
  using Own = CpaSettings;
  using nets::DenseShape;
  return {
      number("adversary_weight", &Own::adversary_weight)
          .to(1e6)
          .doc(
              "Weight of the classifiers' cross-entropy, which the encoder is trained to raise; 0: "
              "no classifiers, and every step trains the autoencoder")
          .source("docs/conditions.md (published: 1)"),
      number("penalty_weight", &Own::penalty_weight)
          .to(1e6)
          .doc("Weight of the mean squared gradient of a classifier's logits in the code")
          .source("docs/conditions.md (published: 1)"),
      integer("adversary_steps", &Own::adversary_steps)
          .from(2)
          .to(1000)
          .doc("Of so many steps one trains the autoencoder, the others the classifiers")
          .source(kCode),
      integer("adversary_units", &Own::adversary_units)
          .from(1)
          .to(100000)
          .doc("Units of each hidden layer of the classifiers")
          .source(kCode),
      integer("adversary_layers", &Own::adversary_layers)
          .to(64)
          .doc("Hidden layers of the classifiers")
          .source(kCode),
      flag("adversary_batch_norm", in(&Own::adversary, &DenseShape::batch_norm))
          .doc("Batch normalisation of every hidden layer of the classifiers")
          .source(kCode),
      number("adversary_dropout", in(&Own::adversary, &DenseShape::dropout))
          .to(0.95)
          .doc("Share of hidden units of the classifiers dropped while training")
          .source(kCode),
      number("adversary_rate", in(&Own::adam_adversary, &AdamSettings::rate))
          .to(1)
          .doc("Adam of the classifiers: step size")
          .source("docs/conditions.md (published: 3e-4)"),
      number("adversary_decay", in(&Own::adam_adversary, &AdamSettings::weight_decay))
          .to(1e6)
          .doc("Adam of the classifiers: weight decay, added to the gradient")
          .source(kCode),
  };
}

std::vector<ParamSpec> cpa_training_rows() {
  using Own = CpaSettings;
  std::vector<ParamSpec> out = {
      number("learning_rate", in(&Own::adam, &AdamSettings::rate))
          .to(1)
          .doc("Adam of the autoencoder: step size")
          .source(kTable),
      number("dose_rate", in(&Own::adam_doses, &AdamSettings::rate))
          .to(1)
          .doc("Adam of the dose curves: step size")
          .source(kTable),
      number("dose_decay", in(&Own::adam_doses, &AdamSettings::weight_decay))
          .to(1e6)
          .doc("Adam of the dose curves: weight decay, added to the gradient")
          .source(kCode),
      number("rate_decay", &Own::rate_decay)
          .from(1e-6)
          .to(1)
          .doc("Learning rates are multiplied by this after every 45 passes over the cells")
          .source(kCode),
      integer("iterations", &Own::iterations)
          .from(1)
          .to(kMany)
          .word("published", kPublishedSteps)
          .doc("Steps; published: those of 400 passes over the training cells, fewer passes above "
               "20,000 cells")
          .source(kTable),
      networks::looks_row<Own>("Steps"),
      networks::keep_row<Own>("own"),
  };
  for (const ParamSpec& row : networks::training_params<nets::CpaOptions>())
    if (row.name != "restore" && row.name != "center") out.push_back(row);
  return out;
}

MethodSpec cpa_spec() {
  MethodSpec out;
  out.name = "cpa";
  out.entitle("CPA", "a code blind to the treatment, plus vectors of levels, doses and contexts");
  out.source = "Lotfollahi et al., Molecular Systems Biology 19, e11517 (2023)";
  out.traits.trains = true;
  out.traits.uses_batch = false;
  out.traits.many_conditions = true;
  out.traits.fewest_cells = 4;  // two of them are held out
  out.defaults = std::make_shared<CpaSettings>();
  out.params = joined_rows(joined_rows(cpa_network_rows(), adversary_rows()), cpa_training_rows());
  out.presets = {
      {"calibrated",
       "128-128-20, strong and fast classifiers, the residual kept, doses without a unit: seconds",
       {}},
      {"official",
       "the published network and training: 256-256-256-128 with batch normalisation, up to 400 "
       "passes",
       {{"hidden_units", 256.0},
        {"hidden_layers", 3.0},
        {"latent", 128.0},
        {"batch_norm", 1.0},
        {"likelihood", std::string("gaussian")},
        {"dose_function", std::string("logsigm")},
        {"residual", std::string("drop")},
        {"adversary_weight", 1.0},
        {"penalty_weight", 1.0},
        {"learning_rate", 5e-4},
        {"dose_rate", 3e-4},
        {"adversary_rate", 3e-4},
        {"last_rate", 1.0},
        {"rate_decay", 0.9},
        {"iterations", std::string("published")},
        {"check_every", 1000.0},
        {"validation_share", 0.1},
        {"keep", std::string("best")}}},
  };
  return out;
}

nets::CpaCells cells_of(const ExperimentInput& input, const CpaConditions& conditions) {
  nets::CpaCells out{networks::populations_of(input), {}, {}};
  std::vector<std::vector<std::size_t>> with(input.controls.size());
  for (std::size_t c = 0; c < input.treated.size(); ++c) {
    with[out.control_of[c]].push_back(c);
    out.conditions.push_back(conditions(conditions.features().conditions()[c]));
  }
  for (const std::vector<std::size_t>& members : with)
    out.control_contexts.push_back(conditions.context_of(members));
  return out;
}

nets::CpaOptions options_of(const CpaSettings& settings, const CpaConditions& conditions,
                            const nets::CpaCells& cells, const FeatureSpace& space) {
  nets::CpaOptions out = settings;
  out.train_on_all = settings.keep_last;
  out.shape.hidden = settings.layers();
  conditions.shape_to(out.shape);
  out.adversary.hidden.assign(settings.adversary_layers, settings.adversary_units);
  out.score_weights = networks::score_weights(space);
  if (out.iterations != kPublishedSteps) return out;
  std::size_t count = 0;
  for (const auto* side : {&cells.controls, &cells.treated})
    for (const arma::mat& population : *side) count += population.n_cols;
  out.iterations = nets::published_cpa_steps(count, out.batch);
  return out;
}

ExperimentResult fit_cpa(const ExperimentInput& input, Context& context) {
  const auto& settings = input.params.as<CpaSettings>();
  const ConditionalStart start(input, {}, {}, false, settings.embedding, context);
  const CpaConditions conditions(start.features, settings.dose_function);
  const nets::CpaCells cells = cells_of(input, conditions);
  const nets::CpaOptions options = options_of(settings, conditions, cells, input.space);
  nets::CpaTrainer trainer(cells, options, context.seed);
  networks::Checkpoint checkpoint(input, context);
  const networks::Training training =
      networks::train(trainer, checkpoint, settings, options.iterations, "iteration", context);
  nets::TrainingReport report = trainer.report();
  const RegressedShifts shifts(start);
  std::string warning = warnings_of(start, shifts);
  add_clause(warning, report.warning);
  report.warning = warning;
  ExperimentResult out;
  networks::add_report(settings, report, training, checkpoint, out.report, context,
                       options.keep_last ? "the last" : "the best on validation cells");
  shifts.add_to(out.report);
  // The untrained network has no losses; its score is in the report.
  out.trace = nets::columns_of_trace(trainer.trace(), 1);
  out.map = std::make_shared<CpaConditionalMap>(start.roles, conditions, trainer.best(),
                                                settings.keep_residual);
  return out;
}

}  // namespace

Method cpa_method() {
  Method out;
  out.spec = cpa_spec();
  out.fit_many = fit_cpa;
  out.load_many = CpaConditionalMap::load;
  return out;
}

}  // namespace laot
