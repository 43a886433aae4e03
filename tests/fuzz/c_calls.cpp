// libFuzzer: the bytes choose data, parameters and calls of the C interface, in any order, with
// arguments that fit and that do not. Sizes are told truly, as the contract asks; everything else
// is the fuzzer's.
#include "arguments.hpp"

namespace {

using fuzz::Bytes;
using fuzz::known;
using fuzz::Population;

void score(Bytes& in, const fuzz::Context& context, const Population& x, const Population& y) {
  double value = 0.0, other = 0.0;
  const double gammas[] = {in.number(), in.number()};
  known(laot_mmd2(context.get(), x.data, y.data, gammas, in.below(3),
                  in.below(2) ? "biased" : "unbiased", &value));
  known(laot_median_gamma(context.get(), x.data, y.data, &value));
  known(laot_wasserstein2(context.get(), x.data, y.data, &value, &other));
  laot_metric_info info;
  info.struct_size = sizeof info;
  FUZZ_REQUIRE(laot_metric_describe(in.below(laot_metric_count()), &info) == LAOT_OK);
  laot_score_result result;
  result.struct_size = sizeof result;
  known(laot_score(context.get(), info.name, x.data, y.data, in.below(2) ? x.data : nullptr,
                   in.number(), in.below(4), in.below(4), &result));
  std::size_t index[8];
  known(laot_variable_features(context.get(), x.data, y.data, in.below(8), index));
  known(laot_marker_features(context.get(), x.data, y.data, in.below(8), index));
}

void fit(Bytes& in, const fuzz::Context& context, const Population& x, const Population& y) {
  laot_params* params = make_params(in);
  laot_model* model = nullptr;
  const bool fitted = known(laot_fit(context.get(), params, x.data, y.data, &model));
  laot_params_free(params);
  if (!fitted) {
    FUZZ_REQUIRE(model == nullptr);
    return;
  }
  std::size_t features = 0, cells = 0;
  FUZZ_REQUIRE(laot_data_size(x.data, &features, &cells) == LAOT_OK);
  std::vector<double> out(features * cells);
  const char* const ways[] = {"no", "clip", "marginals"};
  if (known(laot_predict(context.get(), model, x.data, ways[in.below(3)], out.data(), out.size())))
    for (const double value : out) FUZZ_REQUIRE(value == value);
  laot_model_free(model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Bytes in(bytes, size);
  const fuzz::Context context;
  Population x, y;
  make(in, x);
  make(in, y);
  for (int steps = 0; steps < 8 && !in.empty(); ++steps) switch (in.below(5)) {
      case 0:
        narrow(in, in.below(2) ? x : y);
        break;
      case 1:
        label(in, in.below(2) ? x : y);
        break;
      case 2:
        score(in, context, x, y);
        break;
      default:
        fit(in, context, x, y);
    }
  return 0;
}
