// The verdict on the real data sets of ../shared/data: default fits in the space of 50 variable
// genes, all numbers behind the verdict. Usage: laot_real_verdicts [threads]
#include <cstdio>
#include <cstdlib>

#include "laot/models.hpp"
#include "laot/trackability.hpp"
#include "support/real_data.hpp"

using namespace laot;

namespace {

void print_verdict(const char* name, const real_data::Populations& cells, Context& context) {
  const Params params(method("laot").spec);
  const Model model = fit_model(
      params, experiment_of(Cells::dense(cells.control), Cells::dense(cells.treated)), context);
  const arma::mat x = model.space.encode(Cells::dense(cells.control), Side::control, context);
  const arma::mat y = model.space.encode(Cells::dense(cells.treated), Side::treated, context);
  StabilityOptions options;
  options.resamples = 10;
  options.halves = 5;
  options.restarts = 3;
  const Stability s = stability(x, y, {}, {}, options, context);
  const RecoverySource source = recovery_source(x, y, {}, s.fit);
  RecoveryCurveOptions curve;
  curve.gaps = {0, 0.5, 1, 2, 4, 8};
  curve.repeats = 4;
  const RecoveryCurve c = recovery_curve(source, Design::counterpart, curve, context);
  const RecoveryCurve a = recovery_curve(source, Design::anew, curve, context);
  std::printf(
      "%-12s %5llu x %4llu  k %2llu  %-16s recovery %.2f  position %.2f (%.2f-%.2f)  anew %.2f  "
      "residual %.2f  displacement %.2f  halves %.2f/%.2f  bootstrap %.2f/%.2f  restarts %.2f",
      name, static_cast<unsigned long long>(x.n_cols), static_cast<unsigned long long>(y.n_cols),
      static_cast<unsigned long long>(x.n_rows),
      name_of(trackability_verdict(c.recovery_at_one, s.residual_over_spacing)), c.recovery_at_one,
      c.position, c.position_low, c.position_high, a.recovery_at_one, s.residual_over_spacing,
      s.displacement_over_spacing, s.halves.overlap, s.halves.coherence, s.resamples.overlap,
      s.resamples.coherence, s.restarts.overlap);
  for (const IsometryConstant& constant : isometry_constants(x, {}, context))
    std::printf("  delta_%s %.4g", name_of(constant.scaling), constant.delta);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (!real_data::available()) {
    std::printf("../shared/data is not there\n");
    return 0;
  }
  Context context;
  context.num_threads = argc > 1 ? std::atoi(argv[1]) : 1;
  for (const int hours : {24, 48, 72})
    print_verdict(text("HSMM 0-", hours, " h").c_str(), real_data::hsmm(hours), context);
  print_verdict("PBMC", real_data::pbmc(50), context);
  print_verdict("GBM", real_data::gbm(50), context);
  return 0;
}
