#include <cmath>

#include "handles.hpp"
#include "laot/metrics.hpp"
#include "laot/transport.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;

namespace {

arma::mat valid_cells(const laot_data* data, const char* name, laot::Context& context) {
  laot::require_valid(given(data, name).cells, name, context);
  return data->cells.gather_all();
}

void require_same_rows(const arma::mat& x, const arma::mat& y) {
  laot::require(x.n_rows == y.n_rows, Status::dimension_mismatch, "x has ", x.n_rows,
                " features and y has ", y.n_rows);
}

}  // namespace

extern "C" {

laot_status laot_mmd2(laot_context* context, const laot_data* x, const laot_data* y,
                      const double* gammas, size_t count, const char* estimator, double* value) {
  return guarded([&] {
    given(gammas, "gammas");
    given(value, "value");
    laot::require(count > 0, Status::invalid_argument, "gammas is empty; give at least one");
    const std::string asked = given_text(estimator, "estimator");
    laot::require(asked == "unbiased" || asked == "biased", Status::unknown_name,
                  "estimator must be unbiased or biased, found \"", asked, "\"");
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const arma::mat a = valid_cells(x, "x", *call), b = valid_cells(y, "y", *call);
    require_same_rows(a, b);
    *value = laot::mmd2_mean(
        a, b, std::vector<double>(gammas, gammas + count),
        asked == "biased" ? laot::MmdEstimator::biased : laot::MmdEstimator::unbiased, *call);
  });
}

laot_status laot_median_gamma(laot_context* context, const laot_data* x, const laot_data* y,
                              double* value) {
  return guarded([&] {
    given(value, "value");
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const arma::mat a = valid_cells(x, "x", *call);
    const arma::mat b = y ? valid_cells(y, "y", *call) : arma::mat(a.n_rows, 0);
    require_same_rows(a, b);
    *value = laot::median_gamma(a, b, *call).gamma;
  });
}

laot_status laot_wasserstein2(laot_context* context, const laot_data* x, const laot_data* y,
                              double* value, double* gap) {
  return guarded([&] {
    given(value, "value");
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const arma::mat a = valid_cells(x, "x", *call), b = valid_cells(y, "y", *call);
    require_same_rows(a, b);
    const laot::Certificate proof = laot::Coupling(a, b).solve(a, *call).certificate;
    *value = std::sqrt(std::max(0.0, proof.primal));
    if (gap) *gap = proof.gap;
  });
}

}  // extern "C"
