
#include "checkpoint.hpp"
#include "laot/nets/cellot.hpp"
#include "method_networks.hpp"

namespace laot {

namespace {

struct CellotSettings : OptionsOf<CellotSettings, networks::NetworkSettings>,
                        nets::CellotOptions {};

std::vector<ParamSpec> cellot_params() {
  using Own = CellotSettings;
  using Adam = AdamSettings;
  return {
      integer("hidden_units", &Own::hidden_units)
          .from(1)
          .to(100000)
          .doc("Units of each hidden layer")
          .source("CellOT, Methods"),
      integer("hidden_layers", &Own::hidden_layers)
          .from(1)
          .to(64)
          .doc("Hidden layers")
          .source("CellOT, Methods"),
      choice("kernels", &Own::softplus_kernels, {{"plain", false}, {"softplus", true}})
          .doc("Convexity by a penalty on negative kernels of g and a clamp on those of f, or by "
               "log(1 + exp(W)) in place of W")
          .source("CellOT, Methods"),
      number("slope", &Own::slope)
          .to(1)
          .doc("Slope of the leaky ReLU under 0; 0: ReLU")
          .source("CellOT, published code"),
      number("init_low", &Own::init_low)
          .from(-10)
          .to(10)
          .doc("Weights start uniform from here")
          .source("CellOT, published code"),
      number("init_high", &Own::init_high)
          .from(-10)
          .to(10)
          .doc("Weights start uniform up to here")
          .source("CellOT, published code"),
      number("penalty", &Own::penalty)
          .to(1e6)
          .doc("Weight of the penalty on negative kernels of g")
          .source("CellOT, published code"),
      number("clip_norm", in(&Own::adam, &Adam::clip_norm))
          .to(1e9)
          .doc("Gradients of g of a larger norm are scaled down to it; 0: never")
          .source("published notebooks"),
      number("learning_rate", in(&Own::adam, &Adam::rate))
          .to(1)
          .doc("Adam: step size")
          .source("docs/networks.md (published: 1e-4 for 100000 iterations)"),
      number("beta1", in(&Own::adam, &Adam::beta1))
          .to(0.9999)
          .doc("Adam: decay of the first moment")
          .source("CellOT, published code"),
      number("beta2", in(&Own::adam, &Adam::beta2))
          .to(0.99999)
          .doc("Adam: decay of the second moment")
          .source("CellOT, published code"),
      integer("iterations", &Own::iterations)
          .to(kMany)
          .doc("Outer iterations: steps of f")
          .source("docs/networks.md (published: 100000)"),
      integer("inner", &Own::inner)
          .from(1)
          .to(10000)
          .doc("Steps of g for one of f")
          .source("CellOT, published code"),
      networks::looks_row<Own>("Outer iterations"),
      number("average", &Own::average)
          .to(0.99999)
          .doc("Decay of the moving average of the weights, an outer iteration a step, that is "
               "looked at, chosen from and kept; 0: the weights themselves, as published")
          .source("Yazici et al., ICLR 2019"),
  };
}

MethodSpec cellot_spec() {
  MethodSpec out;
  out.name = "cellot";
  out.entitle("CellOT", "two input-convex networks in a min-max game; the map is a gradient");
  out.source = "Bunne et al., Nature Methods 20, 1759-1768 (2023)";
  out.traits.trains = true;
  out.traits.fewest_cells = 4;  // one of them is held out
  out.traits.uses_batch = false;
  out.defaults = std::make_shared<CellotSettings>();
  out.params = joined_rows(cellot_params(), networks::training_params<nets::CellotOptions>());
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

nets::CellotOptions cellot_options(const CellotSettings& settings, const FeatureSpace& space) {
  nets::CellotOptions o = settings;
  o.hidden = settings.layers();
  require(o.init_low <= o.init_high, Status::invalid_argument, "init_low (", o.init_low,
          ") must not lie above init_high (", o.init_high, ")");
  o.restore_mean = networks::restores_mean(settings);
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
    shape.slope = file.usable_number("response.slope");
    shape.softplus_kernels = file.count("response.softplus_kernels", 0, 1) == 1;
    const std::size_t layers = file.count("response.layers", 1, networks::kMostLayers);
    for (std::size_t l = 0; l < layers; ++l) {
      shape.hidden.push_back(
          networks::units_of(file, text("response.g.A", l, ".weight"), dimension));
      if (l > 0)
        networks::require_size(file, text("response.g.W", l, ".weight"), shape.hidden[l],
                               shape.hidden[l - 1]);
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

FitResult fit_cellot(const FitInput& input, Context& context) {
  const auto& settings = input.params.as<CellotSettings>();
  const nets::CellotOptions options = cellot_options(settings, input.space);
  nets::CellotTrainer trainer(input.x, input.y, options, context.seed);
  networks::Checkpoint checkpoint(input, context);
  const networks::Training training =
      networks::train(trainer, checkpoint, settings, options.iterations, "iteration", context);
  FitResult out;
  networks::add_report(settings, trainer.report(), training, checkpoint, out.report, context);
  out.marginals = networks::restores_marginals(settings);
  out.trace = nets::columns_of_trace(trainer.trace(), 0);
  out.map = std::make_shared<PotentialResponse>(trainer.best_f(), trainer.best_g());
  if (options.restore_mean) out.map = networks::restored_mean(out.map, {}, input, context);
  return out;
}

}  // namespace

Method cellot_method() {
  return {cellot_spec(), fit_cellot, PotentialResponse::load};
}

}  // namespace laot
