// libFuzzer: any bytes as the checkpoint of a training are refused with one sentence and left as
// they are, or go on to a model.
#include <unistd.h>

#include "fuzz.hpp"

namespace {

std::string path_of_process() {
  static const std::string path =
      "/tmp/laot_fuzz_checkpoint_" + std::to_string(static_cast<long>(getpid()));
  return path;
}

void put(const std::uint8_t* bytes, std::size_t size) {
  std::FILE* file = std::fopen(path_of_process().c_str(), "wb");
  FUZZ_REQUIRE(file && (size == 0 || std::fwrite(bytes, 1, size, file) == size) &&
               std::fclose(file) == 0);
}

std::vector<std::uint8_t> content() {
  std::vector<std::uint8_t> out(1 << 20);
  std::FILE* file = std::fopen(path_of_process().c_str(), "rb");
  FUZZ_REQUIRE(file != nullptr);
  out.resize(std::fread(out.data(), 1, out.size(), file));
  std::fclose(file);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  double cells[2 * 12];
  for (int i = 0; i < 24; ++i) cells[i] = static_cast<double>((7 * i) % 11);
  const fuzz::Context context;
  laot_data* data = nullptr;
  laot_params* params = nullptr;
  laot_model* model = nullptr;
  put(bytes, size);
  FUZZ_REQUIRE(laot_data_dense(cells, 2, 12, 2, &data) == LAOT_OK);
  FUZZ_REQUIRE(laot_params_new("cae", &params) == LAOT_OK);
  FUZZ_REQUIRE(laot_params_set_number(params, "epochs", 1) == LAOT_OK);
  FUZZ_REQUIRE(laot_context_set_checkpoint(context.get(), path_of_process().c_str(), 1e9) ==
               LAOT_OK);
  if (fuzz::known(laot_fit(context.get(), params, data, data, &model)))
    laot_model_free(model);
  else
    FUZZ_REQUIRE(content() == std::vector<std::uint8_t>(bytes, bytes + size));
  std::remove(path_of_process().c_str());
  laot_params_free(params);
  laot_data_free(data);
  return 0;
}
