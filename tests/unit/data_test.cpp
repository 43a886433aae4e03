#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "laot/data/columns.hpp"
#include "laot/feature_space.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/stored_cells.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

struct Sparse {
  std::vector<std::int32_t> starts{0}, rows;
  std::vector<double> values;
  explicit Sparse(const arma::mat& dense) {
    for (std::size_t i = 0; i < dense.n_cols; ++i) {
      for (std::size_t k = dense.n_rows; k-- > 0;)  // rows in falling order: any order is allowed
        if (dense(k, i) != 0.0) {
          rows.push_back(static_cast<std::int32_t>(k));
          values.push_back(dense(k, i));
        }
      starts.push_back(static_cast<std::int32_t>(rows.size()));
    }
  }
};

arma::vec uniform_weights(std::size_t n) {
  return arma::vec(n, arma::fill::value(1.0 / static_cast<double>(n)));
}

double largest_difference(const arma::mat& a, const arma::mat& b) {
  REQUIRE(a.n_rows == b.n_rows);
  REQUIRE(a.n_cols == b.n_cols);
  return arma::abs(a - b).max();
}

}  // namespace

TEST_CASE("sparse and dense cells read the same under every selection") {
  const arma::mat x = clouds::counts(7, 11, 0.3, 3);
  const Sparse s(x);
  const std::vector<std::vector<std::size_t>> selections = {{}, {5, 0, 3}, {2, 2, 6}};
  for (const auto& features : selections)
    for (const auto& cells : selections) {
      Cells dense = Cells::dense(x);
      Cells sparse =
          Cells::sparse(7, 11, s.starts.data(), s.rows.data(), s.values.data(), "sparse");
      arma::uvec rows(features.size()), columns(cells.size());
      for (std::size_t k = 0; k < rows.n_elem; ++k) rows[k] = features[k];
      for (std::size_t k = 0; k < columns.n_elem; ++k) columns[k] = cells[k];
      arma::mat expected = x;
      if (!features.empty()) {
        dense.select_features(features, "x");
        sparse.select_features(features, "x");
        expected = arma::mat(expected.rows(rows));
      }
      if (!cells.empty()) {
        dense.select_cells(cells, "x");
        sparse.select_cells(cells, "x");
        expected = arma::mat(expected.cols(columns));
      }
      CHECK(largest_difference(dense.gather_all(), expected) == 0.0);
      CHECK(largest_difference(sparse.gather_all(), expected) == 0.0);
    }
}

TEST_CASE("a selection of a selection refers to what was selected") {
  const arma::mat x = clouds::gaussian(4, 6, 1);
  Cells cells = Cells::dense(x);
  cells.select_cells({5, 3, 1}, "x");
  cells.select_cells({2, 0}, "x");
  CHECK(cells.gather_all()(0, 0) == x(0, 1));
  CHECK(cells.gather_all()(0, 1) == x(0, 5));
}

TEST_CASE("cells are lent where they lie in one piece, else copied") {
  arma::mat x = clouds::counts(7, 11, 0.3, 3);
  const Sparse s(x);
  Cells dense = Cells::dense(x);
  CHECK(dense.as_matrix().memptr() == x.memptr());
  CHECK(largest_difference(dense.as_matrix(), x) == 0.0);
  const Cells gap = Cells::dense(x.memptr(), 5, 11, 7);
  CHECK(largest_difference(gap.as_matrix(), arma::mat(x.rows(0, 4))) == 0.0);
  const Cells sparse =
      Cells::sparse(7, 11, s.starts.data(), s.rows.data(), s.values.data(), "sparse");
  CHECK(largest_difference(sparse.as_matrix(), x) == 0.0);
  std::vector<double> scratch(7);
  for (const Cells* cells : {static_cast<const Cells*>(&dense), &sparse})
    for (std::size_t i = 0; i < 11; ++i) {
      const double* cell = cells->cell(i, scratch.data());
      CHECK(std::equal(cell, cell + 7, x.colptr(i)));
    }
  dense.select_cells({4, 2}, "x");
  CHECK(dense.cell(1, scratch.data()) == x.colptr(2));
  CHECK(dense.as_matrix()(3, 0) == x(3, 4));
}

TEST_CASE("stored cells take the smaller form and read the same") {
  for (const double share : {0.1, 0.9}) {
    arma::mat x = clouds::gaussian(30, 40, 9);
    Rng rng(4);
    for (double& value : x)
      if (rng.uniform() > share) value = 0.0;
    const StoredCells kept = StoredCells::of(Cells::dense(x));
    CHECK(kept.is_sparse() == (share < 0.5));
    CHECK(kept.features() == 30);
    CHECK(kept.cells() == 40);
    const StoredCells copy = kept;
    CHECK(largest_difference(copy.view().gather_all(), x) == 0.0);
  }
  const StoredCells none(arma::mat(30, 0));
  CHECK(none.features() == 30);
  CHECK(none.cells() == 0);
  // Content of a file may be anything.
  CHECK_THROWS_AS(StoredCells(3, {}, {}, {}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {0, 2}, {0}, {1.0}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {0, 1}, {3}, {1.0}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {0, 2}, {1, 1}, {1.0, 2.0}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {0, 2, 1, 2}, {0, 1}, {1.0, 2.0}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {0, 1 << 30, 2}, {0, 1}, {1.0, 2.0}, "x"), Error);
  CHECK_THROWS_AS(StoredCells(3, {-1, 2}, {0, 1}, {1.0, 2.0}, "x"), Error);
}

TEST_CASE("stored cells are sparse where that takes fewer bytes") {
  // Of 30 x 40 values: dense 8 bytes each, 9600; sparse 12 for each that is not 0, 4 for each cell.
  for (const std::size_t values : {786, 787}) {
    arma::mat x(30, 40, arma::fill::zeros);
    for (std::size_t k = 0; k < values; ++k) x[k] = 1.0;
    CHECK(StoredCells::of(Cells::dense(x)).is_sparse() == (12 * values + 160 < 9600));
  }
}

TEST_CASE("what is not finite is named by its place") {
  arma::mat x = clouds::gaussian(3, 5, 1);
  x(1, 3) = std::numeric_limits<double>::quiet_NaN();
  Context context;
  CHECK_THROWS_WITH_AS(require_valid(Cells::dense(x), "control", context),
                       "control has NaN at feature 2, cell 4 (counted from 1); remove or impute "
                       "such values first",
                       Error);
  CHECK_THROWS_WITH_AS(require_valid(Cells::dense(arma::mat(3, 0)), "control", context),
                       "control is empty: it has 3 features and 0 cells", Error);
}

TEST_CASE("moments are those of the definition") {
  const arma::mat x = clouds::gaussian(3, 50, 2);
  Context context;
  const Moments m = weighted_moments(Cells::dense(x), uniform_weights(50), context);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(m.mean[k] == doctest::Approx(arma::mean(x.row(k))).epsilon(1e-12));
    CHECK(m.variance[k] == doctest::Approx(arma::var(x.row(k), 1)).epsilon(1e-12));
  }
}

TEST_CASE("variable features: decreasing pooled variance, ties by position") {
  arma::mat x = clouds::gaussian(5, 30, 2), y = clouds::gaussian(5, 20, 3);
  x.row(3) *= 9.0;
  y.row(1) += 7.0;  // a shift between the populations is variance of the pool
  x.row(4) = x.row(0);
  y.row(4) = y.row(0);
  Context context;
  const auto order = variable_features(Cells::dense(x), Cells::dense(y), 5, context);
  const arma::mat pool = arma::join_rows(x, y);
  for (std::size_t k = 1; k < 5; ++k)
    CHECK(arma::var(pool.row(order[k - 1]), 1) >= arma::var(pool.row(order[k]), 1) - 1e-12);
  const auto place = [&](std::size_t f) { return std::find(order.begin(), order.end(), f); };
  CHECK(place(0) + 1 == place(4));
}

TEST_CASE("variable features of cells with NaN or Inf are refused") {
  const auto refusal = [](const arma::mat& x, const arma::mat& y) {
    Context context;
    try {
      variable_features(Cells::dense(x), Cells::dense(y), 2, context);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  const arma::mat x = clouds::gaussian(5, 30, 2), y = clouds::gaussian(5, 20, 3);
  arma::mat wrong = y;
  wrong(3, 7) = arma::datum::nan;
  CHECK(refusal(x, wrong).find("treated has NaN at feature 4, cell 8") == 0);
  wrong(3, 7) = arma::datum::inf;
  CHECK(refusal(wrong, y).find("control has Inf at feature 4, cell 8") == 0);
}

TEST_CASE("the feature space is undone exactly on the way back") {
  const arma::mat x = clouds::gaussian(6, 90, 1), y = clouds::gaussian(6, 70, 2) + 3.0;
  Context context;
  for (const int components : {0, 3, 6})
    for (const Center center : {Center::own, Center::joint, Center::none})
      for (const Scale scale : {Scale::automatic, Scale::feature, Scale::common, Scale::none}) {
        FeatureSpaceOptions options{center, scale, components};
        EncodedPair encoded;
        const FeatureSpace space =
            FeatureSpace::fit(Cells::dense(x), Cells::dense(y), uniform_weights(90),
                              uniform_weights(70), options, context, &encoded);
        CHECK(arma::approx_equal(encoded.control,
                                 space.encode(Cells::dense(x), Side::control, context), "absdiff",
                                 0.0));
        CHECK(arma::approx_equal(encoded.treated,
                                 space.encode(Cells::dense(y), Side::treated, context), "absdiff",
                                 0.0));
        arma::mat z, block = x;
        BlockRoom room;
        space.encode_block(block, Side::control, z, room);
        CHECK(z.n_rows == (components ? static_cast<std::size_t>(components) : 6));
        space.decode_block(z, z, block, room);  // f = identity: only the means change
        const arma::vec shift = space.mean_treated - space.mean_control;
        CHECK(largest_difference(block, x + arma::repmat(shift, 1, 90)) < 1e-12);
        if (center == Center::own) CHECK(arma::abs(arma::mean(z, 1)).max() < 1e-12);
      }
}

TEST_CASE("scales: the joint sd of each feature, or one number for all") {
  arma::mat x = clouds::gaussian(3, 400, 1), y = clouds::gaussian(3, 300, 2) * 2.0;
  y.row(1) += 5.0;
  x.row(2).fill(1.5);
  y.row(2).fill(1.5);  // constant everywhere: scale 1
  Context context;
  const auto fit = [&](Scale scale) {
    return FeatureSpace::fit(Cells::dense(x), Cells::dense(y), uniform_weights(400),
                             uniform_weights(300), {Center::own, scale, 0}, context);
  };
  const FeatureSpace feature = fit(Scale::feature);
  const double gap = arma::mean(x.row(1)) - arma::mean(y.row(1));
  CHECK(feature.scale[1] ==
        doctest::Approx(
            std::sqrt(0.5 * (arma::var(x.row(1), 1) + arma::var(y.row(1), 1)) + 0.25 * gap * gap))
            .epsilon(1e-12));
  CHECK(feature.scale[2] == 1.0);
  double sum = 0.0;
  for (std::size_t k = 0; k < 3; ++k)
    sum += 0.5 * (arma::var(x.row(k), 1) + arma::var(y.row(k), 1));
  CHECK(fit(Scale::common).scale[0] == doctest::Approx(std::sqrt(sum / 3.0)).epsilon(1e-12));
}

TEST_CASE("the scale of a component has the gap between the populations along it") {
  arma::mat x = clouds::gaussian(6, 90, 1), y = clouds::gaussian(6, 70, 2);
  x.row(0) *= 5.0;
  y.row(0) = 5.0 * y.row(0) + 2.0;
  Context context;
  const FeatureSpace space =
      FeatureSpace::fit(Cells::dense(x), Cells::dense(y), uniform_weights(90), uniform_weights(70),
                        {Center::own, Scale::feature, 3}, context);
  REQUIRE(space.dimension() == 3);
  for (arma::uword c = 0; c < 3; ++c) {
    const arma::rowvec of_x = space.basis.col(c).t() * x, of_y = space.basis.col(c).t() * y;
    const double gap = arma::mean(of_x) - arma::mean(of_y);
    CHECK(space.scale[c] ==
          doctest::Approx(
              std::sqrt(0.5 * (arma::var(of_x, 1) + arma::var(of_y, 1)) + 0.25 * gap * gap))
              .epsilon(1e-10));
  }
}

TEST_CASE("a space along known directions takes as many of them as its own cells allow") {
  arma::mat q, r;
  REQUIRE(arma::qr_econ(q, r, clouds::gaussian(30, 20, 3)));
  Context context;
  const auto fit = [&](const arma::mat& x, const arma::mat& y) {
    return FeatureSpace::fit_along(q, Cells::dense(x), Cells::dense(y), uniform_weights(x.n_cols),
                                   uniform_weights(y.n_cols), {}, context);
  };
  const arma::mat x = clouds::gaussian(30, 128, 4), y = 1.5 * clouds::gaussian(30, 128, 5) + 1.0;
  const FeatureSpace space = fit(x, y);
  REQUIRE(space.basis.n_cols == 16);  // 128/8
  CHECK(largest_difference(space.basis, q.head_cols(16)) == 0.0);
  CHECK(largest_difference(space.mean_control, arma::mean(x, 1)) < 1e-12);
  CHECK(largest_difference(space.mean_treated, arma::mean(y, 1)) < 1e-12);
  double within = 0.0;
  for (arma::uword c = 0; c < 16; ++c) {
    const arma::rowvec of_x = q.col(c).t() * x, of_y = q.col(c).t() * y;
    within += 0.5 * (arma::var(of_x, 1) + arma::var(of_y, 1)) / 16.0;
  }
  CHECK(largest_difference(space.scale, arma::vec(16, arma::fill::value(std::sqrt(within)))) <
        1e-10);
  // With as many cells a fit of their own would have no components.
  CHECK_FALSE(fit(clouds::gaussian(30, 400, 6), clouds::gaussian(30, 400, 7)).has_components());
}

TEST_CASE("the components of many conditions are as many as all of their cells allow") {
  const std::size_t d = 20;
  std::vector<arma::mat> cells = {clouds::gaussian(d, 200, 1)};
  for (std::uint64_t seed = 2; seed <= 4; ++seed) cells.push_back(clouds::gaussian(d, 60, seed));
  Context context;
  std::vector<Cells> views;
  std::vector<arma::vec> weights;
  std::vector<Moments> moments;
  for (const arma::mat& population : cells) {
    views.push_back(Cells::dense(population));
    weights.push_back(uniform_weights(population.n_cols));
    moments.push_back(weighted_moments(views.back(), weights.back(), context));
  }
  const auto space_of = [&](std::size_t conditions) {
    std::vector<SpacePopulation> populations;
    for (std::size_t p = 0; p <= conditions; ++p)
      populations.push_back({&views[p], &weights[p], &moments[p],
                             p == 0 ? 0.5 : 0.5 / static_cast<double>(conditions), "cells"});
    return FeatureSpace::fit(populations, 1, {}, context);
  };
  CHECK_FALSE(space_of(3).has_components());  // 8 x 20 is less than 180
  CHECK(space_of(1).basis.n_cols == 7);       // 60/8
}

TEST_CASE(
    "components of little variance are components, and all have their largest entry above 0") {
  Context context;
  const auto basis = [&](const arma::mat& x, const arma::mat& y, int components) {
    return FeatureSpace::fit(Cells::dense(x), Cells::dense(y), uniform_weights(x.n_cols),
                             uniform_weights(y.n_cols), {Center::own, Scale::none, components},
                             context)
        .basis;
  };
  arma::mat x = clouds::gaussian(2, 50, 1), y = clouds::gaussian(2, 40, 2);
  x.row(1) *= 1e-4;
  y.row(1) *= 1e-4;
  CHECK(basis(x, y, 2).n_cols == 2);  // of eigenvalues 1 and 1e-8
  // By the covariance, and with fewer cells than features by the Gram matrix.
  for (const std::size_t n : {60, 8}) {
    const arma::mat v = basis(clouds::gaussian(24, n, 3), clouds::gaussian(24, n, 4), 5);
    REQUIRE(v.n_cols == 5);
    for (arma::uword c = 0; c < 5; ++c) CHECK(v.col(c).max() == arma::abs(v.col(c)).max());
  }
}

TEST_CASE("components follow the rule of the design") {
  Context context;
  const auto dimension = [&](std::size_t d, std::size_t n, std::size_t m) {
    const arma::mat x = clouds::gaussian(d, n, 1), y = clouds::gaussian(d, m, 2);
    const FeatureSpace space = FeatureSpace::fit(
        Cells::dense(x), Cells::dense(y), uniform_weights(n), uniform_weights(m), {}, context);
    return space.has_components() ? space.dimension() : 0;
  };
  CHECK(dimension(10, 80, 90) == 0);   // 10 = 80/8
  CHECK(dimension(11, 80, 90) == 10);  // floor(80/8)
  CHECK(dimension(200, 900, 800) == 50);
  CHECK(dimension(30, 9, 400) == 2);  // at least 2
}

TEST_CASE("components span the leading eigenvectors, by every way of computing them") {
  // A spectrum with gaps, so that the directions are well defined.
  Context context;
  const std::size_t d = 40, n = 60;
  arma::mat x = clouds::gaussian(d, n, 1), y = clouds::gaussian(d, n, 2);
  for (std::size_t k = 0; k < d; ++k) {
    const double size = std::pow(0.6, static_cast<double>(k));
    x.row(k) *= size;
    y.row(k) *= size;
  }
  const auto basis = [&](const arma::mat& a, const arma::mat& b) {
    return FeatureSpace::fit(Cells::dense(a), Cells::dense(b), uniform_weights(a.n_cols),
                             uniform_weights(b.n_cols), {Center::own, Scale::none, 4}, context)
        .basis;
  };
  const arma::mat v = basis(x, y);
  const arma::mat pooled = 0.5 * (weighted_covariance(x, uniform_weights(n)) +
                                  weighted_covariance(y, uniform_weights(n)));
  const SymmetricEigen eigen = symmetric_eigen(pooled);
  for (std::size_t c = 0; c < 4; ++c)
    CHECK(std::abs(arma::dot(v.col(c), eigen.vectors.col(d - 1 - c))) ==
          doctest::Approx(1.0).epsilon(1e-9));
  // Fewer cells than features: the Gram matrix gives the same directions as the covariance.
  const arma::mat few_x = x.head_cols(12), few_y = y.head_cols(9);
  const arma::mat w = basis(few_x, few_y);
  const arma::mat few = 0.5 * (weighted_covariance(few_x, uniform_weights(12)) +
                               weighted_covariance(few_y, uniform_weights(9)));
  const SymmetricEigen few_eigen = symmetric_eigen(few);
  for (std::size_t c = 0; c < 4; ++c)
    CHECK(std::abs(arma::dot(w.col(c), few_eigen.vectors.col(d - 1 - c))) ==
          doctest::Approx(1.0).epsilon(1e-9));
  CHECK(largest_difference(w.t() * w, arma::mat(4, 4, arma::fill::eye)) < 1e-10);
}

TEST_CASE("many features and many cells: block iteration agrees with the exact directions") {
  Context context;
  const std::size_t d = 1600, n = 1000;
  arma::mat x = clouds::gaussian(d, n, 1), y = clouds::gaussian(d, n, 2);
  const arma::mat loadings = clouds::gaussian(d, 5, 3);
  x += loadings * (clouds::gaussian(5, n, 4) * 2.0);
  y += loadings * (clouds::gaussian(5, n, 5) * 2.0);
  const FeatureSpace space =
      FeatureSpace::fit(Cells::dense(x), Cells::dense(y), uniform_weights(n), uniform_weights(n),
                        {Center::own, Scale::none, 5}, context);
  // Residual of the eigenvalue equation, without a decomposition of 1600 x 1600.
  arma::mat a = arma::join_rows(x.each_col() - arma::mean(x, 1), y.each_col() - arma::mean(y, 1));
  a *= std::sqrt(0.5 / static_cast<double>(n));
  const arma::mat image = a * (a.t() * space.basis);
  for (std::size_t c = 0; c < 5; ++c) {
    const double value = arma::dot(space.basis.col(c), image.col(c));
    CHECK(arma::norm(image.col(c) - value * space.basis.col(c)) < 1e-3 * value);
  }
}

TEST_CASE("columns are copied by any kind of index, and read in place without a copy") {
  const arma::mat x(arma::reshape(arma::regspace(1.0, 12.0), 3, 4));
  const arma::mat expected{{10, 1, 10}, {11, 2, 11}, {12, 3, 12}};
  CHECK(largest_difference(columns_of(x, std::vector<std::uint32_t>{3, 0, 3}), expected) == 0.0);
  CHECK(largest_difference(columns_of(x, std::vector<std::size_t>{3, 0, 3}), expected) == 0.0);
  CHECK(largest_difference(columns_of(x, 3, [](std::size_t c) { return c == 1 ? 0 : 3; }),
                           expected) == 0.0);
  CHECK(arma::size(columns_of(x, std::vector<std::size_t>{})) == arma::SizeMat(3, 0));
  CHECK(borrowed(x).memptr() == x.memptr());
  const arma::mat last = borrowed(x.colptr(2), 3, 2);
  CHECK(last.memptr() == x.colptr(2));
  CHECK(last(2, 1) == 12.0);
}

TEST_CASE("column starts are believed before the rows are read") {
  // Two rows are there, and the starts speak of more.
  const std::vector<double> values = {1.0, 2.0};
  const std::vector<std::int64_t> rows = {0, 1};
  const auto refused = [&](std::vector<std::int64_t> starts, const char* why) {
    CHECK_THROWS_WITH_AS(
        Cells::sparse(10, starts.size() - 1, starts.data(), rows.data(), values.data(), "x"),
        doctest::Contains(why), Error);
  };
  refused({0, 5, 2}, "must not decrease, found 5 then 2");
  refused({0, std::int64_t{1} << 62}, "column 1 of a sparse matrix has");
  refused({0, 11}, "has 11 entries of 10 features");
}

TEST_CASE("a selection that cannot be made leaves the cells as they were") {
  const std::vector<std::int32_t> starts = {0, 2, 3}, rows = {0, 2, 1};
  const std::vector<double> values = {1.0, 2.0, 3.0};
  Cells cells = Cells::sparse(3, 2, starts.data(), rows.data(), values.data(), "x");
  cells.select_features({2, 0, 2}, "x");
  const arma::mat before = cells.as_matrix();
  CHECK_THROWS_AS(cells.select_features({1, 7}, "x"), Error);
  CHECK(cells.features() == 3);
  CHECK(arma::approx_equal(cells.as_matrix(), before, "absdiff", 0.0));
}
