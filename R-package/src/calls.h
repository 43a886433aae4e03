/* Every routine that R calls, once: init.c registers them from this list. */
#ifndef LAOT_R_CALLS_H
#define LAOT_R_CALLS_H

#include <Rinternals.h>

#ifdef __cplusplus
extern "C" {
#endif

SEXP laot_r_fit(SEXP method, SEXP preset, SEXP params, SEXP control, SEXP treated, SEXP settings);
SEXP laot_r_fit_experiment(SEXP method, SEXP preset, SEXP params, SEXP controls, SEXP treated,
                           SEXP which, SEXP covariates, SEXP embeddings, SEXP held_out,
                           SEXP settings);
SEXP laot_r_model_at(SEXP model, SEXP condition, SEXP covariates, SEXP controls, SEXP settings);
SEXP laot_r_conditions(SEXP model);
SEXP laot_r_read_conditions(SEXP labels, SEXP control, SEXP targets, SEXP columns, SEXP combine);
SEXP laot_r_covariates(SEXP pointer);
SEXP laot_r_predict(SEXP model, SEXP cells, SEXP nonnegative, SEXP settings, SEXP dimnames);
SEXP laot_r_compressed(SEXP values);
SEXP laot_r_effects(SEXP model, SEXP cells, SEXP settings);
SEXP laot_r_strongest_effects(SEXP model, SEXP count);
SEXP laot_r_encode(SEXP model, SEXP cells, SEXP about, SEXP settings);
SEXP laot_r_variable_features(SEXP control, SEXP treated, SEXP count, SEXP settings);

SEXP laot_r_metrics(void);
SEXP laot_r_settings(void);
SEXP laot_r_score_presets(void);
SEXP laot_r_evaluate(SEXP model, SEXP predicted, SEXP observed, SEXP control, SEXP options,
                     SEXP settings);
SEXP laot_r_evaluate_experiment(SEXP models, SEXP controls, SEXP treated, SEXP which,
                                SEXP covariates, SEXP options, SEXP settings);
SEXP laot_r_response_table(SEXP model, SEXP predicted, SEXP observed, SEXP control, SEXP level,
                           SEXP settings);
SEXP laot_r_marker_table(SEXP control, SEXP treated, SEXP count, SEXP settings);
SEXP laot_r_cell_spearman(SEXP control, SEXP predicted, SEXP settings);
SEXP laot_r_mmd2(SEXP x, SEXP y, SEXP gammas, SEXP estimator, SEXP settings);
SEXP laot_r_feature_scores(SEXP predicted, SEXP observed, SEXP settings);
SEXP laot_r_median_gamma(SEXP x, SEXP y, SEXP settings);
SEXP laot_r_transitions(SEXP model, SEXP from, SEXP to);
SEXP laot_r_composition(SEXP model);
SEXP laot_r_choices(SEXP model);
SEXP laot_r_weights(SEXP model, SEXP cells, SEXP settings);
SEXP laot_r_partners(SEXP model, SEXP direction, SEXP cells);
SEXP laot_r_mmd2_test(SEXP x, SEXP y, SEXP gammas, SEXP permutations, SEXP settings);

SEXP laot_r_isometry(SEXP cells, SEXP rate, SEXP probabilities, SEXP settings);
SEXP laot_r_rates(SEXP populations, SEXP times, SEXP probabilities, SEXP settings);
SEXP laot_r_simulate(SEXP features, SEXP cells, SEXP gap, SEXP noise, SEXP entries, SEXP settings);
SEXP laot_r_simulate_screen(SEXP features, SEXP drugs, SEXP cells, SEXP new_cells, SEXP kappa,
                            SEXP noise, SEXP settings);
SEXP laot_r_recovery_study(SEXP features, SEXP gaps, SEXP counts, SEXP noise, SEXP entries,
                           SEXP cost, SEXP settings);
SEXP laot_r_change_at_cells(SEXP model, SEXP control, SEXP most_cells, SEXP settings);
SEXP laot_r_stability(SEXP model, SEXP control, SEXP treated, SEXP counts, SEXP resample,
                      SEXP settings);
SEXP laot_r_recovery_curve(SEXP model, SEXP control, SEXP treated, SEXP design, SEXP gaps,
                           SEXP repeats, SEXP most_cells, SEXP settings);
SEXP laot_r_verdict(SEXP recovery, SEXP residual);

SEXP laot_r_error_place(SEXP sentence);
SEXP laot_r_error_in_r(SEXP sentence);
SEXP laot_r_is_lost(SEXP model);
SEXP laot_r_trivial(SEXP model, SEXP name);
SEXP laot_r_describe(SEXP model);
SEXP laot_r_trace(SEXP model);
SEXP laot_r_array(SEXP model, SEXP name);
SEXP laot_r_late_bytes(SEXP model);
SEXP laot_r_from_bytes(SEXP bytes);
SEXP laot_r_save(SEXP model, SEXP path, SEXP notes);
SEXP laot_r_notes(SEXP model);
SEXP laot_r_checkpoint_seed(SEXP path);
SEXP laot_r_load(SEXP path);

SEXP laot_r_mapped(SEXP path, SEXP type);
SEXP laot_r_methods(void);
SEXP laot_r_params(SEXP method, SEXP preset);
SEXP laot_r_check_parameter(SEXP method, SEXP name);
SEXP laot_r_nearest(SEXP name, SEXP candidates);
SEXP laot_r_presets(SEXP method);
SEXP laot_r_capabilities(void);

#ifdef __cplusplus
}
#endif

#endif
