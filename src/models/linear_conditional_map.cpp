#include "linear_conditional_map.hpp"

#include <algorithm>
#include <cmath>

#include "laot/conditions/nearest_condition.hpp"
#include "laot/laot.hpp"
#include "stored_features.hpp"

namespace laot {

LinearConditionalMap::LinearConditionalMap(ConditionalForm form, const ExperimentInput& input,
                                           CovariateRoles roles, CovariateFeatures features,
                                           ConditionalLaot model, arma::mat own_shift,
                                           arma::mat shift)
    : form_(form),
      roles_(std::move(roles)),
      features_(std::move(features)),
      model_(std::move(model)),
      own_shift_(std::move(own_shift)),
      shift_(std::move(shift)) {
  for (const EncodedPopulation& control : input.controls)
    control_means_ = arma::join_rows(control_means_, arma::vec(arma::mean(control.z, 1)));
  for (const TreatedPopulation& treated : input.experiment.conditions)
    control_of_.push_back(treated.control);
  add_pooled_control();
}

// For conditions in a context that was not seen: whose cells come, nobody knows.
void LinearConditionalMap::add_pooled_control() {
  control_means_ = arma::join_rows(control_means_, arma::vec(arma::mean(control_means_, 1)));
  if (model_.controls.empty()) return;
  SpreadOfControl pooled = model_.controls[0];
  const double share = 1.0 / static_cast<double>(model_.controls.size());
  pooled.second_moment.zeros();
  pooled.shrinkage = 0.0;
  for (const SpreadOfControl& control : model_.controls) {
    pooled.second_moment += share * control.second_moment;
    pooled.shrinkage += share * control.shrinkage;
  }
  model_.controls.push_back(pooled);
}

std::size_t LinearConditionalMap::control_for(const ConditionCovariates& covariates,
                                              std::size_t own) const {
  if (own < control_of_.size()) return control_of_[own];
  const std::size_t pooled = control_means_.n_cols - 1;
  if (pooled == 1) return 0;
  std::size_t found = pooled;
  for (std::size_t c = 0; c < control_of_.size(); ++c) {
    const arma::vec& context = features_.conditions()[c].context;
    if (context.n_elem == 0 || !arma::approx_equal(context, covariates.context, "absdiff", 0.0))
      continue;
    if (found != pooled && found != control_of_[c]) return pooled;
    found = control_of_[c];
  }
  return found;
}

// Of control cells that came with the question, few of which say nothing of a covariance: theirs is
// then that of all controls together.
LinearConditionalMap::ControlMoments LinearConditionalMap::moments_of(
    const arma::mat& controls) const {
  ControlMoments out{arma::mean(controls, 1), {}};
  if (model_.controls.empty()) return out;
  const SpreadOfControl& pooled = model_.controls.back();
  out.spread = pooled;
  const arma::uword k = controls.n_rows, n = controls.n_cols;
  if (n < kFewControls) return out;
  out.spread.second_moment = second_moment_of(controls.each_col() - out.mean);
  out.spread.shrinkage = std::max(pooled.shrinkage, shrinkage(k, n, n));
  return out;
}

LinearConditionalMap::ControlMoments LinearConditionalMap::moments_of(std::size_t control) const {
  ControlMoments out{control_means_.col(control), {}};
  if (!model_.controls.empty()) out.spread = model_.controls[control];
  return out;
}

arma::mat LinearConditionalMap::map_at(const arma::vec& phi, std::size_t own,
                                       const SpreadOfControl& control) const {
  const arma::uword k = control_means_.n_rows;
  if (form_ == ConditionalForm::pooled_laot) return model_.pooled_map(phi, control);
  if (form_ == ConditionalForm::laot)
    return own < control_of_.size() ? model_.map_of(own, phi, control)
                                    : model_.pooled_map(phi, control);
  if (!arma::any(phi)) return arma::eye(k, k);
  return with_spread(arma::eye(k, k), control, arma::reshape(model_.log_spread * phi, k, k), 1.0);
}

ConditionalMap::At LinearConditionalMap::at(const Condition& condition,
                                            const arma::mat& controls) const {
  const SingleThreadedBlas one_thread;  // a prediction asks too, not only the fit
  const ConditionCovariates covariates = roles_.of(condition, controls);
  const std::size_t own = features_.find(covariates);
  At out;
  out.kind = features_.kind(covariates);
  out.warning = features_.beyond_doses(covariates);
  add_clause(out.warning, roles_.doubts(condition, controls));
  if (form_ == ConditionalForm::nearest_shift) {
    out.shift.zeros(own_shift_.n_rows);
    for (const std::size_t c : nearest_conditions(features_, covariates))
      out.shift += own_shift_.col(c);
    out.map = std::make_shared<AffineResponse>();
    return out;
  }
  const arma::vec phi = features_(covariates);
  out.shift = shift_ * phi;
  if (form_ == ConditionalForm::regressed_shift) {
    out.map = std::make_shared<AffineResponse>();
    return out;
  }
  if (form_ == ConditionalForm::laot && own < control_of_.size()) {
    const double share = model_.own_share[own];
    out.shift = (1.0 - share) * out.shift + share * own_shift_.col(own);
  }
  const ControlMoments control =
      controls.n_cols > 0 ? moments_of(controls) : moments_of(control_for(covariates, own));
  arma::mat map = map_at(phi, own, control.spread);
  // z is about the mean of the space, the map about that of its control population.
  arma::vec offset = control.mean - map * control.mean;
  out.map = std::make_shared<AffineResponse>(std::move(map), std::move(offset));
  return out;
}

namespace {

arma::mat flat(const arma::cube& cube) {
  return arma::mat(const_cast<double*>(cube.memptr()), cube.n_rows * cube.n_cols, cube.n_slices);
}

arma::cube cubed(const arma::mat& columns, std::size_t dimension) {
  require(columns.n_rows == dimension * dimension && columns.is_finite(), Status::bad_format,
          "a map of the model file has ", columns.n_rows, " entries for ", dimension,
          " dimensions, or one that is not finite");
  arma::cube out(dimension, dimension, columns.n_cols);
  std::copy(columns.begin(), columns.end(), out.begin());
  return out;
}

void expect(const arma::mat& found, std::size_t rows, std::size_t columns, const char* name) {
  require(found.n_rows == rows && found.n_cols == columns && found.is_finite(), Status::bad_format,
          "\"", name, "\" of the model file is ", found.n_rows, " x ", found.n_cols, " where ",
          rows, " x ", columns, " finite numbers are needed");
}

}  // namespace

void LinearConditionalMap::store(ModelFile& file) const {
  roles_.store(file);
  store_features(features_, file);
  arma::mat control_of(control_of_.size(), 1);
  for (std::size_t c = 0; c < control_of_.size(); ++c)
    control_of[c] = static_cast<double>(control_of_[c]);
  file.put("response.control_of", control_of);
  const arma::uword controls = control_means_.n_cols - 1;
  file.put("response.control_means", arma::mat(control_means_.head_cols(controls)));
  file.lend("response.own_shift", own_shift_);
  if (form_ != ConditionalForm::nearest_shift) file.lend("response.shift", shift_);
  if (form_ == ConditionalForm::nearest_shift || form_ == ConditionalForm::regressed_shift) return;
  if (form_ == ConditionalForm::pooled_laot) return store_pooled(file);
  file.lend("response.log_spread", model_.log_spread);
  arma::mat moments, shrinkages(1, controls);
  for (arma::uword g = 0; g < controls; ++g) {
    moments = arma::join_rows(moments, arma::vectorise(model_.controls[g].second_moment));
    shrinkages[g] = model_.controls[g].shrinkage;
  }
  file.put("response.control_moments", moments);
  file.put("response.control_shrinkages", shrinkages);
  if (form_ == ConditionalForm::gaussian) return;
  store_pooled(file);
  file.put_number("response.restore", model_.restore);
  file.lend("response.own_share", model_.own_share);
  if (!model_.own_map.is_empty()) file.put("response.own_map", flat(model_.own_map));
}

void LinearConditionalMap::store_pooled(ModelFile& file) const {
  file.lend("response.basis", model_.alternation.basis);
  file.put("response.maps", flat(model_.alternation.maps));
}

std::shared_ptr<const ConditionalMap> LinearConditionalMap::load(ConditionalForm form,
                                                                 const ModelFile& file,
                                                                 const FeatureSpace& space) {
  const std::size_t dimension = space.dimension();
  std::shared_ptr<LinearConditionalMap> out(new LinearConditionalMap());
  out->form_ = form;
  out->roles_ = CovariateRoles::load(file, dimension);
  out->features_ = load_features(file, out->roles_);
  const std::size_t count = out->features_.conditions().size();
  const std::size_t features = out->features_.size();
  out->control_means_ = file.matrix("response.control_means");
  const std::size_t controls = out->control_means_.n_cols;
  expect(out->control_means_, dimension, controls, "response.control_means");
  const arma::mat control_of = file.matrix("response.control_of");
  expect(control_of, count, 1, "response.control_of");
  for (const double g : control_of) {
    require(g >= 0.0 && g < static_cast<double>(controls) && g == std::floor(g), Status::bad_format,
            "the model file names control ", g, " of ", controls);
    out->control_of_.push_back(static_cast<std::size_t>(g));
  }
  out->own_shift_ = file.matrix("response.own_shift");
  expect(out->own_shift_, space.features(), count, "response.own_shift");
  if (form != ConditionalForm::nearest_shift) {
    out->shift_ = file.matrix("response.shift");
    expect(out->shift_, space.features(), features, "response.shift");
  }
  if (form == ConditionalForm::gaussian || form == ConditionalForm::laot) {
    ConditionalLaot& model = out->model_;
    model.log_spread = file.matrix("response.log_spread");
    expect(model.log_spread, dimension * dimension, features, "response.log_spread");
    const arma::mat moments = file.matrix("response.control_moments");
    const arma::mat shrinkages = file.matrix("response.control_shrinkages");
    expect(moments, dimension * dimension, controls, "response.control_moments");
    expect(shrinkages, 1, controls, "response.control_shrinkages");
    for (std::size_t g = 0; g < controls; ++g)
      model.controls.push_back(
          {arma::reshape(moments.col(g), dimension, dimension), shrinkages[g]});
  }
  if (form != ConditionalForm::nearest_shift) out->model_.shift.zeros(dimension, features);
  if (form == ConditionalForm::laot || form == ConditionalForm::pooled_laot) {
    ConditionalLaot& model = out->model_;
    model.alternation.basis = file.matrix("response.basis");
    model.alternation.maps = cubed(file.matrix("response.maps"), dimension);
    expect(model.alternation.basis, features, model.alternation.maps.n_slices, "response.basis");
  }
  if (form == ConditionalForm::laot) {
    ConditionalLaot& model = out->model_;
    model.restore = file.usable_number("response.restore");
    model.own_share = file.vector("response.own_share");
    expect(model.own_share, count, 1, "response.own_share");
    if (file.has("response.own_map"))
      model.own_map = cubed(file.matrix("response.own_map"), dimension);
    for (const double share : model.own_share)
      require(share >= 0.0 && share <= 1.0, Status::bad_format,
              "the model file has a share of own maps of ", share, ", not from 0 to 1");
    require(!arma::any(model.own_share) || model.own_map.n_slices == count, Status::bad_format,
            "the model file has own maps of ", model.own_map.n_slices, " of ", count,
            " conditions");
  }
  out->add_pooled_control();
  return out;
}

}  // namespace laot
