#include "network_conditional_map.hpp"

#include <algorithm>
#include <cmath>

#include "method_networks.hpp"
#include "stored_features.hpp"

namespace laot {

ConditionContexts::ConditionContexts(CovariateFeatures features, DoseScale scale)
    : features_(std::move(features)), scale_(scale) {
  const auto& conditions = features_.conditions();
  set_ = std::any_of(conditions.begin(), conditions.end(),
                     [](const auto& condition) { return condition.treatments.size() > 1; });
}

std::vector<float> ConditionContexts::coordinates(const Treatment& treatment,
                                                  const arma::vec& context) const {
  const arma::vec with_one = features_.coordinates(treatment, context);
  std::vector<float> out;
  for (arma::uword k = 1; k < with_one.n_elem; ++k) out.push_back(static_cast<float>(with_one[k]));
  const arma::mat& embedding = features_.embedding();
  if (embedding.n_rows == 0 && embedding.n_cols > 0) {
    std::vector<float> one_hot(embedding.n_cols, 0.0F);
    one_hot[treatment.level] = 1.0F;
    out.insert(out.begin(), one_hot.begin(), one_hot.end());
  }
  if (out.empty()) out.push_back(0.0F);
  return out;
}

float ConditionContexts::dose(double value) const {
  if (scale_ == DoseScale::relative) return static_cast<float>(features_.dose_curve(value)[0]);
  require(value > 0.0, Status::invalid_argument, "a dose of ", value,
          " has no logarithm; fit with dose_scale = relative");
  return static_cast<float>(std::log(value));
}

std::vector<std::size_t> ConditionContexts::lengths() const {
  std::vector<std::size_t> out;
  for (const auto& context : (*this)(features_.conditions()[0])) out.push_back(context.size());
  if (set_) out.resize(1);
  return out;
}

std::vector<std::vector<float>> ConditionContexts::operator()(
    const ConditionCovariates& condition) const {
  const std::vector<Treatment>& treatments = condition.treatments;
  require(set_ || treatments.size() == 1, Status::invalid_argument,
          "the network was trained on conditions of one treatment each, and one of ",
          treatments.size(), " is asked for; train with combinations among the conditions");
  std::vector<std::vector<float>> out;
  for (std::size_t k = 0; k < treatments.size(); ++k) {
    for (std::size_t other = 0; other < k; ++other)
      require(treatments[other].level != treatments[k].level ||
                  treatments[k].level == Treatment::kNoLevel,
              Status::invalid_argument,
              "a condition has the same level twice, and the network's mean over treatments does "
              "not count; give it once, with the sum of the doses");
    std::vector<float> coordinates = this->coordinates(treatments[k], condition.context);
    std::vector<float> doses;
    if (features_.has_dose()) doses.push_back(dose(treatments[k].dose));
    if (set_) {
      coordinates.insert(coordinates.end(), doses.begin(), doses.end());
      out.push_back(std::move(coordinates));
    } else {
      out.push_back(std::move(coordinates));
      if (!doses.empty()) out.push_back(std::move(doses));
    }
  }
  return out;
}

namespace {

using CellNetwork = NetworkConditionalMap::Network;

// The network at one condition.
class NetworkAtCondition final : public ResponseMap {
 public:
  NetworkAtCondition(std::shared_ptr<const CellNetwork> network,
                     std::vector<std::vector<float>> contexts, AffineResponse start,
                     arma::vec shift)
      : network_(std::move(network)),
        contexts_(std::move(contexts)),
        start_(std::move(start)),
        shift_(std::move(shift)) {}

  // The space moves cells by the shift of the start, and with it by what the components leave out
  // of that: what is in the space is taken away here.
  void apply(const arma::mat& z, arma::mat& moved) const override {
    arma::mat s;
    start_.apply(z, s);
    if (!shift_.is_empty()) s.each_col() += shift_;
    moved = arma::conv_to<arma::mat>::from(
        nets::moved(*network_, arma::conv_to<arma::fmat>::from(s), contexts_));
    if (!shift_.is_empty()) moved.each_col() -= shift_;
  }

  // A row of the network's derivative is one backward pass: all of them are a batch of copies of s.
  arma::mat jacobian(const arma::vec& z) const override {
    arma::mat s;
    start_.apply(arma::mat(z), s);
    if (!shift_.is_empty()) s.each_col() += shift_;
    const std::size_t k = z.n_elem;
    const arma::fmat copies = arma::repmat(arma::conv_to<arma::fmat>::from(s), 1, k);
    const arma::fmat rows(k, k, arma::fill::eye);
    arma::fmat images(k, k), of_cells(k, k);
    std::vector<float> of_parameters(network_->size());
    nets::ConditionalMapPass<float> pass;
    pass.forward(*network_, copies.memptr(), k, contexts_, images.memptr());
    pass.backward(*network_, copies.memptr(), rows.memptr(), of_parameters.data(),
                  of_cells.memptr());
    const arma::mat of_start = arma::conv_to<arma::mat>::from(of_cells.t());
    const arma::mat start = start_.jacobian(z);
    return start.is_empty() ? of_start : arma::mat(of_start * start);
  }

  void store(ModelFile&) const override {
    fail(Status::not_available, "the network at one condition has no file of its own");
  }

 private:
  std::shared_ptr<const CellNetwork> network_;
  std::vector<std::vector<float>> contexts_;
  AffineResponse start_;
  arma::vec shift_;
};

bool untreated(const CovariateFeatures& features, const ConditionCovariates& condition) {
  return features.has_dose() &&
         std::all_of(condition.treatments.begin(), condition.treatments.end(),
                     [](const Treatment& t) { return t.dose == 0.0; });
}

}  // namespace

NetworkConditionalMap::NetworkConditionalMap(CovariateRoles roles, ConditionContexts contexts,
                                             Network network,
                                             std::shared_ptr<const LinearConditionalMap> start,
                                             arma::mat of_shift)
    : roles_(std::move(roles)),
      contexts_(std::move(contexts)),
      network_(std::make_shared<const Network>(std::move(network))),
      start_(std::move(start)),
      of_shift_(std::move(of_shift)) {}

ConditionalMap::At NetworkConditionalMap::at(const Condition& condition,
                                             const arma::mat& controls) const {
  const SingleThreadedBlas one_thread;
  const ConditionCovariates covariates = roles_.of(condition, controls);
  At out;
  out.kind = contexts_.features().kind(covariates);
  out.warning = contexts_.features().beyond_doses(covariates);
  add_clause(out.warning, roles_.doubts(condition, controls));
  if (untreated(contexts_.features(), covariates)) {
    out.map = std::make_shared<AffineResponse>();
    return out;
  }
  std::vector<std::vector<float>> contexts = contexts_(covariates);
  AffineResponse start;
  arma::vec shift;
  if (start_) {
    const At linear = start_->at(condition, controls);
    start = dynamic_cast<const AffineResponse&>(*linear.map);
    shift = of_shift_ * contexts_.features()(covariates);
    out.shift = linear.shift;
  }
  out.map = std::make_shared<NetworkAtCondition>(network_, std::move(contexts), std::move(start),
                                                 std::move(shift));
  return out;
}

void NetworkConditionalMap::store(ModelFile& file) const {
  if (start_) {
    start_->store(file);
    file.lend("response.shift_in_space", of_shift_);
  } else {
    roles_.store(file);
    store_features(contexts_.features(), file);
  }
  file.put_text("response.dose_scale",
                contexts_.scale() == DoseScale::logarithm ? "log" : "relative");
  file.put_number("response.layers", static_cast<double>(network_->shape().hidden.size()));
  networks::store_tensors(network_->layout(), network_->values(), "response.net.", file);
}

std::shared_ptr<const ConditionalMap> NetworkConditionalMap::load(const ModelFile& file,
                                                                  const FeatureSpace& space) {
  const std::size_t dimension = space.dimension();
  CovariateRoles roles = CovariateRoles::load(file, dimension);
  const std::string& scale = file.text_value("response.dose_scale");
  require(scale == "log" || scale == "relative", Status::bad_format,
          "the model file has doses on a scale \"", scale, "\"");
  ConditionContexts contexts(load_features(file, roles),
                             scale == "log" ? DoseScale::logarithm : DoseScale::relative);
  std::shared_ptr<const LinearConditionalMap> start;
  arma::mat of_shift;
  if (file.has("response.shift_in_space")) {
    start = std::dynamic_pointer_cast<const LinearConditionalMap>(LinearConditionalMap::load(
        file.has("response.own_share") ? ConditionalForm::laot : ConditionalForm::pooled_laot, file,
        space));
    of_shift = file.matrix("response.shift_in_space");
    require(of_shift.n_rows == dimension && of_shift.n_cols == contexts.features().size() &&
                of_shift.is_finite(),
            Status::bad_format, "the shifts of the model file are ", of_shift.n_rows, " x ",
            of_shift.n_cols, " where ", dimension, " x ", contexts.features().size(),
            " finite numbers are needed");
  }
  nets::ConditionalMapShape shape;
  shape.features = dimension;
  shape.set = contexts.set();
  try {
    shape.contexts = contexts.lengths();
  } catch (const Error& error) {
    fail(Status::bad_format, "the model file's conditions: ", error);
  }
  const auto units = [&](const std::string& layer, std::size_t inputs) {
    return networks::units_of(file, "response.net." + layer + ".weight", inputs);
  };
  for (std::size_t k = 0; k < shape.contexts.size(); ++k)
    shape.embedded.push_back(units(text("E", k), shape.contexts[k]));
  shape.hidden.clear();
  const std::size_t layers = file.count("response.layers", 1, networks::kMostLayers);
  std::size_t width = dimension + shape.embedding();
  for (std::size_t l = 0; l < layers; ++l) {
    width = units(text("L", l), width);
    shape.hidden.push_back(width);
  }
  Network network(shape);
  networks::load_tensors(file, network.layout(), "response.net.", network.values());
  return std::make_shared<NetworkConditionalMap>(std::move(roles), std::move(contexts),
                                                 std::move(network), std::move(start),
                                                 std::move(of_shift));
}

}  // namespace laot
