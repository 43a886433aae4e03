// libFuzzer: any bytes as names of methods, parameters, features, cells and levels, and as values.
// A text that is taken comes back as it was given, also from a file; a refusal is one sentence of
// whole letters.
#include "fuzz.hpp"

namespace {

// Independent of the library's own reading of UTF-8: by ranges of code points.
bool is_utf8(const char* text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text);
  while (*at) {
    const int more = *at < 0x80       ? 0
                     : *at >> 5 == 6  ? 1
                     : *at >> 4 == 14 ? 2
                     : *at >> 3 == 30 ? 3
                                      : -1;
    if (more < 0) return false;
    unsigned long code = more == 0 ? *at : *at & (0x3fu >> more);
    for (int k = 1; k <= more; ++k) {
      if (at[k] >> 6 != 2) return false;
      code = code << 6 | (at[k] & 0x3fu);
    }
    static const unsigned long least[] = {0, 0x80, 0x800, 0x10000};
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    at += more + 1;
  }
  return true;
}

bool taken(laot_status status) {
  if (fuzz::known(status)) return true;
  FUZZ_REQUIRE(is_utf8(laot_last_error()));
  return false;
}

std::string value_of(const laot_params* params, const char* name) {
  std::size_t needed = 0;
  FUZZ_REQUIRE(laot_params_get_text(params, name, nullptr, 0, &needed) == LAOT_OK);
  std::vector<char> text(needed);
  FUZZ_REQUIRE(laot_params_get_text(params, name, text.data(), needed, &needed) == LAOT_OK);
  return text.data();
}

void use_parameters(const std::string& name, const std::string& value) {
  laot_params* params = nullptr;
  if (taken(laot_params_new(name.c_str(), &params))) laot_params_free(params);
  FUZZ_REQUIRE(laot_params_new("laot", &params) == LAOT_OK);
  taken(laot_params_use_preset(params, name.c_str()));
  taken(laot_params_set_text(params, name.c_str(), value.c_str()));
  for (const char* known : {"ridge", "max_iter", "update", "n_pcs"})
    if (taken(laot_params_set_text(params, known, value.c_str()))) {
      const std::string kept = value_of(params, known);
      FUZZ_REQUIRE(laot_params_set_text(params, known, kept.c_str()) == LAOT_OK);
      FUZZ_REQUIRE(value_of(params, known) == kept);
    }
  laot_params_free(params);
}

void use_names(const std::string& first, const std::string& second) {
  static const double cells[] = {0, 1, 2, 3, 1, 0, 2, 2};
  const char* names[] = {first.c_str(), second.c_str()};
  laot_data *x = nullptr, *y = nullptr;
  laot_model *model = nullptr, *again = nullptr;
  laot_params* params = nullptr;
  const fuzz::Context context;
  FUZZ_REQUIRE(laot_data_dense(cells, 2, 4, 2, &x) == LAOT_OK);
  FUZZ_REQUIRE(laot_data_dense(cells, 2, 4, 2, &y) == LAOT_OK);
  const bool good = is_utf8(names[0]) && is_utf8(names[1]) && !std::strchr(names[0], '\n') &&
                    !std::strchr(names[1], '\n');
  FUZZ_REQUIRE(taken(laot_data_set_feature_names(x, names, 2)) == good);
  FUZZ_REQUIRE(laot_params_new("mean_shift", &params) == LAOT_OK);
  FUZZ_REQUIRE(laot_fit(context.get(), params, x, y, &model) == LAOT_OK);
  std::size_t needed = 0;
  FUZZ_REQUIRE(laot_to_bytes(model, nullptr, 0, &needed) == LAOT_OK);
  std::vector<char> bytes(needed);
  FUZZ_REQUIRE(laot_to_bytes(model, bytes.data(), needed, &needed) == LAOT_OK);
  FUZZ_REQUIRE(laot_from_bytes(bytes.data(), needed, &again) == LAOT_OK);
  if (good && names[0][0] && names[1][0])
    FUZZ_REQUIRE((fuzz::lines(laot_model_names, again, "feature_names") ==
                  std::vector<std::string>{first, second}));
  laot_model_free(model);
  laot_model_free(again);
  laot_params_free(params);
  laot_data_free(x);
  laot_data_free(y);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(bytes), size);
  const std::size_t cut = std::min(all.find('\0'), all.size());
  const std::string first = all.substr(0, cut);
  const std::string second = cut < all.size() ? all.substr(cut + 1) : std::string();
  use_parameters(first, second.c_str());
  use_names(first, second.c_str());
  return 0;
}
