#include <chrono>

#include "checkpoint.hpp"
#include "laot/nets/cellot.hpp"
#include "method_networks.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

MethodSpec cellot_spec() {
  MethodSpec out;
  out.name = "cellot";
  out.title = "CellOT: two input-convex networks in a min-max game; the map is a gradient";
  out.source = "Bunne et al., Nature Methods 20, 1759-1768 (2023)";
  out.params = {
      {"hidden_units",
       ParamType::integer,
       64.0,
       1,
       100000,
       {},
       "Units of each hidden layer",
       "CellOT, Methods"},
      {"hidden_layers", ParamType::integer, 4.0, 1, 64, {}, "Hidden layers", "CellOT, Methods"},
      {"kernels",
       ParamType::choice,
       std::string("plain"),
       0,
       0,
       {"plain", "softplus"},
       "Convexity by a penalty on negative kernels of g and a clamp on those of f, or by "
       "log(1 + exp(W)) in place of W",
       "CellOT, Methods"},
      {"slope",
       ParamType::number,
       0.2,
       0,
       1,
       {},
       "Slope of the leaky ReLU under 0; 0: ReLU",
       "CellOT, published code"},
      {"init_low",
       ParamType::number,
       0.0,
       -10,
       10,
       {},
       "Weights start uniform from here",
       "CellOT, published code"},
      {"init_high",
       ParamType::number,
       0.1,
       -10,
       10,
       {},
       "Weights start uniform up to here",
       "CellOT, published code"},
      {"penalty",
       ParamType::number,
       1.0,
       0,
       1e6,
       {},
       "Weight of the penalty on negative kernels of g",
       "CellOT, published code"},
      {"clip_norm",
       ParamType::number,
       0.0,
       0,
       1e9,
       {},
       "Gradients of g of a larger norm are scaled down to it; 0: never",
       "published notebooks"},
      {"learning_rate",
       ParamType::number,
       5e-4,
       0,
       1,
       {},
       "Adam: step size",
       "QUALITY, section 3 (published: 1e-4 for 100000 iterations)"},
      {"beta1",
       ParamType::number,
       0.5,
       0,
       0.9999,
       {},
       "Adam: decay of the first moment",
       "CellOT, published code"},
      {"beta2",
       ParamType::number,
       0.9,
       0,
       0.99999,
       {},
       "Adam: decay of the second moment",
       "CellOT, published code"},
      {"iterations",
       ParamType::integer,
       1500.0,
       0,
       kMany,
       {},
       "Outer iterations: steps of f",
       "QUALITY, section 3 (published: 100000)"},
      {"inner",
       ParamType::integer,
       10.0,
       1,
       10000,
       {},
       "Steps of g for one of f",
       "CellOT, published code"},
      {"check_every",
       ParamType::integer,
       25.0,
       1,
       kMany,
       {},
       "Outer iterations between two looks at the validation cells",
       "own"},
      {"average",
       ParamType::number,
       0.9,
       0,
       0.99999,
       {},
       "Decay of the moving average of the weights, an outer iteration a step, that is looked at, "
       "chosen from and kept; 0: the weights themselves, as published",
       "Yazici et al., ICLR 2019"},
  };
  networks::add_training_params(out.params, 256.0, 0.0);
  out.presets = {
      {"official",
       "the published networks and losses, 4 x 64, with a learning rate that works in minutes",
       {}},
      {"compact",
       "the same with 3 x 32 hidden units",
       {{"hidden_units", 32.0}, {"hidden_layers", 3.0}}},
      {"notebook",
       "softplus kernels, plain ReLU, small start, clipped gradients of g",
       {{"kernels", std::string("softplus")},
        {"slope", 0.0},
        {"init_low", -0.01},
        {"init_high", 0.01},
        {"clip_norm", 0.5},
        {"average", 0.0}}},
  };
  return out;
}

nets::CellotOptions cellot_options(const Params& params, const FeatureSpace& space) {
  nets::CellotOptions o;
  o.hidden = networks::hidden_of(params);
  o.slope = params.number("slope");
  o.softplus_kernels = params.choice("kernels") == "softplus";
  o.init_low = params.number("init_low");
  o.init_high = params.number("init_high");
  require(o.init_low <= o.init_high, Status::invalid_argument, "init_low (", o.init_low,
          ") must not lie above init_high (", o.init_high, ")");
  o.penalty = params.number("penalty");
  o.adam_f = {params.number("learning_rate"), params.number("beta1"),
              params.number("beta2"),         1e-8,
              params.number("weight_decay"),  0.0};
  o.adam_g = o.adam_f;
  o.adam_g.clip_norm = params.number("clip_norm");
  o.last_rate = params.number("last_rate");
  o.batch = static_cast<std::size_t>(params.integer("batch_size"));
  o.inner = static_cast<std::size_t>(params.integer("inner"));
  o.iterations = static_cast<std::size_t>(params.integer("iterations"));
  o.check_every = static_cast<std::size_t>(params.integer("check_every"));
  o.average = params.number("average");
  o.restore_mean = networks::restores_mean(params);
  o.validation_share = params.number("validation_share");
  o.score_weights = networks::score_weights(space);
  return o;
}

/// f(z) = grad g(z), in single precision. The potential f is kept beside g.
class PotentialResponse final : public ResponseMap {
 public:
  PotentialResponse(nets::Icnn<float> f, nets::Icnn<float> g)
      : f_(std::move(f)), g_(std::move(g)) {}

  void apply(const arma::mat& z, arma::mat& moved) const override {
    moved = nets::transport(g_, z);
  }

  void store(ModelFile& file) const override {
    file.put_number("response.layers", static_cast<double>(g_.layers()));
    file.put_number("response.slope", g_.shape().slope);
    file.put_number("response.softplus_kernels", g_.shape().softplus_kernels ? 1.0 : 0.0);
    networks::store_tensors(f_.layout(), f_.values(), "response.f.", file);
    networks::store_tensors(g_.layout(), g_.values(), "response.g.", file);
  }

  static std::shared_ptr<const ResponseMap> load(const ModelFile& file, std::size_t dimension) {
    if (networks::is_mean_shift(file, "response.g.A0.weight"))
      return AffineResponse::load(file, dimension);
    nets::IcnnShape shape;
    shape.features = dimension;
    shape.slope = networks::stored_finite(file, "response.slope");
    shape.softplus_kernels = networks::stored_count(file, "response.softplus_kernels", 0, 1) == 1;
    const std::size_t layers =
        networks::stored_count(file, "response.layers", 1, networks::kMostLayers);
    for (std::size_t l = 0; l < layers; ++l) {
      const std::size_t units = file.matrix(text("response.g.A", l, ".weight")).n_rows;
      require(units >= 1 && units <= networks::kMostUnits, Status::bad_format,
              "the model file has a hidden layer of ", units, " units");
      shape.hidden.push_back(units);
    }
    const auto network = [&](const char* prefix) {
      nets::Icnn<float> net(shape);
      std::vector<float> values(net.size());
      networks::load_tensors(file, net.layout(), prefix, values);
      net.assign(values);
      return net;
    };
    return networks::stored_mean(
        std::make_shared<PotentialResponse>(network("response.f."), network("response.g.")), file,
        dimension);
  }

 private:
  nets::Icnn<float> f_, g_;
};

void add_trace(const std::vector<nets::CellotTrace>& trace, Model& model) {
  model.trace = {{"iteration", {}}, {"loss_g", {}}, {"loss_f", {}},
                 {"norm_g", {}},    {"norm_f", {}}, {"validation_mmd2", {}}};
  for (const nets::CellotTrace& t : trace) {
    const double row[] = {static_cast<double>(t.iteration),
                          t.loss_g,
                          t.loss_f,
                          t.norm_g,
                          t.norm_f,
                          t.validation_mmd2};
    for (std::size_t c = 0; c < model.trace.size(); ++c) model.trace[c].second.push_back(row[c]);
  }
}

void fit_cellot(const FitInput& input, Model& model, Context& context) {
  require(input.batch_x.empty(), Status::invalid_argument,
          "cellot does not pair cells within levels of a batch; leave batch out, or fit each level "
          "on its own");
  const auto start = std::chrono::steady_clock::now();
  const nets::CellotOptions options = cellot_options(input.params, model.space);
  nets::CellotTrainer trainer(input.x, input.y, options, context.seed);
  networks::Checkpoint checkpoint(input, context);
  const bool cancelled =
      networks::train(trainer, checkpoint, input, options.iterations, "iteration", context);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  networks::add_report(input.params, trainer.report(), cancelled, false, "iteration", seconds,
                       checkpoint, model, context);
  add_trace(trainer.trace(), model);
  model.map = std::make_shared<PotentialResponse>(trainer.best_f(), trainer.best_g());
  if (options.restore_mean) model.map = networks::restored_mean(model.map, {}, input, context);
}

}  // namespace

Method cellot_method() {
  return {cellot_spec(), fit_cellot, PotentialResponse::load};
}

}  // namespace laot
