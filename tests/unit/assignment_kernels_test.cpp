// The inner loops of the assignment against their definitions, and what a row's list is made of:
// kept costs, old lists, clouds seen once.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "../../src/assignment/kernels.hpp"
#include "../../src/assignment/panel_products.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/base.hpp"
#include "support/clouds.hpp"
#include "support/vector_paths.hpp"

using namespace laot;
using namespace laot::detail;

namespace {

std::vector<double> draws(Rng& rng, std::size_t n) {
  std::vector<double> out(n);
  for (double& value : out) value = rng.normal();
  return out;
}

// Lanes of eight, one rounding for each product and each sum, neighbours first.
double dot_by_definition(const FramedPoint& a, const FramedPoint& b, std::size_t d) {
  double lane[8] = {};
  for (std::size_t k = 0; k < d; ++k) {
    const double product = (a.at[k] - a.shift[k]) * (b.at[k] - b.shift[k]);
    lane[k % 8] += product;
  }
  const double low = (lane[0] + lane[1]) + (lane[2] + lane[3]);
  const double high = (lane[4] + lane[5]) + (lane[6] + lane[7]);
  return (low + high) * a.scale * b.scale;
}

// The columns of a row in the order of their reduced costs.
struct Sorted {
  std::vector<std::uint32_t> column;
  std::vector<double> reduced;
};

Sorted sorted_row(const arma::mat& cost, std::size_t row, const std::vector<double>& v) {
  Sorted out;
  out.column.resize(v.size());
  std::iota(out.column.begin(), out.column.end(), 0u);
  const auto reduced = [&](std::uint32_t j) { return cost(j, row) - v[j]; };
  std::stable_sort(out.column.begin(), out.column.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return reduced(a) < reduced(b); });
  for (const std::uint32_t j : out.column) out.reduced.push_back(reduced(j));
  return out;
}

// The costs of all pairs, asked for before there are lists.
arma::mat costs_of(const CandidateRows& rows) {
  arma::mat out(rows.columns(), rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (std::size_t j = 0; j < rows.columns(); ++j) out(j, i) = rows.cost(i, j);
  return out;
}

// `known` is for each row up to where its scan looked: the next one beyond is not known.
void check_lists(const CandidateRows& rows, const arma::mat& cost,
                 const std::vector<double>& known) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Sorted all = sorted_row(cost, i, rows.potentials());
    for (std::size_t t = 0; t < rows.list_length(); ++t) {
      CHECK(rows.list_columns(i)[t] == all.column[t]);
      CHECK(rows.list_costs(i)[t] == cost(all.column[t], i));
    }
    CHECK(rows.bound(i) == std::min(all.reduced[rows.list_length()], known[i]));
  }
}

// The largest reduced costs of the lists at the present prices.
std::vector<double> last_of_lists(const CandidateRows& rows) {
  std::vector<double> out(rows.rows(), -kInfinity);
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (std::size_t t = 0; t < rows.list_length(); ++t)
      out[i] = std::max(out[i], rows.list_costs(i)[t] - rows.potential(rows.list_columns(i)[t]));
  return out;
}

}  // namespace

TEST_CASE("places are those of a stable sort, equal values among them") {
  Rng rng(41);
  for (const VectorPath path : vector_paths::all())
    for (std::size_t count = 1; count <= 64; ++count)
      for (const std::size_t kinds : {std::size_t{1}, std::size_t{5}, std::size_t{1000000}}) {
        CAPTURE(static_cast<int>(path));
        CAPTURE(count);
        CAPTURE(kinds);
        std::vector<double> value(count + kPlaceLanes, kInfinity);
        for (std::size_t a = 0; a < count; ++a)
          value[a] = static_cast<double>(rng.below(kinds)) - 2.0;
        std::vector<std::uint32_t> order(count), place(count + kPlaceLanes);
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return value[a] < value[b]; });
        kernels(path).places(value.data(), count, place.data());
        for (std::uint32_t t = 0; t < count; ++t) CHECK(place[order[t]] == t);
      }
}

TEST_CASE("exact products have the bits of their definition, whatever the number of features") {
  Rng rng(42);
  for (const VectorPath path : vector_paths::all())
    for (std::size_t d = 1; d <= 41; ++d) {
      CAPTURE(static_cast<int>(path));
      CAPTURE(d);
      // Memory of its own for each point: reading beyond the last feature would be found.
      const std::vector<double> at = draws(rng, d), shift = draws(rng, d);
      std::vector<std::vector<double>> others;
      FramedPoint b[kDots];
      for (std::size_t q = 0; q < kDots; ++q) others.push_back(draws(rng, d));
      others[1] = shift;  // the origin of the frame
      for (std::size_t q = 0; q < kDots; ++q) b[q] = {others[q].data(), shift.data(), 0.25};
      const FramedPoint a{at.data(), shift.data(), 4.0};
      double out[kDots];
      kernels(path).dots(a, b, d, out);
      for (std::size_t q = 0; q < kDots; ++q) {
        const double expected = dot_by_definition(a, b[q], d), got = kernels(path).dot(a, b[q], d);
        CHECK(std::memcmp(&out[q], &expected, sizeof expected) == 0);
        CHECK(std::memcmp(&got, &expected, sizeof expected) == 0);
      }
    }
}

TEST_CASE("a cost in 16 bits is off by half a step, at the ends of the range as well") {
  Rng rng(43);
  for (const VectorPath path : vector_paths::all())
    for (const float range : {3e-20F, 1.0F, 7e8F}) {
      std::vector<float> raw(5 * kPanel), back(raw.size());
      for (float& value : raw) value = range * static_cast<float>(2.0 * rng.uniform() - 1.0);
      raw[3] = range;
      raw[17] = -range;
      raw[80] = 0.0F;
      std::vector<std::int16_t> code(raw.size());
      kernels(path).narrow(raw.data(), raw.size(), kCodeReach / range, code.data());
      kernels(path).widen(code.data(), raw.size(), range / kCodeReach, back.data());
      double worst = 0.0;
      for (std::size_t j = 0; j < raw.size(); ++j)
        worst = std::max(worst, std::abs(static_cast<double>(raw[j]) - back[j]));
      const double step = static_cast<double>(range) / static_cast<double>(kCodeReach);
      CHECK(worst <= kCodeError * step);
      CHECK(worst > 0.45 * step);
    }
}

TEST_CASE("products of whole numbers are exact, up to their largest") {
  Rng rng(45);
  for (const VectorPath path : vector_paths::all()) {
    const Kernels& kernel = kernels(path);
    if (kernel.whole_block_products == nullptr) continue;
    for (const std::size_t pairs : {std::size_t{0}, std::size_t{1}, std::size_t{7}})
      for (const std::size_t panels : {std::size_t{1}, std::size_t{4}, std::size_t{5}}) {
        CAPTURE(static_cast<int>(path));
        CAPTURE(pairs);
        CAPTURE(panels);
        const std::size_t rows = kernel.row_block, width = panels * kPanel;
        // Sums of 14 products below 2^31; of one pair, the largest numbers that there are.
        const std::size_t reach = pairs == 1 ? 32767 : 12000;
        const auto fill = [&](std::vector<std::int16_t>& numbers) {
          for (std::int16_t& number : numbers)
            number = static_cast<std::int16_t>(static_cast<int>(rng.below(2 * reach + 1)) -
                                               static_cast<int>(reach));
        };
        std::vector<std::int16_t> block(2 * rows * pairs), panel(2 * width * pairs);
        fill(block);
        fill(panel);
        if (pairs == 1) block[0] = panel[0] = block[1] = panel[1] = 32767;
        std::vector<float> unit(rows);
        for (float& value : unit) value = static_cast<float>(rng.uniform() - 0.5);
        const std::size_t stride = width + 3;
        std::vector<float> out(rows * stride, 7.0F), one(width);
        kernel.whole_block_products(block.data(), panel.data(), pairs, panels, unit.data(),
                                    out.data(), stride);
        for (std::size_t r = 0; r < rows; ++r) {
          std::vector<std::int16_t> row(2 * pairs);
          for (std::size_t k = 0; k < 2 * pairs; ++k)
            row[k] = block[(k / 2) * 2 * rows + 2 * r + k % 2];
          kernel.whole_row_products(row.data(), panel.data(), pairs, panels, unit[r], one.data());
          for (std::size_t c = 0; c < width; ++c) {
            std::int64_t sum = 0;
            for (std::size_t k = 0; k < 2 * pairs; ++k)
              sum += static_cast<std::int64_t>(row[k]) *
                     panel[2 * ((c / kPanel * pairs + k / 2) * kPanel + c % kPanel) + k % 2];
            const float expected = static_cast<float>(sum) * unit[r];
            CHECK(out[r * stride + c] == expected);
            CHECK(one[c] == expected);
          }
        }
        CHECK(out[width] == 7.0F);  // between the rows nothing is written
      }
  }
}

TEST_CASE("approximate products are off by no more than they say, and by a good part of it") {
  for (const VectorPath path : vector_paths::all())
    for (const std::size_t d : {std::size_t{1}, std::size_t{2}, std::size_t{37}, std::size_t{300}})
      for (const double far : {0.0, 1e-3, 1e6}) {
        CAPTURE(static_cast<int>(path));
        CAPTURE(d);
        CAPTURE(far);
        arma::mat x = clouds::gaussian(d, 41, 7), y = clouds::gaussian(d, 70, 8);
        x.col(3).zeros();
        x.col(4) *= 1e-30;
        y.col(5) *= far;
        // Frames that do not move: the zero is one.
        const FramedCloud sources = framed_cloud(x, arma::vec(d, arma::fill::zeros)),
                          targets = framed_cloud(y, arma::vec(d, arma::fill::zeros));
        PanelProducts products;
        products.set_kernels(kernels(path));
        products.set_targets(targets);
        CHECK(products.is_whole() == products.can_be_whole());
        std::vector<double> norms(41);
        std::vector<std::uint32_t> rows(41);
        std::iota(rows.begin(), rows.end(), 0u);
        for (std::size_t i = 0; i < 41; ++i) norms[i] = std::sqrt(sources.squared_norm(i));
        for (const bool whole : {true, false}) {
          if (whole && !products.can_be_whole()) continue;
          products.choose(whole);
          double worst = 0.0;  // as a share of what it may be
          for (const std::size_t count : {std::size_t{41}, std::size_t{1}}) {
            PackedSources packed;
            products.pack(sources, norms, rows.data() + 41 - count, count, packed);
            const std::size_t stride = products.panels() * kPanel;
            std::vector<float> out(packed.blocks * packed.lanes * stride);
            for (std::size_t b = 0; b < packed.blocks; ++b)
              products.multiply(packed, b, 0, products.panels(),
                                out.data() + b * packed.lanes * stride, stride);
            for (std::size_t r = 0; r < count; ++r)
              for (std::size_t j = 0; j < 70; ++j) {
                const std::size_t i = rows[41 - count + r];
                const double exact = -2.0 * kernels(path).dot(sources[i], targets[j], d);
                const double off = std::abs(out[r * stride + j] - exact);
                worst = std::max(worst, off / products.error(norms[i]));
              }
          }
          CHECK(worst <= 1.0);
          // The worst case is that of the widest rounding in each feature, in one direction.
          CHECK(worst > 0.1 / std::sqrt(static_cast<double>(d)) * (whole ? 1.0 : 0.2));
        }
      }
}

TEST_CASE("lists from approximate costs are exact, with a cell far out, in the middle, and alike") {
  Rng rng(44);
  Context context;
  for (const std::string kind : {"gaussian", "far out", "too far out", "far prices", "alike"})
    for (const VectorPath path : vector_paths::all()) {
      CAPTURE(kind);
      CAPTURE(static_cast<int>(path));
      constexpr std::size_t d = 40;  // enough for costs to be kept
      arma::mat x = clouds::gaussian(d, 60, 1), y = clouds::gaussian(d, 2500, 2);
      double unit = 1.0;  // of the prices: frames shrink the others where one cell is far out
      if (kind == "far out") {
        y.col(5) += 250.0;  // a step of the others' codes is then about a tenth of a list's width,
        x.col(7) = arma::mean(x, 1);  // and products of whole numbers are no longer fine enough
        unit = 1e-2;
      } else if (kind == "too far out") {
        y.col(5) += 1e5;
        unit = 1e-5;
      } else if (kind == "alike") {
        for (std::size_t j = 0; j < 2500; ++j) y.col(j) = y.col(j % 40);
      }
      CandidateRows rows(framed_cloud(y), path);
      rows.set_sources(framed_cloud(x));
      std::vector<double> v = draws(rng, 2500);
      for (double& price : v) price *= unit;
      // So low that halving the range of the rest comes to no end: these are put in order.
      if (kind == "far prices")
        for (std::size_t j = 0; j < 2500; ++j) v[j] -= j % kMinima < 20 ? 1e4 : 0.0;
      rows.set_potentials(v);
      const arma::mat cost = costs_of(rows);
      rows.build(1e9, context);
      check_lists(rows, cost, std::vector<double>(60, kInfinity));
      // Again from what was kept, at lower prices.
      for (std::size_t j = 0; j < 2500; j += 3)
        rows.set_potential(j, rows.potential(j) - 0.4 * unit * rng.uniform());
      const std::vector<double> known = last_of_lists(rows);
      for (std::uint32_t i = 0; i < 60; ++i) rows.refresh(i, context);
      check_lists(rows, cost, known);
      std::vector<Candidate> below;
      for (std::uint32_t i = 0; i < 60; i += 7) {
        const Sorted all = sorted_row(cost, i, rows.potentials());
        rows.columns_below(i, all.reduced[100], below);
        std::vector<std::uint32_t> expected;
        for (std::uint32_t j = 0; j < 2500; ++j)
          if (cost(j, i) - rows.potential(j) < all.reduced[100]) expected.push_back(j);
        REQUIRE(below.size() == expected.size());
        for (std::size_t h = 0; h < below.size(); ++h) {
          CHECK(below[h].column == expected[h]);
          CHECK(below[h].cost == cost(expected[h], i));
        }
      }
    }
}

TEST_CASE("a cost is that of the present points, listed or not") {
  Context context;
  const arma::mat x = clouds::gaussian(20, 30, 3), y = clouds::gaussian(20, 50, 4);
  const arma::mat moved = 1.01 * x;
  CandidateRows rows(framed_cloud(y), VectorPath::best), fresh(framed_cloud(y), VectorPath::best);
  rows.set_sources(framed_cloud(x));
  rows.build(0.0, context);
  fresh.set_sources(framed_cloud(moved));
  const arma::mat expected = costs_of(fresh);
  SUBCASE("points that are set") {
    rows.set_sources(framed_cloud(moved));
  }
  SUBCASE("points that moved") {
    rows.move_sources(framed_cloud(moved), context);
  }
  SUBCASE("points that are set and moved back and forth") {
    rows.set_sources(framed_cloud(moved));
    rows.build(1e9, context);
    rows.move_sources(framed_cloud(x), context);
    rows.move_sources(framed_cloud(moved), context);
  }
  CHECK(arma::approx_equal(costs_of(rows), expected, "absdiff", 0.0));
}

TEST_CASE("an extent is the mean and the ends of each coordinate, and refuses what is not finite") {
  arma::mat points = clouds::gaussian(5, 40, 5) + 3.0;
  const Extent extent(points, "cells");
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(extent.mean[k] == doctest::Approx(arma::mean(points.row(k))));
    CHECK(extent.least[k] == points.row(k).min());
    CHECK(extent.most[k] == points.row(k).max());
  }
  arma::mat apart = points;
  apart.each_col() -= extent.mean;
  const double largest = arma::abs(apart).max();
  const int exponent = extent.natural_exponent(extent.mean);
  CHECK(std::ldexp(largest, -exponent) < 1.0);
  CHECK(std::ldexp(largest, -exponent) >= 0.5);
  for (std::size_t i = 0; i < 40; i += 13)
    CHECK(framed_cloud(points).squared_norm(i) ==
          doctest::Approx(std::ldexp(arma::dot(apart.col(i), apart.col(i)), -2 * exponent)));
  // Numbers whose sum would overflow are finite.
  arma::mat large(2, 3);
  large.fill(1.7e308);
  CHECK(Extent(large, "cells").mean[0] == doctest::Approx(1.7e308));
  for (const double bad : {std::nan(""), kInfinity, -kInfinity}) {
    points(2, 7) = bad;
    CHECK_THROWS_WITH_AS(Extent(points, "cells"), "cells has a NaN or Inf in column 8, row 3",
                         const Error&);
    points(3, 30) = -bad;
    CHECK_THROWS_AS(framed_cloud(points), const Error&);
  }
}
