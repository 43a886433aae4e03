# The one list of core sources, in the order of the rooms. CMake and the R package both read it.
set(LAOT_CORE_SOURCES
  # base
  src/base/error.cpp
  src/base/number_text.cpp
  src/base/letters.cpp
  src/base/file_access.cpp
  src/base/vector_path.cpp
  src/base/random.cpp
  src/base/linear_algebra.cpp
  # parallel
  src/parallel/context.cpp
  src/parallel/parallel_for.cpp
  src/parallel/helpers.cpp
  src/parallel/machine.cpp
  src/parallel/tasks.cpp
  # data
  src/data/cells.cpp
  src/data/stored_cells.cpp
  src/data/feature_space.cpp
  src/data/principal_components.cpp
  # assignment
  src/assignment/shortest_paths.cpp
  src/assignment/kernels.cpp
  src/assignment/kernels_portable.cpp
  src/assignment/kernels_x86.cpp
  src/assignment/candidate_rows.cpp
  src/assignment/candidate_scan.cpp
  src/assignment/scan_schedule.cpp
  src/assignment/auction.cpp
  src/assignment/augment.cpp
  src/assignment/scaled_cloud.cpp
  src/assignment/point_assignment.cpp
  src/assignment/solve.cpp
  # transport
  src/transport/dense_transport.cpp
  src/transport/network_simplex.cpp
  src/transport/capacity_auction.cpp
  src/transport/simplex_transport.cpp
  src/transport/exact_transport.cpp
  src/transport/hierarchical_transport.cpp
  src/transport/coupling.cpp
  src/transport/cost_transport.cpp
  src/transport/entropic_newton.cpp
  src/transport/sinkhorn.cpp
  # laot
  src/laot/least_squares.cpp
  src/laot/restore.cpp
  src/laot/alternate.cpp
  src/laot/kernel_landmarks.cpp
  src/laot/lift.cpp
  src/laot/marginals.cpp
  # nets
  src/nets/kernels.cpp
  src/nets/lanes.cpp
  src/nets/products.cpp
  src/nets/parameters.cpp
  src/nets/icnn.cpp
  src/nets/icnn_pass.cpp
  src/nets/cellot_loss.cpp
  src/nets/snapshot.cpp
  src/nets/batches.cpp
  src/nets/validation.cpp
  src/nets/split_cells.cpp
  src/nets/cellot.cpp
  src/nets/transport_loss.cpp
  src/nets/conditional_map.cpp
  src/nets/cmonge.cpp
  src/nets/autoencoder.cpp
  src/nets/autoencoder_pass.cpp
  src/nets/autoencoder_training.cpp
  # metrics
  src/metrics/lanes.cpp
  src/metrics/pair_tiles.cpp
  src/metrics/pair_sums.cpp
  src/metrics/mean_kernel.cpp
  src/metrics/mmd.cpp
  src/metrics/median_gamma.cpp
  src/metrics/permutation_test.cpp
  src/metrics/distances.cpp
  src/metrics/moments.cpp
  src/metrics/correlations.cpp
  src/metrics/neighbours.cpp
  src/metrics/features.cpp
  src/metrics/registry.cpp
  src/metrics/score.cpp
  # trackability
  src/trackability/resampling.cpp
  src/trackability/isometry.cpp
  src/trackability/critical_gap.cpp
  src/trackability/populations.cpp
  src/trackability/recovery_study.cpp
  src/trackability/refit.cpp
  src/trackability/stability.cpp
  src/trackability/recovery_curve.cpp
  src/trackability/verdict.cpp
  # io
  src/io/json.cpp
  src/io/model_file.cpp
  # choice
  src/choice/parts.cpp
  src/choice/choose.cpp
  # conditions
  src/conditions/experiment.cpp
  src/conditions/covariates.cpp
  src/conditions/embeddings.cpp
  src/conditions/condition_regression.cpp
  src/conditions/map_regression.cpp
  src/conditions/conditional_alternation.cpp
  src/conditions/conditional_spread.cpp
  src/conditions/conditional_choices.cpp
  src/conditions/conditional_laot.cpp
  src/conditions/nearest_condition.cpp
  src/conditions/simulated_screen.cpp
  src/io/model_file_read.cpp
  # models
  src/models/params.cpp
  src/models/shared_params.cpp
  src/models/affine_response.cpp
  src/models/checkpoint.cpp
  src/models/method_laot.cpp
  src/models/networks.cpp
  src/models/restored_mean.cpp
  src/models/method_cellot.cpp
  src/models/method_autoencoder.cpp
  src/models/method_trivial.cpp
  src/models/covariate_roles.cpp
  src/models/linear_conditional_map.cpp
  src/models/method_conditional.cpp
  src/models/registry.cpp
  src/models/training_summary.cpp
  src/models/fit.cpp
  src/models/fit_experiment.cpp
  src/models/model.cpp
  src/models/model_store.cpp
)
set(LAOT_CAPI_SOURCES
  capi/guard.cpp
  capi/context.cpp
  capi/data.cpp
  capi/params.cpp
  capi/model.cpp
  capi/experiment.cpp
  capi/metrics.cpp
  capi/findings.cpp
  capi/trackability.cpp
  capi/scores.cpp
)
