#include "cpa_conditional_map.hpp"

#include <algorithm>
#include <cmath>

#include "laot/nets/cpa_training.hpp"
#include "method_networks.hpp"
#include "stored_features.hpp"

namespace laot {

namespace {

using CellTreatment = nets::CpaTreatment<float>;

constexpr std::pair<const char*, DoseFunction> kDoseFunctions[] = {
    {"relative", DoseFunction::relative},
    {"logsigm", DoseFunction::logsigm},
    {"sigm", DoseFunction::sigm},
    {"linear", DoseFunction::linear}};

}  // namespace

CpaConditions::Scaled::Scaled(const arma::mat& values) {
  std::vector<double> means, scales;
  for (arma::uword k = 0; k < values.n_rows; ++k) {
    const double centre = arma::mean(values.row(k)), spread = arma::stddev(values.row(k), 1);
    if (!(spread > 1e-12 * std::max(1.0, std::abs(centre)))) continue;
    kept.push_back(k);
    means.push_back(centre);
    scales.push_back(spread);
  }
  mean = arma::vec(means);
  scale = arma::vec(scales);
}

std::vector<float> CpaConditions::Scaled::operator()(const arma::vec& value) const {
  std::vector<float> out;
  for (std::size_t k = 0; k < kept.size(); ++k)
    out.push_back(static_cast<float>((value[kept[k]] - mean[k]) / scale[k]));
  return out;
}

CpaConditions::CpaConditions(CovariateFeatures features, DoseFunction doses)
    : features_(std::move(features)), doses_(doses) {
  const arma::mat& embedding = features_.embedding();
  number_.assign(embedding.n_cols, CellTreatment::kUnseen);
  std::vector<arma::uword> levels;
  arma::mat contexts;
  for (const ConditionCovariates& condition : features_.conditions()) {
    contexts = arma::join_rows(contexts, condition.context);
    for (const Treatment& t : condition.treatments) {
      if (t.level == Treatment::kNoLevel || number_[t.level] != CellTreatment::kUnseen) continue;
      number_[t.level] = levels.size();
      levels.push_back(t.level);
    }
  }
  seen_ = std::max<std::size_t>(1, levels.size());
  if (embedding.n_rows > 0 && !levels.empty())
    embedding_ = Scaled(embedding.cols(arma::uvec(levels)));
  context_ = Scaled(contexts);
}

void CpaConditions::shape_to(nets::CpaShape& shape) const {
  shape.levels = seen_;
  shape.coordinates = embedding_.kept.size();
  shape.contexts = context_.kept.size();
  shape.dose_curve = features_.has_dose() && doses_ != DoseFunction::linear;
}

float CpaConditions::dose(double value) const {
  if (doses_ == DoseFunction::relative) return static_cast<float>(features_.dose_curve(value)[0]);
  return static_cast<float>(doses_ == DoseFunction::logsigm ? std::log1p(value) : value);
}

nets::CpaCondition<float> CpaConditions::operator()(const ConditionCovariates& condition) const {
  nets::CpaCondition<float> out;
  for (const Treatment& t : condition.treatments) {
    CellTreatment treatment;
    if (t.level != Treatment::kNoLevel) {
      treatment.level = number_[t.level];
      require(treatment.level != CellTreatment::kUnseen || !embedding_.kept.empty(),
              Status::unknown_name, "level ", t.level + 1,
              " (counted from 1) has no cells, and the embedding does not tell apart the levels "
              "that have; fit with an embedding that does");
      if (!embedding_.kept.empty())
        treatment.coordinates = embedding_(features_.embedding().col(t.level));
    }
    if (features_.has_dose()) treatment.dose = dose(t.dose);
    out.treatments.push_back(std::move(treatment));
  }
  out.context = context_(condition.context);
  return out;
}

std::vector<float> CpaConditions::context_of(const std::vector<std::size_t>& conditions) const {
  if (conditions.empty()) return std::vector<float>(context_.kept.size(), 0.0F);
  arma::vec mean(features_.conditions()[0].context.n_elem, arma::fill::zeros);
  for (const std::size_t c : conditions)
    mean += features_.conditions()[c].context / static_cast<double>(conditions.size());
  return context_(mean);
}

namespace {

// The network at one condition.
class CpaAtCondition final : public ResponseMap {
 public:
  CpaAtCondition(std::shared_ptr<const nets::Cpa<float>> network,
                 nets::CpaCondition<float> condition, bool keep_residual)
      : network_(std::move(network)),
        condition_(std::move(condition)),
        keep_residual_(keep_residual) {}

  // The residual is kept in double precision: what the network does not change keeps its bits.
  void apply(const arma::mat& z, arma::mat& moved) const override {
    const nets::CpaPrediction<float> predicted =
        nets::predict(*network_, arma::conv_to<arma::fmat>::from(z), condition_);
    if (keep_residual_)
      moved = z + arma::conv_to<arma::mat>::from(predicted.moved - predicted.unmoved);
    else
      moved = arma::conv_to<arma::mat>::from(predicted.moved);
  }

  void store(ModelFile&) const override {
    fail(Status::not_available, "the network at one condition has no file of its own");
  }

 private:
  std::shared_ptr<const nets::Cpa<float>> network_;
  nets::CpaCondition<float> condition_;
  bool keep_residual_;
};

}  // namespace

CpaConditionalMap::CpaConditionalMap(CovariateRoles roles, CpaConditions conditions,
                                     Network network, bool keep_residual)
    : roles_(std::move(roles)),
      conditions_(std::move(conditions)),
      network_(std::make_shared<const Network>(std::move(network))),
      keep_residual_(keep_residual) {}

ConditionalMap::At CpaConditionalMap::at(const Condition& condition,
                                         const arma::mat& controls) const {
  const SingleThreadedBlas one_thread;
  const ConditionCovariates covariates = roles_.of(condition, controls);
  const CovariateFeatures& features = conditions_.features();
  At out;
  out.kind = features.kind(covariates);
  out.warning = features.beyond_doses(covariates);
  add_clause(out.warning, roles_.doubts(condition, controls));
  const bool untreated =
      features.has_dose() && std::all_of(covariates.treatments.begin(), covariates.treatments.end(),
                                         [](const Treatment& t) { return t.dose == 0.0; });
  if (untreated)
    out.map = std::make_shared<AffineResponse>();
  else
    out.map = std::make_shared<CpaAtCondition>(network_, conditions_(covariates), keep_residual_);
  return out;
}

void CpaConditionalMap::store(ModelFile& file) const {
  roles_.store(file);
  store_features(conditions_.features(), file);
  for (const auto& [name, function] : kDoseFunctions)
    if (function == conditions_.doses()) file.put_text("response.dose_function", name);
  const nets::CpaShape& shape = network_->shape();
  file.put_number("response.layers", static_cast<double>(shape.hidden.size()));
  file.put_number("response.batch_norm", shape.batch_norm ? 1.0 : 0.0);
  file.put_number("response.variance", shape.variance ? 1.0 : 0.0);
  file.put_number("response.keep_residual", keep_residual_ ? 1.0 : 0.0);
  networks::store_tensors(network_->layout(), network_->values(), "response.net.", file);
  networks::store_tensors(network_->running_layout(), network_->running(), "response.net.", file);
}

std::shared_ptr<const ConditionalMap> CpaConditionalMap::load(const ModelFile& file,
                                                              const FeatureSpace& space) {
  const std::size_t dimension = space.dimension();
  CovariateRoles roles = CovariateRoles::load(file, dimension);
  const std::string& stored = file.text_value("response.dose_function");
  const auto function = std::find_if(std::begin(kDoseFunctions), std::end(kDoseFunctions),
                                     [&](const auto& known) { return stored == known.first; });
  require(function != std::end(kDoseFunctions), Status::bad_format,
          "the model file has doses on a scale \"", stored, "\"");
  CpaConditions conditions(load_features(file, roles), function->second);
  const auto flag = [&](const char* name) {
    return file.count(std::string("response.") + name, 0, 1) == 1;
  };
  nets::CpaShape shape;
  conditions.shape_to(shape);
  shape.features = dimension;
  shape.batch_norm = flag("batch_norm");
  shape.variance = flag("variance");
  const std::size_t layers = file.count("response.layers", 0, networks::kMostLayers);
  std::size_t width = dimension;
  for (std::size_t l = 0; l < layers; ++l) {
    width = networks::units_of(file, text("response.net.enc", l, ".weight"), width);
    shape.hidden.push_back(width);
  }
  shape.latent = networks::units_of(file, "response.net.enc_out.weight", width);
  networks::require_size(file, "response.net.level.vectors", shape.latent,
                         shape.coordinates > 0 ? shape.coordinates : shape.levels);
  if (shape.contexts > 0)
    networks::require_size(file, "response.net.context.vectors", shape.latent, shape.contexts);
  Network network(shape);
  networks::load_tensors(file, network.layout(), "response.net.", network.values());
  networks::load_running(file, network.running_layout(), "response.net.", network.running());
  return std::make_shared<CpaConditionalMap>(std::move(roles), std::move(conditions),
                                             std::move(network), flag("keep_residual"));
}

}  // namespace laot
