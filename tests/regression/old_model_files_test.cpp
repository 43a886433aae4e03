// Every model file that a version has written is read, and predicts what it predicted then.
#include <doctest/doctest.h>

#include <filesystem>

#include "laot/models.hpp"
#include "support/fixtures.hpp"

namespace {

void check_file(const std::filesystem::path& file) {
  CAPTURE(file.string());
  const arma::mat cells = fixtures::read_cells((file.parent_path() / "cells.csv").string());
  const arma::mat expected =
      fixtures::read_cells(std::filesystem::path(file).replace_extension(".csv").string());
  laot::Context context;
  const laot::Model model = laot::Model::load(laot::ModelFile::read(file.string()));
  arma::mat found(cells.n_rows, cells.n_cols);
  model.predict(laot::Cells::dense(cells), laot::Nonnegative::no, found.memptr(), context);
  REQUIRE(found.n_elem == expected.n_elem);
  // Another BLAS may add in another order; networks compute in single precision.
  const bool network = model.method == "cellot" || model.method == "scgen" || model.method == "cae";
  const double tolerance = network ? 1e-5 : 1e-12;
  for (arma::uword i = 0; i < found.n_elem; ++i)
    CHECK(fixtures::close(found(i), expected(i), tolerance));
  // What is read can be written and read again, and has lost nothing on the way.
  const std::string bytes = model.store().bytes();
  const laot::Model again = laot::Model::load(laot::ModelFile::parse(bytes.data(), bytes.size()));
  CHECK(again.store().bytes() == bytes);
  CHECK(again.feature_names == model.feature_names);
}

}  // namespace

TEST_CASE("model files of every version can be read") {
  std::size_t versions = 0, files = 0;
  for (const auto& version : std::filesystem::directory_iterator(LAOT_SOURCE_DIR "/tests/compat")) {
    if (!version.is_directory()) continue;
    ++versions;
    for (const auto& file : std::filesystem::directory_iterator(version)) {
      if (file.path().extension() != ".safetensors") continue;
      ++files;
      check_file(file.path());
    }
  }
  CHECK(versions >= 1);
  CHECK(files >= 11 * versions);
}

TEST_CASE("names with quotes, backslashes and accents survive the file") {
  const laot::Model model = laot::Model::load(
      laot::ModelFile::read(LAOT_SOURCE_DIR "/tests/compat/0.1.0/laot_named.safetensors"));
  CHECK(model.feature_names ==
        std::vector<std::string>{"g\xc3\xa8ne 1", "gene \"2\"", "gene\\3", "gene 4"});
}
