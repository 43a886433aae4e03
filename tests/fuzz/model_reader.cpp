// libFuzzer: any bytes either are refused with one sentence, or are a model that can be written and
// read again, and, of one in sixteen, asked and predicted from: that takes a hundred times as long.
#include "fuzz.hpp"

namespace {

std::vector<const char*> labels_of_cells(const laot_model* model, const char* count) {
  double cells = 0.0;
  if (!fuzz::known(laot_report_number(model, count, &cells)) || !(cells >= 1.0 && cells <= 1e4))
    return {};
  return std::vector<const char*>(static_cast<std::size_t>(cells), "a");
}

// The tables, and the last plan from both sides.
void use_tables(const laot_model* model) {
  laot_table* table = nullptr;
  const auto drop = [&table](laot_status status) {
    if (fuzz::known(status)) laot_table_free(table);
  };
  drop(laot_choices(model, &table));
  drop(laot_composition(model, &table));
  drop(laot_covariates(model, &table));
  const std::size_t first = 0;
  for (const char* direction : {"descendants", "ancestors"})
    drop(laot_partners(model, direction, &first, 1, &table));
  const std::vector<const char*> from = labels_of_cells(model, "n_control"),
                                 to = labels_of_cells(model, "n_treated");
  if (from.empty() || to.empty()) return;
  drop(laot_transitions(model, from.data(), from.size(), to.data(), to.size(), &table));
}

// Asks for everything, and predicts two cells.
void use_one(const laot_model* model) {
  use_tables(model);
  const std::vector<std::string> arrays = fuzz::lines(laot_model_names, model, "arrays");
  std::size_t features = 0;
  for (const std::string& name : arrays) {
    std::size_t rows = 0, cols = 0;
    if (!fuzz::known(laot_array_size(model, name.c_str(), &rows, &cols))) continue;
    std::vector<double> values(rows * cols + 1);
    fuzz::known(laot_array(model, name.c_str(), values.data(), values.size()));
    if (name == "mean_control") features = rows;
  }
  for (const char* what : {"report_numbers", "report_texts", "trace", "params", "feature_names",
                           "control_names", "treated_names"})
    fuzz::lines(laot_model_names, model, what);
  fuzz::lines(laot_model_text, model, "method");
  if (features == 0 || features > 4096) return;

  const fuzz::Context context;
  const std::vector<double> cells(2 * features, 0.5);
  std::vector<double> out(2 * features);
  laot_data* data = nullptr;
  FUZZ_REQUIRE(laot_data_dense(cells.data(), features, 2, features, &data) == LAOT_OK);
  for (const char* nonnegative : {"no", "clip", "marginals"})
    fuzz::known(laot_predict(context.get(), model, data, nonnegative, out.data(), out.size()));
  std::vector<double> effects(features <= 64 ? 2 * features * features : 0);
  if (!effects.empty())
    fuzz::known(laot_effects(context.get(), model, data, effects.data(), effects.size()));
  laot_data_free(data);
  for (const char* name : {"identity", "mean_shift", "gaussian_map"}) {
    laot_model* trivial = nullptr;
    if (fuzz::known(laot_model_trivial(model, name, &trivial))) laot_model_free(trivial);
  }
}

// The first conditions too, by name.
void use(const laot_model* model) {
  use_one(model);
  std::size_t asked = 0;
  for (const char* kind : {"conditions", "held_out"})
    for (const std::string& name : fuzz::lines(laot_model_names, model, kind)) {
      if (++asked > 3) return;
      laot_model* one = nullptr;
      if (!fuzz::known(laot_model_at(model, name.c_str(), nullptr, nullptr, nullptr, 0, &one)))
        continue;
      use_one(one);
      laot_model_free(one);
    }
}

std::size_t sum_of(const std::uint8_t* bytes, std::size_t size) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum = 31 * sum + bytes[i];
  return sum >> 4;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  laot_model* model = nullptr;
  const laot_status status = laot_from_bytes(bytes, size, &model);
  if (!fuzz::known(status)) {
    FUZZ_REQUIRE(model == nullptr);
    return 0;
  }
  if (sum_of(bytes, size) % 16 == 0) use(model);
  std::size_t needed = 0;
  FUZZ_REQUIRE(laot_to_bytes(model, nullptr, 0, &needed) == LAOT_OK);
  std::vector<char> again(needed);
  FUZZ_REQUIRE(laot_to_bytes(model, again.data(), again.size(), &needed) == LAOT_OK);
  laot_model* reread = nullptr;
  FUZZ_REQUIRE(laot_from_bytes(again.data(), again.size(), &reread) == LAOT_OK);
  laot_model_free(reread);
  laot_model_free(model);
  return 0;
}
