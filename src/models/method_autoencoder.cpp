#include <cmath>

#include "checkpoint.hpp"
#include "laot/nets/autoencoder_training.hpp"
#include "method_networks.hpp"

namespace laot {

namespace {

using nets::AutoencoderOptions;
using networks::NetworkSettings;

const char kScgen[] = "Lotfollahi et al., Nature Methods 16, 715-721 (2019)";
const char kPublished[] = "CellOT, published code";

// Of one of the two methods, with its own options of the training.
template <class Training, std::size_t units>
struct AutoencoderSettings : OptionsOf<AutoencoderSettings<Training, units>, NetworkSettings>,
                             Training {
  AutoencoderSettings() {
    this->hidden_units = units;
    this->hidden_layers = 2;
  }
};
using ScgenSettings = AutoencoderSettings<nets::ScgenOptions, 256>;
using CaeSettings = AutoencoderSettings<nets::CaeOptions, 512>;

std::vector<ParamSpec> autoencoder_params(const char* source, const char* source_of_latent) {
  using Own = AutoencoderOptions;
  return {
      integer("hidden_units", &NetworkSettings::hidden_units)
          .from(1)
          .to(100000)
          .doc("Units of each hidden layer of encoder and decoder")
          .source(source),
      integer("hidden_layers", &NetworkSettings::hidden_layers)
          .to(64)
          .doc("Hidden layers of encoder and decoder")
          .source(source),
      integer("latent", in(&Own::shape, &nets::AutoencoderShape::latent))
          .from(1)
          .to(100000)
          .doc("Dimensions of the code")
          .source(source_of_latent),
      number("learning_rate", in(&Own::adam, &AdamSettings::rate))
          .to(1)
          .doc("Adam: step size")
          .source(source),
      integer("epochs", &Own::epochs)
          .to(kMany)
          .doc("Passes over the training cells at most")
          .source("own"),
      integer("patience", &Own::patience)
          .to(kMany)
          .doc("Stop after so many epochs without a smaller validation loss; 0: never")
          .source(kScgen),
      choice("residual", &Own::residual,
             {{"auto", nets::Residual::automatic},
              {"keep", nets::Residual::keep},
              {"drop", nets::Residual::drop}})
          .doc("What the autoencoder cannot reconstruct of a cell: keep it, so that the network "
               "predicts the change of the cell; drop it, so that it predicts the cell, as "
               "published; auto: keep it, with the whole change or half of it, unless the "
               "validation cells score dropping it better by more than the standard error")
          .source("own (published: drop)"),
  };
}

ParamSpec autoencoder_slope(const char* source) {
  return number("slope", in(&AutoencoderOptions::shape, &nets::AutoencoderShape::slope))
      .to(1)
      .doc("Slope of the leaky ReLU under 0; 0: ReLU")
      .source(source);
}

std::vector<ParamSpec> scgen_params() {
  using Own = AutoencoderOptions;
  using Kind = nets::AutoencoderKind;
  return {
      choice("autoencoder", in(&Own::shape, &nets::AutoencoderShape::kind),
             {{"variational", Kind::variational}, {"plain", Kind::plain}})
          .doc("Variational as in scGen, or plain as in CellOT's comparison")
          .source("scGen; CellOT, published code"),
      number("kl_weight", in(&Own::loss, &nets::AutoencoderLossWeights::kl_weight))
          .to(1e6)
          .doc("Weight of the KL term (variational)")
          .source(kScgen),
      number("code_weight", in(&Own::loss, &nets::AutoencoderLossWeights::code_weight))
          .to(1e6)
          .doc("Weight of |z|^2 (plain)")
          .source(kPublished),
      autoencoder_slope(kScgen),
      flag("batch_norm", in(&Own::shape, &nets::AutoencoderShape::batch_norm))
          .doc("Batch normalisation of every hidden layer")
          .source(kScgen),
      number("dropout", in(&Own::shape, &nets::AutoencoderShape::dropout))
          .to(0.95)
          .doc("Share of hidden units dropped while training")
          .source(kScgen),
  };
}

std::vector<ParamSpec> cae_params() {
  return {
      number("code_weight",
             in(&AutoencoderOptions::loss, &nets::AutoencoderLossWeights::code_weight))
          .to(1e6)
          .doc("Weight of |z|^2. Without it the code keeps the condition, and switching the label "
               "does little")
          .source("own (published: 0)"),
      autoencoder_slope(kPublished),
  };
}

MethodSpec scgen_spec() {
  MethodSpec out;
  out.name = "scgen";
  out.entitle("scGen", "a variational autoencoder and the shift of latent means");
  out.source = kScgen;
  out.traits.trains = true;
  out.traits.fewest_cells = 4;  // one of them is held out
  out.defaults = std::make_shared<ScgenSettings>();
  out.params = joined_rows(joined_rows(autoencoder_params(kScgen, kScgen), scgen_params()),
                           networks::training_params<AutoencoderOptions>());
  out.presets = {
      {"calibrated",
       "256-256-50 with batch normalisation, no dropout: scores best of the three",
       {}},
      {"official",
       "scGen's own network: 800-800-100, dropout 0.2",
       {{"hidden_units", 800.0},
        {"latent", 100.0},
        {"dropout", 0.2},
        {"batch_size", 32.0},
        {"epochs", 100.0},
        {"weight_decay", 1e-6},
        {"residual", std::string("drop")}}},
      {"cellot",
       "as CellOT compares with it: a plain autoencoder, 512-512-50",
       {{"autoencoder", std::string("plain")},
        {"hidden_units", 512.0},
        {"batch_norm", 0.0},
        {"slope", 0.0},
        {"batch_size", 256.0},
        {"weight_decay", 1e-5},
        {"residual", std::string("drop")}}},
  };
  return out;
}

MethodSpec cae_spec() {
  MethodSpec out;
  out.name = "cae";
  out.entitle("Conditional autoencoder",
              "the condition given to encoder and decoder, and switched");
  out.source = "Lopez et al. 2018, as CellOT compares with it";
  out.traits.trains = true;
  out.traits.fewest_cells = 4;  // one of them is held out
  out.traits.uses_batch = false;
  out.defaults = std::make_shared<CaeSettings>();
  out.params =
      joined_rows(joined_rows(autoencoder_params(kPublished, "own (published: 50)"), cae_params()),
                  networks::training_params<AutoencoderOptions>());
  out.presets = {
      {"calibrated",
       "512-512-10, ReLU: a short code and a small weight on it, so that the label is used",
       {}},
      {"official",
       "CellOT's comparison as published: 512-512-50, no weight on the code",
       {{"latent", 50.0}, {"code_weight", 0.0}, {"residual", std::string("drop")}}},
  };
  return out;
}

// From the middle of both means to that of the treated cells, in the feature space.
arma::vec half_way(const FeatureSpace& space) {
  const arma::vec half = 0.5 * (space.mean_treated - space.mean_control);
  return (space.has_components() ? arma::vec(space.basis.t() * half) : half) / space.scale;
}

AutoencoderOptions autoencoder_options(const NetworkSettings& settings, const FeatureSpace& space) {
  AutoencoderOptions o = dynamic_cast<const AutoencoderOptions&>(settings);
  const bool conditional = o.shape.kind == nets::AutoencoderKind::conditional;
  o.shape.hidden = settings.layers();
  o.restore_mean = networks::restores_mean(settings);
  if (o.restore_mean && !conditional && settings.space.center == Center::own) {
    o.target_origin = half_way(space);
    o.source_origin = -o.target_origin;
  }
  o.score_weights = networks::score_weights(space);
  return o;
}

/// f(z) = decode(encode(z) + shift), or the conditional autoencoder's switch of the label; where
/// the residual is kept, f(z) = z + a share of the change of what the network reconstructs.
class AutoencoderResponse final : public ResponseMap {
 public:
  using Prediction = nets::AutoencoderTrainer::Prediction;

  AutoencoderResponse(nets::Autoencoder<float> net, arma::fvec shift, Prediction how)
      : net_(std::move(net)), shift_(std::move(shift)), how_(how) {}

  void apply(const arma::mat& z, arma::mat& moved) const override {
    const arma::fmat cells = arma::conv_to<arma::fmat>::from(z);
    if (!how_.keeps_residual) {
      moved = arma::conv_to<arma::mat>::from(nets::predict(net_, cells, shift_));
      return;
    }
    const nets::Predicted<float> predicted = nets::predict_and_reconstruct(net_, cells, shift_);
    const arma::fmat change = predicted.moved - predicted.reconstructed;
    moved = z + how_.share * arma::conv_to<arma::mat>::from(change);
  }

  void store(ModelFile& file) const override {
    const nets::AutoencoderShape& shape = net_.shape();
    file.put_text("response.autoencoder",
                  shape.kind == nets::AutoencoderKind::variational   ? "variational"
                  : shape.kind == nets::AutoencoderKind::conditional ? "conditional"
                                                                     : "plain");
    file.put_number("response.layers", static_cast<double>(shape.hidden.size()));
    file.put_number("response.slope", shape.slope);
    file.put_number("response.batch_norm", shape.batch_norm ? 1.0 : 0.0);
    file.put_number("response.keep_residual", how_.keeps_residual ? 1.0 : 0.0);
    file.put_number("response.change_share", how_.share);
    networks::store_tensors(net_.layout(), net_.values(), "response.", file);
    networks::store_tensors(net_.running_layout(), net_.running(), "response.", file);
    if (!shift_.is_empty()) file.put("response.shift", arma::conv_to<arma::vec>::from(shift_));
  }

  static std::shared_ptr<const ResponseMap> load(const ModelFile& file, std::size_t dimension) {
    if (networks::is_mean_shift(file, "response.code.weight"))
      return AffineResponse::load(file, dimension);
    nets::AutoencoderShape shape;
    const std::string& kind = file.text_value("response.autoencoder");
    require(kind == "variational" || kind == "conditional" || kind == "plain", Status::bad_format,
            "the model file has an autoencoder of an unknown kind, \"", kind, "\"");
    shape.kind = kind == "variational"   ? nets::AutoencoderKind::variational
                 : kind == "conditional" ? nets::AutoencoderKind::conditional
                                         : nets::AutoencoderKind::plain;
    shape.conditions = 2;
    shape.features = dimension;
    shape.slope = file.usable_number("response.slope");
    shape.batch_norm = file.count("response.batch_norm", 0, 1) == 1;
    const std::size_t layers = file.count("response.layers", 0, networks::kMostLayers);
    std::size_t width =
        dimension + (shape.kind == nets::AutoencoderKind::conditional ? shape.conditions : 0);
    for (std::size_t l = 0; l < layers; ++l) {
      width = networks::units_of(file, text("response.enc", l, ".weight"), width);
      shape.hidden.push_back(width);
    }
    shape.latent = networks::units_of(file, "response.code.weight", width);
    nets::Autoencoder<float> net(shape);
    networks::load_tensors(file, net.layout(), "response.", net.values());
    networks::load_running(file, net.running_layout(), "response.", net.running());
    arma::fvec shift;
    if (shape.kind != nets::AutoencoderKind::conditional) {
      const arma::vec stored = file.vector("response.shift");
      require(stored.n_elem == shape.latent, Status::bad_format,
              "the latent shift of the model file has ", stored.n_elem, " values for a code of ",
              shape.latent);
      networks::require_single_precision(stored, "response.shift");
      shift = arma::conv_to<arma::fvec>::from(stored);
    }
    // Files of before these numbers are of networks that predict whole cells.
    Prediction how{false, 1.0};
    if (file.has_text("response.keep_residual")) {
      how.keeps_residual = file.count("response.keep_residual", 0, 1) == 1;
      how.share = file.usable_number("response.change_share");
      require(how.share > 0.0 && how.share <= 1.0, Status::bad_format,
              "the share of the change in the model file is ", how.share,
              ", not above 0 and at most 1");
    }
    return networks::stored_mean(
        std::make_shared<AutoencoderResponse>(std::move(net), std::move(shift), how), file,
        dimension);
  }

 private:
  nets::Autoencoder<float> net_;
  arma::fvec shift_;
  Prediction how_;
};

FitResult fit_autoencoder(const FitInput& input, Context& context) {
  const auto& settings = input.params.as<NetworkSettings>();
  const AutoencoderOptions options = autoencoder_options(settings, input.space);
  nets::AutoencoderTrainer trainer(input.x, input.y, options, context.seed, input.batch_x,
                                   input.batch_y);
  networks::Checkpoint checkpoint(input, context);
  const networks::Training training =
      networks::train(trainer, checkpoint, settings, options.epochs, "epoch", context);
  FitResult out;
  networks::add_report(settings, trainer.report(), training, checkpoint, out.report, context);
  out.marginals = networks::restores_marginals(settings);
  // The untrained network has no losses; its score is in the report.
  out.trace = nets::columns_of_trace(trainer.trace(), 1);
  const arma::fvec shift = trainer.best_shift();
  if (!shift.is_empty()) out.arrays["latent_shift"] = arma::conv_to<arma::mat>::from(shift);
  const nets::AutoencoderTrainer::Prediction how = trainer.best_prediction();
  out.report.add("residual", std::string(how.keeps_residual ? "keep" : "drop"));
  out.report.add("change_share", how.share);
  out.map = std::make_shared<AutoencoderResponse>(trainer.best(), shift, how);
  if (options.restore_mean)
    out.map = networks::restored_mean(out.map, options.source_origin, input, context);
  return out;
}

}  // namespace

Method scgen_method() {
  return {scgen_spec(), fit_autoencoder, AutoencoderResponse::load};
}

Method cae_method() {
  return {cae_spec(), fit_autoencoder, AutoencoderResponse::load};
}

}  // namespace laot
