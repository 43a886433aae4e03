#include <cmath>
#include <map>

#include "handles.hpp"
#include "laot/evaluation.hpp"
#include "laot/metrics.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::fill;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::valid_matrix;

namespace {

std::string sizes_text(const laot::ScorePreset& preset) {
  std::vector<std::string> out;
  for (const std::size_t size : preset.cells) out.push_back(laot::text(size));
  return laot::joined(out);
}

bool is_usual(const std::string& metric) {
  const std::vector<std::string>& usual = laot::default_metrics();
  return std::find(usual.begin(), usual.end(), metric) != usual.end();
}

// Lists as texts that live as long as the library.
struct PresetTexts {
  std::string metrics, cells;
};
const std::vector<PresetTexts>& preset_texts() {
  static const std::vector<PresetTexts> all = [] {
    std::vector<PresetTexts> out;
    for (const laot::ScorePreset& preset : laot::score_presets())
      out.push_back({laot::joined(preset.metrics), sizes_text(preset)});
    return out;
  }();
  return all;
}

}  // namespace

extern "C" {

size_t laot_metric_count(void) {
  size_t count = 0;
  (void)guarded([&] { count = laot::metrics().size(); });
  return count;
}

laot_status laot_metric_describe(size_t metric, laot_metric_info* info) {
  return guarded([&] {
    laot::require(metric < laot::metrics().size(), Status::invalid_argument,
                  "metric must be below ", laot::metrics().size(), ", found ", metric);
    const laot::MetricSpec& spec = laot::metrics()[metric];
    fill(info, laot_metric_info{0, spec.name.c_str(), spec.title.c_str(), spec.estimator.c_str(),
                                spec.setting.c_str(), spec.doc.c_str(), spec.source.c_str(),
                                spec.undefined.c_str(), spec.perfect, spec.larger_is_better ? 1 : 0,
                                spec.needs_gamma ? 1 : 0, spec.needs_control ? 1 : 0,
                                spec.takes_epsilon ? 1 : 0, is_usual(spec.name) ? 1 : 0});
  });
}

laot_status laot_score(laot_context* context, const char* metric, const laot_data* predicted,
                       const laot_data* observed, const laot_data* control, double gamma,
                       size_t cells, size_t repetitions, laot_score_result* result) {
  const laot::EntropyStrength usual;
  const laot_score_options options = {sizeof options,         gamma, usual.value,
                                      usual.absolute ? 1 : 0, cells, repetitions};
  return laot_score_with(context, metric, predicted, observed, control, &options, result);
}

laot_status laot_score_with(laot_context* context, const char* metric, const laot_data* predicted,
                            const laot_data* observed, const laot_data* control,
                            const laot_score_options* options, laot_score_result* result) {
  return guarded([&] {
    const std::string name = laot::metric(given_text(metric, "metric")).name;
    const size_t size = given(options, "options").struct_size;
    laot::require(size >= sizeof(laot_score_options), Status::invalid_argument,
                  "options->struct_size must be set to sizeof the struct before the call, found ",
                  size);
    given(result, "result");
    CallContext call(context);
    const arma::mat p = valid_matrix(predicted, "predicted", *call);
    const arma::mat t = valid_matrix(observed, "observed", *call);
    arma::mat x;
    laot::ScoreInput input;
    input.predicted = &p;
    input.observed = &t;
    input.gamma = options->gamma;
    input.epsilon = {options->epsilon, options->epsilon_absolute != 0};
    if (control && laot::metric(name).needs_control) {
      x = valid_matrix(control, "control", *call);
      input.control = &x;
    }
    const laot::Score score =
        options->cells == 0
            ? laot::score(name, input, *call)
            : laot::score_subsampled(name, input, options->cells, options->repetitions, *call);
    fill(result, laot_score_result{0, score.value, score.sd, score.features_left_out,
                                   score.marginal_error});
  });
}

size_t laot_score_preset_count(void) {
  size_t count = 0;
  (void)guarded([&] { count = laot::score_presets().size(); });
  return count;
}

laot_status laot_score_preset_describe(size_t preset, laot_score_preset_info* info) {
  return guarded([&] {
    laot::require(preset < laot::score_presets().size(), Status::invalid_argument,
                  "preset must be below ", laot::score_presets().size(), ", found ", preset);
    const laot::ScorePreset& row = laot::score_presets()[preset];
    const PresetTexts& texts = preset_texts()[preset];
    fill(info,
         laot_score_preset_info{0, row.name.c_str(), row.doc.c_str(), row.source.c_str(),
                                texts.metrics.c_str(), texts.cells.c_str(), row.repetitions,
                                row.gamma_from_all_features ? 1 : 0, row.with_replacement ? 1 : 0});
  });
}

laot_status laot_feature_scores(laot_context* context, const laot_data* predicted,
                                const laot_data* observed, double* ks, double* w1,
                                double* mean_difference, size_t length) {
  return guarded([&] {
    CallContext call(context);
    const arma::mat p = valid_matrix(predicted, "predicted", *call);
    const arma::mat t = valid_matrix(observed, "observed", *call);
    laot::require(length == p.n_rows, Status::dimension_mismatch, "length must be the ", p.n_rows,
                  " features, found ", length);
    const laot::FeatureScores scores = laot::feature_scores(p, t, *call);
    if (ks) std::copy(scores.ks.begin(), scores.ks.end(), ks);
    if (w1) std::copy(scores.w1.begin(), scores.w1.end(), w1);
    if (mean_difference)
      std::copy(scores.mean_difference.begin(), scores.mean_difference.end(), mean_difference);
  });
}

laot_status laot_marker_features(laot_context* context, const laot_data* control,
                                 const laot_data* treated, size_t count, size_t* index) {
  return guarded([&] {
    given(index, "index");
    CallContext call(context);
    const std::vector<std::size_t> markers =
        laot::marker_features(valid_matrix(control, "control", *call),
                              valid_matrix(treated, "treated", *call), count, *call);
    std::copy(markers.begin(), markers.end(), index);
  });
}

laot_status laot_cell_spearman(laot_context* context, const laot_data* control,
                               const laot_data* predicted, double* out, size_t length) {
  return guarded([&] {
    given(out, "out");
    CallContext call(context);
    const arma::mat x = valid_matrix(control, "control", *call);
    laot::require(length == x.n_cols, Status::dimension_mismatch, "length must be the ", x.n_cols,
                  " cells, found ", length);
    const arma::vec scores =
        laot::cell_spearman(x, valid_matrix(predicted, "predicted", *call), *call);
    std::copy(scores.begin(), scores.end(), out);
  });
}

laot_status laot_mmd2_test(laot_context* context, const laot_data* x, const laot_data* y,
                           const double* gammas, size_t count, size_t permutations, double* mmd2,
                           double* p_value) {
  return guarded([&] {
    given(gammas, "gammas");
    given(p_value, "p_value");
    CallContext call(context);
    const laot::MmdTest test = laot::mmd2_permutation_test(
        valid_matrix(x, "x", *call), valid_matrix(y, "y", *call),
        std::vector<double>(gammas, gammas + count), permutations, *call);
    if (mmd2) *mmd2 = test.mmd2;
    *p_value = test.p_value;
  });
}

}  // extern "C"
