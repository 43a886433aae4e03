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
  // Of several conditions the prediction is at the first.
  const laot::Model one = model.at(model.conditions()[0]);
  one.predict(laot::Cells::dense(cells), laot::Nonnegative::no, found.memptr(), context);
  REQUIRE(found.n_elem == expected.n_elem);
  // Another BLAS may add in another order; networks compute in single precision.
  const bool network = model.params.method().traits.trains;
  const double tolerance = network ? 1e-5 : 1e-12;
  for (arma::uword i = 0; i < found.n_elem; ++i)
    CHECK(fixtures::close(found(i), expected(i), tolerance));
  // A model that was read can be written and read again, and has lost nothing on the way.
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

TEST_CASE("kept cells that were stored as sparse tensors are the cells of the fit") {
  const std::string path = LAOT_SOURCE_DIR "/tests/compat/0.1.0/laot_zeros.safetensors";
  const laot::ModelFile file = laot::ModelFile::read(path);
  for (const std::string side : {"control", "treated"}) {
    CHECK(file.has("training.kept_" + side + ".values"));
    CHECK_FALSE(file.has("training.kept_" + side));
  }
  const laot::Model model = laot::Model::load(file);
  // Four features of twenty cells, where what is not above 1.2 is 0.
  const laot::StoredCells& kept = model.training.kept_control;
  REQUIRE(kept.is_sparse());
  CHECK(kept.features() == 4);
  CHECK(kept.cells() == 20);
  CHECK(kept.column_starts().back() == static_cast<std::int32_t>(kept.values().size()));
  CHECK(*std::min_element(kept.values().begin(), kept.values().end()) > 1.2);
  arma::vec mean(4, arma::fill::zeros);
  for (std::size_t k = 0; k < kept.values().size(); ++k)
    mean[kept.rows()[k]] += kept.values()[k] / 20.0;
  CHECK(arma::approx_equal(mean, model.training.mean_control, "absdiff", 1e-12));
}
