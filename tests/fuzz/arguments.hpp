// Populations and parameters out of the fuzzer's bytes. Sizes are told truly, as the contract asks;
// everything else is the fuzzer's.
#pragma once

#include "fuzz.hpp"

namespace fuzz {

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

inline void make(Bytes& in, Population& out) {
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

inline void narrow(Bytes& in, Population& population) {
  std::vector<std::size_t> index(in.below(8));
  for (std::size_t& one : index) one = in.below(12);
  if (in.below(2) == 0)
    known(laot_data_select_cells(population.data, index.data(), index.size()));
  else
    known(laot_data_select_features(population.data, index.data(), index.size()));
}

inline void label(Bytes& in, Population& population) {
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

inline laot_params* make_params(Bytes& in) {
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

}  // namespace fuzz
