#include "laot/evaluation.hpp"

#include "handles.hpp"
#include "laot/letters.hpp"
#include "laot/response.hpp"
#include "laot/usual_settings.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::fill;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out_table;

namespace {

std::string text_or_none(const char* text) {
  return text ? std::string(text) : std::string();
}

// "mmd2, w2" as names.
std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::size_t first = list.find_first_not_of(" \t", begin);
    const std::size_t last = list.find_last_not_of(" \t", end - 1);
    if (first < end && last >= first) out.push_back(list.substr(first, last - first + 1));
    begin = end + 1;
  }
  return out;
}

laot::EvaluationOptions options_from(const laot_evaluation_options* given_options) {
  laot::EvaluationOptions out;
  if (given_options == nullptr) return out;
  const laot_evaluation_options& asked = *given_options;
  laot::require(asked.struct_size >= sizeof(laot_evaluation_options), Status::invalid_argument,
                "options->struct_size must be set to sizeof the struct before the call, found ",
                asked.struct_size);
  out.condition = text_or_none(asked.condition);
  laot::require_name(out.condition, "options->condition", 0);
  out.methods = names_in(text_or_none(asked.methods));
  out.metrics = names_in(text_or_none(asked.metrics));
  out.preset = text_or_none(asked.preset);
  if (asked.gamma_count > 0)
    out.gammas.assign(&given(asked.gammas, "options->gammas"), asked.gammas + asked.gamma_count);
  if (asked.epsilon != 0.0) out.epsilon = {asked.epsilon, asked.epsilon_absolute != 0};
  out.markers = asked.markers;
  out.reference = laot::reference_from(text_or_none(asked.reference));
  out.test = asked.test != 0;
  if (asked.permutations > 0) out.permutations = asked.permutations;
  return out;
}

void require_feature_names(const laot_model* model, const laot_data* data, const char* name) {
  if (model == nullptr || data == nullptr) return;
  laot::capi::require_same_features(model->model.feature_names, "the model", data->feature_names,
                                    name);
}

}  // namespace

extern "C" {

size_t laot_setting_count(void) {
  size_t count = 0;
  (void)guarded([&] { count = laot::usual_settings().size(); });
  return count;
}

laot_status laot_setting_describe(size_t setting, laot_setting_info* info) {
  return guarded([&] {
    const std::vector<laot::UsualSetting>& all = laot::usual_settings();
    laot::require(setting < all.size(), Status::invalid_argument, "setting must be below ",
                  all.size(), ", found ", setting);
    const laot::UsualSetting& row = all[setting];
    fill(info, laot_setting_info{0, row.call.c_str(), row.name.c_str(), static_cast<int>(row.type),
                                 row.list, row.value.c_str(), row.doc.c_str()});
  });
}

laot_status laot_evaluate(laot_context* context, const laot_model* model,
                          const laot_data* predicted, const laot_data* observed,
                          const laot_data* control, const laot_evaluation_options* options,
                          laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::EvaluationOptions wanted = options_from(options);
    laot::HeldOut held_out;
    if (model) held_out.model = &given(model, "model").model;
    held_out.observed = given(observed, "observed").cells;
    held_out.observed_batch = observed->batch;
    held_out.observed_groups = observed->groups;
    if (predicted) {
      held_out.predicted = given(predicted, "predicted").cells;
      held_out.control_groups = predicted->groups;
    }
    if (control) {
      held_out.control = given(control, "control").cells;
      if (!control->groups.empty()) held_out.control_groups = control->groups;
    }
    require_feature_names(model, predicted, "predicted");
    require_feature_names(model, observed, "observed");
    require_feature_names(model, control, "control");
    CallContext call(context);
    hand_out_table(laot::evaluate(held_out, wanted, *call), out);
  });
}

laot_status laot_evaluate_experiment(laot_context* context, const laot_model* const* models,
                                     size_t count, const laot_experiment* held_out,
                                     const laot_evaluation_options* options, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::EvaluationOptions wanted = options_from(options);
    const laot::Experiment& cells = given(held_out, "held_out").experiment;
    laot::require(models != nullptr && count > 0, Status::invalid_argument,
                  "models is empty; give at least one");
    std::vector<const laot::Model*> all;
    for (size_t k = 0; k < count; ++k) {
      all.push_back(&given(models[k], "models").model);
      laot::capi::require_same_features(all[k]->feature_names, "the model", cells.feature_names,
                                        "held_out");
    }
    CallContext call(context);
    hand_out_table(laot::evaluate_conditions(all, cells, wanted, *call), out);
  });
}

laot_status laot_response_table(laot_context* context, const laot_model* model,
                                const laot_data* predicted, const laot_data* observed,
                                const laot_data* control, double level, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    laot::ResponseCells cells;
    if (model) cells.model = &given(model, "model").model;
    if (predicted) cells.predicted = given(predicted, "predicted").cells;
    cells.observed = given(observed, "observed").cells;
    cells.control = given(control, "control").cells;
    cells.observed_batch = observed->batch;
    cells.control_batch = control->batch;
    cells.feature_names = observed->feature_names;
    require_feature_names(model, predicted, "predicted");
    require_feature_names(model, observed, "observed");
    require_feature_names(model, control, "control");
    CallContext call(context);
    const double asked = level == 0.0 ? laot::kResponseLevel : level;
    hand_out_table(laot::response_table(cells, asked, *call), out);
  });
}

laot_status laot_marker_table(laot_context* context, const laot_data* control,
                              const laot_data* treated, size_t count, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Cells &x = given(control, "control").cells, &y = given(treated, "treated").cells;
    CallContext call(context);
    hand_out_table(laot::marker_table(x, y, count, control->feature_names, *call), out);
  });
}

}  // extern "C"
