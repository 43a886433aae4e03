// libFuzzer: the bytes choose data, parameters and calls of the C interface, in any order, with
// arguments that fit and that do not. Sizes are told truly, as the contract asks; everything else
// is the fuzzer's.
#include <algorithm>

#include "fuzz.hpp"

namespace {

using fuzz::Bytes;
using fuzz::known;

// Borrowed arrays must outlive their laot_data.
struct Population {
  std::vector<double> values;
  std::vector<std::int32_t> starts, rows;
  laot_data* data = nullptr;
  std::size_t features = 0, cells = 0;
  Population() = default;
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;
  ~Population() { laot_data_free(data); }
};

void make(Bytes& in, Population& out) {
  out.features = in.below(6);
  out.cells = in.below(12);
  if (in.below(2) == 0) {
    const std::size_t leading = out.features + in.below(3) - in.below(2);
    if (leading > 16) return;
    out.values.resize(std::max(leading, out.features) * out.cells + 1);
    for (double& value : out.values) value = in.number();
    known(laot_data_dense(out.values.data(), out.features, out.cells, leading, &out.data));
  } else {
    const std::size_t entries = in.below(24);
    out.values.resize(entries + 1);
    for (double& value : out.values) value = in.number();
    out.rows.resize(entries + 1);
    for (std::int32_t& row : out.rows) row = static_cast<std::int32_t>(in.below(8)) - 1;
    out.starts.resize(out.cells + 1);
    // In order most of the time; never beyond what is there.
    for (std::int32_t& start : out.starts) start = static_cast<std::int32_t>(in.below(entries + 1));
    if (in.below(8) != 0) {
      std::sort(out.starts.begin(), out.starts.end());
      out.starts[0] = 0;
    }
    known(laot_data_csc(out.features, out.cells, out.starts.data(), out.rows.data(),
                        out.values.data(), &out.data));
  }
}

void narrow(Bytes& in, Population& population) {
  std::vector<std::size_t> index(in.below(8));
  for (std::size_t& one : index) one = in.below(12);
  if (in.below(2) == 0)
    known(laot_data_select_cells(population.data, index.data(), index.size()));
  else
    known(laot_data_select_features(population.data, index.data(), index.size()));
}

void label(Bytes& in, Population& population) {
  std::vector<std::string> kept(in.below(12));
  std::vector<const char*> pointers;
  for (std::string& one : kept) one = in.text(2);
  for (const std::string& one : kept) pointers.push_back(in.below(20) == 1 ? nullptr : one.c_str());
  switch (in.below(3)) {
    case 0:
      known(laot_data_set_batch(population.data, pointers.data(), pointers.size()));
      break;
    case 1:
      known(laot_data_set_feature_names(population.data, pointers.data(), pointers.size()));
      break;
    default:
      known(laot_data_set_cell_names(population.data, pointers.data(), pointers.size()));
  }
}

laot_params* make_params(Bytes& in) {
  laot_params* out = nullptr;
  const std::size_t method = in.below(laot_method_count());
  laot_method_info info;
  info.struct_size = sizeof info;
  FUZZ_REQUIRE(laot_method_describe(method, &info) == LAOT_OK);
  FUZZ_REQUIRE(laot_params_new(info.name, &out) == LAOT_OK);
  if (info.preset_count > 0 && in.below(3) == 0) {
    laot_preset_info preset;
    preset.struct_size = sizeof preset;
    FUZZ_REQUIRE(laot_preset_describe(method, in.below(info.preset_count), &preset) == LAOT_OK);
    known(laot_params_use_preset(out, preset.name));
  }
  for (std::size_t left = in.below(4); left > 0 && info.param_count > 0; --left) {
    laot_param_info param;
    param.struct_size = sizeof param;
    FUZZ_REQUIRE(laot_param_describe(method, in.below(info.param_count), &param) == LAOT_OK);
    if (in.below(2) == 0)
      known(laot_params_set_number(out, param.name, in.number()));
    else
      known(laot_params_set_text(out, param.name, in.text(8).c_str()));
  }
  return out;
}

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
