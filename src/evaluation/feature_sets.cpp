#include "feature_sets.hpp"

#include <algorithm>
#include <cmath>

#include "laot/number_text.hpp"
#include "score_rows.hpp"

namespace laot {

namespace {

std::string median_text(double gamma) {
  return "gamma = " + (std::isnan(gamma) ? "NA" : text_of_number(gamma, 4)) +
         ", median of the training cells";
}

void use_median(double gamma, FeatureSet& set) {
  set.gammas = {gamma};
  set.bandwidths = {median_text(gamma)};
  set.median = true;
}

FeatureSet all_features(const HeldOut& held_out, const EvaluationOptions& options) {
  FeatureSet out;
  out.label = counted(held_out.observed.features(), "feature");
  if (options.gammas.empty() && held_out.model && held_out.model->training.median_gamma != 0.0)
    use_median(held_out.model->training.median_gamma, out);
  for (const double gamma : options.gammas) {
    require(gamma > 0.0 && std::isfinite(gamma), Status::invalid_argument,
            "gammas must be positive, found ", gamma);
    if (std::find(out.gammas.begin(), out.gammas.end(), gamma) != out.gammas.end()) continue;
    out.gammas.push_back(gamma);
    out.bandwidths.push_back("gamma = " + text_of_number(gamma, 4));
  }
  return out;
}

FeatureSet markers_of(const HeldOut& held_out, std::size_t count, Context& context) {
  const std::size_t d = held_out.observed.features();
  require(count <= d, Status::invalid_argument, "markers must be a number of features from 1 to ",
          d, ", found ", count);
  require(held_out.model != nullptr, Status::invalid_argument,
          "markers are chosen on training cells; give the model that has them");
  const TrainingSummary& training = held_out.model->training;
  require(training.kept_control.cells() > 0 && training.kept_treated.cells() > 0,
          Status::not_available,
          "markers are chosen on the training cells that the model kept, and it kept none; fit "
          "with ",
          parameter_name("keep_cells"), " = 1000");
  FeatureSet out;
  out.rows = marker_features(training.kept_control.view().as_matrix(),
                             training.kept_treated.view().as_matrix(), count, context);
  out.label = "top " + counted(out.rows.size(), "marker");
  return out;
}

double median_gamma_on(const std::vector<std::size_t>& rows, const TrainingSummary& training,
                       Context& context) {
  Cells x = training.kept_control.view(), y = training.kept_treated.view();
  x.select_features(rows, "markers");
  y.select_features(rows, "markers");
  return median_gamma(x, y, context).gamma;
}

}  // namespace

std::vector<FeatureSet> feature_sets(const HeldOut& held_out, const EvaluationOptions& options,
                                     Context& context) {
  std::vector<FeatureSet> out = {all_features(held_out, options)};
  if (options.markers == 0) return out;
  FeatureSet markers = markers_of(held_out, options.markers, context);
  const bool gamma_of_all =
      !options.preset.empty() && score_preset(options.preset).gamma_from_all_features;
  markers.gammas = out[0].gammas;
  markers.bandwidths = out[0].bandwidths;
  markers.median = out[0].median;
  if (options.gammas.empty() && !gamma_of_all)
    use_median(median_gamma_on(markers.rows, held_out.model->training, context), markers);
  out.push_back(std::move(markers));
  return out;
}

}  // namespace laot
