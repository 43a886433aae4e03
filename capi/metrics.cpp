#include <cmath>

#include "handles.hpp"
#include "laot/metrics.hpp"
#include "laot/transport.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::valid_cells;

namespace {

void require_same_rows(const laot::Cells& x, const laot::Cells& y) {
  laot::require(x.features() == y.features(), Status::dimension_mismatch, "x has ", x.features(),
                " features and y has ", y.features());
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
    const laot::Cells &a = valid_cells(x, "x", *call), &b = valid_cells(y, "y", *call);
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
    const laot::Cells& a = valid_cells(x, "x", *call);
    const laot::Cells b =
        y ? valid_cells(y, "y", *call) : laot::Cells::dense(nullptr, a.features(), 0, a.features());
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
    const laot::Cells &from = valid_cells(x, "x", *call), &to = valid_cells(y, "y", *call);
    require_same_rows(from, to);
    const arma::mat a = from.as_matrix(), b = to.as_matrix();
    const laot::Certificate proof = laot::transport_cost(a, b, *call);
    *value = std::sqrt(std::max(0.0, proof.primal));
    if (gap) *gap = proof.gap;
  });
}

}  // extern "C"
