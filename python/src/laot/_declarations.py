"""Made from capi/laot.h by scripts/bindings.py; do not edit."""

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32,
                    c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p)

LAOT_OK = 0
LAOT_INVALID_ARGUMENT = -1
LAOT_DIMENSION_MISMATCH = -2
LAOT_NOT_FINITE = -3
LAOT_UNKNOWN_NAME = -4
LAOT_OUT_OF_MEMORY = -5
LAOT_CANCELLED = -6
LAOT_IO_ERROR = -7
LAOT_BAD_FORMAT = -8
LAOT_NUMERICAL_FAILURE = -9
LAOT_NOT_AVAILABLE = -10
LAOT_BUFFER_TOO_SMALL = -11
LAOT_INTERNAL_ERROR = -99

LAOT_ABI_VERSION = 1

laot_cancel_fn = CFUNCTYPE(c_int, c_void_p)

laot_progress_fn = CFUNCTYPE(c_int, c_char_p, c_double, c_void_p)

laot_log_fn = CFUNCTYPE(None, c_char_p, c_void_p)

LAOT_COLUMN_NUMBER = 0
LAOT_COLUMN_TEXT = 1


class laot_method_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("title", c_char_p),
        ("source", c_char_p),
        ("param_count", c_size_t),
        ("preset_count", c_size_t),
        ("affine", c_int),
        ("dense_map", c_int),
        ("trains", c_int),
        ("uses_batch", c_int),
        ("many_conditions", c_int),
        ("trivial", c_int),
        ("pairs", c_int),
        ("raw_space", c_int),
        ("fewest_cells", c_size_t),
    ]


LAOT_NUMBER = 0
LAOT_INTEGER = 1
LAOT_FLAG = 2
LAOT_CHOICE = 3


class laot_param_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("type", c_int),
        ("default_text", c_char_p),
        ("minimum", c_double),
        ("maximum", c_double),
        ("words", c_char_p),
        ("doc", c_char_p),
        ("source", c_char_p),
    ]



class laot_preset_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("doc", c_char_p),
    ]


laot_read_cells_fn = CFUNCTYPE(c_int, c_void_p, POINTER(c_void_p))

laot_let_go_cells_fn = CFUNCTYPE(None, c_void_p)


class laot_metric_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("title", c_char_p),
        ("estimator", c_char_p),
        ("setting", c_char_p),
        ("doc", c_char_p),
        ("source", c_char_p),
        ("undefined", c_char_p),
        ("perfect", c_double),
        ("larger_is_better", c_int),
        ("needs_gamma", c_int),
        ("needs_control", c_int),
        ("takes_epsilon", c_int),
        ("usual", c_int),
    ]



class laot_setting_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("call", c_char_p),
        ("name", c_char_p),
        ("type", c_int),
        ("list", c_int),
        ("usual_text", c_char_p),
        ("doc", c_char_p),
    ]



class laot_score_result(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("value", c_double),
        ("sd", c_double),
        ("features_left_out", c_size_t),
        ("marginal_error", c_double),
    ]



class laot_score_options(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("gamma", c_double),
        ("epsilon", c_double),
        ("epsilon_absolute", c_int),
        ("cells", c_size_t),
        ("repetitions", c_size_t),
    ]



class laot_score_preset_info(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("doc", c_char_p),
        ("source", c_char_p),
        ("metrics", c_char_p),
        ("cells", c_char_p),
        ("repetitions", c_size_t),
        ("gamma_from_all_features", c_int),
        ("with_replacement", c_int),
    ]



class laot_evaluation_options(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("condition", c_char_p),
        ("methods", c_char_p),
        ("metrics", c_char_p),
        ("preset", c_char_p),
        ("gammas", POINTER(c_double)),
        ("gamma_count", c_size_t),
        ("epsilon", c_double),
        ("epsilon_absolute", c_int),
        ("markers", c_size_t),
        ("reference", c_char_p),
        ("test", c_int),
        ("permutations", c_size_t),
    ]


# name: (result, arguments); handles are void pointers.
FUNCTIONS = {
    "laot_last_error": (c_char_p, []),
    "laot_last_error_place": (c_char_p, [POINTER(c_size_t), POINTER(c_size_t), POINTER(c_double)]),
    "laot_last_error_part": (c_char_p, [c_size_t, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_status_name": (c_char_p, [c_int]),
    "laot_nearest_name": (c_int, [c_char_p, POINTER(c_char_p), c_size_t, POINTER(c_size_t)]),
    "laot_version": (c_char_p, []),
    "laot_abi_version": (c_int, []),
    "laot_capabilities": (c_int, [c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_context_new": (c_int, [POINTER(c_void_p)]),
    "laot_context_free": (None, [c_void_p]),
    "laot_context_set_threads": (c_int, [c_void_p, c_int]),
    "laot_context_set_seed": (c_int, [c_void_p, c_uint64]),
    "laot_context_set_cancel": (c_int, [c_void_p, laot_cancel_fn, c_void_p]),
    "laot_context_set_progress": (c_int, [c_void_p, laot_progress_fn, c_void_p]),
    "laot_context_set_log": (c_int, [c_void_p, laot_log_fn, c_void_p]),
    "laot_context_set_checkpoint": (c_int, [c_void_p, c_char_p, c_double]),
    "laot_checkpoint_seed": (c_int, [c_char_p, POINTER(c_uint64)]),
    "laot_data_dense": (c_int, [POINTER(c_double), c_size_t, c_size_t, c_size_t,
        POINTER(c_void_p)]),
    "laot_data_csc": (c_int, [c_size_t, c_size_t, POINTER(c_int32), POINTER(c_int32),
        POINTER(c_double), POINTER(c_void_p)]),
    "laot_data_csc64": (c_int, [c_size_t, c_size_t, POINTER(c_int64), POINTER(c_int64),
        POINTER(c_double), POINTER(c_void_p)]),
    "laot_data_view": (c_int, [c_void_p, POINTER(c_void_p)]),
    "laot_data_free": (None, [c_void_p]),
    "laot_data_select_cells": (c_int, [c_void_p, POINTER(c_size_t), c_size_t]),
    "laot_data_select_features": (c_int, [c_void_p, POINTER(c_size_t), c_size_t]),
    "laot_data_size": (c_int, [c_void_p, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_data_set_batch": (c_int, [c_void_p, POINTER(c_char_p), c_size_t]),
    "laot_data_set_groups": (c_int, [c_void_p, POINTER(c_char_p), c_size_t]),
    "laot_data_set_feature_names": (c_int, [c_void_p, POINTER(c_char_p), c_size_t]),
    "laot_data_set_cell_names": (c_int, [c_void_p, POINTER(c_char_p), c_size_t]),
    "laot_variable_features": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    "laot_table_free": (None, [c_void_p]),
    "laot_table_size": (c_int, [c_void_p, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_table_names": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_table_column_type": (c_int, [c_void_p, c_char_p, POINTER(c_int)]),
    "laot_table_numbers": (c_int, [c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_table_texts": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_method_count": (c_size_t, []),
    "laot_method_describe": (c_int, [c_size_t, POINTER(laot_method_info)]),
    "laot_method_label": (c_char_p, [c_size_t]),
    "laot_param_describe": (c_int, [c_size_t, c_size_t, POINTER(laot_param_info)]),
    "laot_preset_describe": (c_int, [c_size_t, c_size_t, POINTER(laot_preset_info)]),
    "laot_params_new": (c_int, [c_char_p, POINTER(c_void_p)]),
    "laot_params_free": (None, [c_void_p]),
    "laot_params_use_preset": (c_int, [c_void_p, c_char_p]),
    "laot_params_set_number": (c_int, [c_void_p, c_char_p, c_double]),
    "laot_params_set_text": (c_int, [c_void_p, c_char_p, c_char_p]),
    "laot_params_get_text": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_fit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, POINTER(c_void_p)]),
    "laot_model_free": (None, [c_void_p]),
    "laot_predict": (c_int, [c_void_p, c_void_p, c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_composition": (c_int, [c_void_p, POINTER(c_void_p)]),
    "laot_choices": (c_int, [c_void_p, POINTER(c_void_p)]),
    "laot_weights": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double), c_size_t]),
    "laot_effects": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double), c_size_t]),
    "laot_strongest_effects": (c_int, [c_void_p, c_size_t, POINTER(c_void_p)]),
    "laot_encode": (c_int, [c_void_p, c_void_p, c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_model_trivial": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "laot_experiment_new": (c_int, [POINTER(c_void_p)]),
    "laot_experiment_free": (None, [c_void_p]),
    "laot_experiment_add_control": (c_int, [c_void_p, c_void_p, POINTER(c_size_t)]),
    "laot_experiment_add_condition": (c_int, [c_void_p, c_char_p, c_void_p, c_size_t,
        POINTER(c_char_p), POINTER(c_char_p), POINTER(c_double), c_size_t]),
    "laot_experiment_add_condition_later": (c_int, [c_void_p, c_char_p, c_size_t,
        laot_read_cells_fn, laot_let_go_cells_fn, c_void_p, c_size_t, POINTER(c_char_p),
        POINTER(c_char_p), POINTER(c_double), c_size_t]),
    "laot_experiment_add_embedding": (c_int, [c_void_p, c_char_p, POINTER(c_char_p), c_size_t,
        POINTER(c_double), c_size_t]),
    "laot_experiment_place_by_controls": (c_int, [c_void_p, c_char_p]),
    "laot_experiment_hold_out": (c_int, [c_void_p, c_char_p]),
    "laot_read_conditions": (c_int, [POINTER(c_char_p), c_size_t, c_char_p, POINTER(c_char_p),
        c_size_t, POINTER(c_size_t), POINTER(c_char_p), POINTER(c_char_p), POINTER(c_double),
        c_size_t, c_char_p, c_char_p, POINTER(c_void_p), POINTER(c_void_p), POINTER(c_size_t)]),
    "laot_fit_experiment": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_void_p)]),
    "laot_model_at": (c_int, [c_void_p, c_char_p, POINTER(c_char_p), POINTER(c_char_p),
        POINTER(c_double), c_size_t, POINTER(c_void_p)]),
    "laot_model_at_controls": (c_int, [c_void_p, c_void_p, c_void_p, c_char_p,
        POINTER(c_char_p), POINTER(c_char_p), POINTER(c_double), c_size_t, POINTER(c_void_p)]),
    "laot_predict_at": (c_int, [c_void_p, c_void_p, c_void_p, c_char_p, POINTER(c_char_p),
        POINTER(c_char_p), POINTER(c_double), c_size_t, c_char_p, POINTER(c_double), c_size_t]),
    "laot_model_names": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_model_text": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_covariates": (c_int, [c_void_p, POINTER(c_void_p)]),
    "laot_report_number": (c_int, [c_void_p, c_char_p, POINTER(c_double)]),
    "laot_report_text": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_trace_length": (c_int, [c_void_p, POINTER(c_size_t)]),
    "laot_trace_column": (c_int, [c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_array_size": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_array": (c_int, [c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_transitions": (c_int, [c_void_p, POINTER(c_char_p), c_size_t, POINTER(c_char_p),
        c_size_t, POINTER(c_void_p)]),
    "laot_partners": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_size_t, POINTER(c_void_p)]),
    "laot_save": (c_int, [c_void_p, c_char_p]),
    "laot_save_with_notes": (c_int, [c_void_p, c_char_p, POINTER(c_char_p), POINTER(c_char_p),
        c_size_t]),
    "laot_load": (c_int, [c_char_p, POINTER(c_void_p)]),
    "laot_to_bytes": (c_int, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    "laot_from_bytes": (c_int, [c_void_p, c_size_t, POINTER(c_void_p)]),
    "laot_mmd2": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double), c_size_t, c_char_p,
        POINTER(c_double)]),
    "laot_median_gamma": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double)]),
    "laot_wasserstein2": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double),
        POINTER(c_double)]),
    "laot_metric_count": (c_size_t, []),
    "laot_metric_describe": (c_int, [c_size_t, POINTER(laot_metric_info)]),
    "laot_setting_count": (c_size_t, []),
    "laot_setting_describe": (c_int, [c_size_t, POINTER(laot_setting_info)]),
    "laot_score": (c_int, [c_void_p, c_char_p, c_void_p, c_void_p, c_void_p, c_double, c_size_t,
        c_size_t, POINTER(laot_score_result)]),
    "laot_score_with": (c_int, [c_void_p, c_char_p, c_void_p, c_void_p, c_void_p,
        POINTER(laot_score_options), POINTER(laot_score_result)]),
    "laot_score_preset_count": (c_size_t, []),
    "laot_score_preset_describe": (c_int, [c_size_t, POINTER(laot_score_preset_info)]),
    "laot_evaluate": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p,
        POINTER(laot_evaluation_options), POINTER(c_void_p)]),
    "laot_evaluate_experiment": (c_int, [c_void_p, POINTER(c_void_p), c_size_t, c_void_p,
        POINTER(laot_evaluation_options), POINTER(c_void_p)]),
    "laot_response_table": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_double,
        POINTER(c_void_p)]),
    "laot_marker_table": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_void_p)]),
    "laot_feature_scores": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double),
        POINTER(c_double), POINTER(c_double), c_size_t]),
    "laot_marker_features": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    "laot_cell_spearman": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double), c_size_t]),
    "laot_mmd2_test": (c_int, [c_void_p, c_void_p, c_void_p, POINTER(c_double), c_size_t,
        c_size_t, POINTER(c_double), POINTER(c_double)]),
    "laot_findings_free": (None, [c_void_p]),
    "laot_findings_names": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_findings_number": (c_int, [c_void_p, c_char_p, POINTER(c_double)]),
    "laot_findings_text": (c_int, [c_void_p, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_findings_array_size": (c_int, [c_void_p, c_char_p, POINTER(c_size_t),
        POINTER(c_size_t)]),
    "laot_findings_array": (c_int, [c_void_p, c_char_p, POINTER(c_double), c_size_t]),
    "laot_findings_table": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "laot_isometry": (c_int, [c_void_p, c_void_p, c_double, POINTER(c_double), c_size_t,
        POINTER(c_void_p)]),
    "laot_rates": (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_double), c_size_t,
        POINTER(c_double), c_size_t, POINTER(c_void_p)]),
    "laot_simulate_populations": (c_int, [c_void_p, c_size_t, c_size_t, c_double, c_double,
        c_char_p, POINTER(c_double), POINTER(c_double), POINTER(c_double), POINTER(c_size_t)]),
    "laot_simulate_screen": (c_int, [c_void_p, c_size_t, c_size_t, c_size_t, c_size_t, c_double,
        c_double, POINTER(c_void_p)]),
    "laot_recovery_study": (c_int, [c_void_p, POINTER(c_size_t), c_size_t, POINTER(c_double),
        c_size_t, c_size_t, c_size_t, c_size_t, c_double, c_char_p, c_char_p, POINTER(c_double),
        POINTER(c_double)]),
    "laot_change_at_cells": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_void_p)]),
    "laot_stability": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_size_t,
        c_size_t, c_char_p, POINTER(c_void_p)]),
    "laot_recovery_curve": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_char_p,
        POINTER(c_double), c_size_t, c_size_t, c_size_t, POINTER(c_void_p)]),
    "laot_trackability_verdict": (c_char_p, [c_double, c_double]),
}
