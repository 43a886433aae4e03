#include "calls.h"
#include "late.h"
#include "mapped.h"

#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

#define ROUTINE(name, arguments) \
  { #name, (DL_FUNC)&laot_r_##name, arguments }

/* clang-format off */
static const R_CallMethodDef routines[] = {
    ROUTINE(fit, 6),
    ROUTINE(fit_experiment, 10),
    ROUTINE(model_at, 5),
    ROUTINE(conditions, 1),
    ROUTINE(read_conditions, 5),
    ROUTINE(covariates, 1),
    ROUTINE(predict, 5),
    ROUTINE(compressed, 1),
    ROUTINE(effects, 3),
    ROUTINE(strongest_effects, 2),
    ROUTINE(encode, 4),
    ROUTINE(variable_features, 4),
    ROUTINE(metrics, 0),
    ROUTINE(settings, 0),
    ROUTINE(evaluate, 6),
    ROUTINE(cell_spearman, 3),
    ROUTINE(mmd2, 5),
    ROUTINE(score_presets, 0),
    ROUTINE(feature_scores, 3),
    ROUTINE(median_gamma, 3),
    ROUTINE(transitions, 3),
    ROUTINE(evaluate_experiment, 7),
    ROUTINE(response_table, 6),
    ROUTINE(marker_table, 4),
    ROUTINE(composition, 1),
    ROUTINE(choices, 1),
    ROUTINE(weights, 3),
    ROUTINE(partners, 3),
    ROUTINE(mmd2_test, 5),
    ROUTINE(isometry, 4),
    ROUTINE(rates, 4),
    ROUTINE(simulate, 6),
    ROUTINE(simulate_screen, 7),
    ROUTINE(recovery_study, 7),
    ROUTINE(change_at_cells, 4),
    ROUTINE(stability, 6),
    ROUTINE(recovery_curve, 8),
    ROUTINE(verdict, 2),
    ROUTINE(error_place, 1),
    ROUTINE(error_in_r, 1),
    ROUTINE(is_lost, 1),
    ROUTINE(trivial, 2),
    ROUTINE(describe, 1),
    ROUTINE(trace, 1),
    ROUTINE(array, 2),
    ROUTINE(late_bytes, 1),
    ROUTINE(from_bytes, 1),
    ROUTINE(save, 3),
    ROUTINE(notes, 1),
    ROUTINE(checkpoint_seed, 1),
    ROUTINE(load, 1),
    ROUTINE(mapped, 2),
    ROUTINE(methods, 0),
    ROUTINE(params, 2),
    ROUTINE(check_parameter, 2),
    ROUTINE(nearest, 2),
    ROUTINE(presets, 1),
    ROUTINE(capabilities, 0),
    {NULL, NULL, 0},
};
/* clang-format on */

void attribute_visible R_init_laot(DllInfo* dll) {
  R_registerRoutines(dll, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
  laot_r_init_mapped(dll);
  laot_r_init_late(dll);
}
