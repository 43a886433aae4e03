// The parts in which a choice of maps leaves cells out, what it fits on the other cells of each,
// and the sentence that it ends in.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "laot/choice.hpp"
#include "laot/metrics/weighted.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

using Numbers = std::vector<std::uint32_t>;

// Levels 0, 1, ... with so many cells each, one after the other.
Numbers levels_of(const std::vector<std::size_t>& sizes) {
  Numbers out;
  for (std::size_t level = 0; level < sizes.size(); ++level)
    out.insert(out.end(), sizes[level], static_cast<std::uint32_t>(level));
  return out;
}

// Parts of cells that are all 0, of which the levels alone count.
Parts parts_of_levels(const Numbers& of_x, const Numbers& of_y) {
  const arma::mat x(1, of_x.size(), arma::fill::zeros), y(1, of_y.size(), arma::fill::zeros);
  return parts_of({Cells::dense(x), Cells::dense(y), of_x, of_y}, {});
}

arma::uvec chosen_cells(const std::vector<std::size_t>& cells, const Numbers& part,
                        std::uint32_t which, bool held_out) {
  std::vector<arma::uword> out;
  for (std::size_t k = 0; k < cells.size(); ++k)
    if ((part[k] == which) == held_out) out.push_back(cells[k]);
  return arma::uvec(out);
}

Numbers at(const Numbers& values, const arma::uvec& index) {
  Numbers out;
  for (const arma::uword i : index) out.push_back(values[i]);
  return out;
}

arma::vec even(std::size_t cells) {
  return arma::vec(cells, arma::fill::value(1.0 / static_cast<double>(cells)));
}

// The linear candidate, fitted on some cells.
class Linear {
 public:
  // weights: of the control cells, in sum 1; empty: equal ones.
  Linear(const arma::mat& x, const arma::mat& y, const arma::vec& weights,
         const ChoiceOptions& options)
      : space_(FeatureSpace::fit(Cells::dense(x), Cells::dense(y),
                                 weights.is_empty() ? even(x.n_cols) : weights, even(y.n_cols),
                                 options.space, context_)) {
    const arma::mat from = space_.encode(Cells::dense(x), Side::control, context_),
                    to = space_.encode(Cells::dense(y), Side::treated, context_);
    Coupling coupling(from, to, weights, {}, {}, options.laot.coupling);
    map_ = alternate(coupling, from, to, options.laot, context_).map;
  }

  arma::mat operator()(const arma::mat& cells) const {
    BlockRoom room;
    arma::mat z, out = cells;
    space_.encode_block(cells, Side::control, z, room);
    space_.decode_block(z, arma::mat(map_ * z), out, room);
    return out;
  }

 private:
  Context context_;
  FeatureSpace space_;
  arma::mat map_;
};

bool same(const arma::mat& a, const arma::mat& b) {
  return arma::size(a) == arma::size(b) && std::equal(a.begin(), a.end(), b.begin());
}

// Nothing that a linear map makes of gaussian cells: each feature about -1 or about 1.
arma::mat two_sided(std::size_t d, std::size_t cells, std::uint64_t seed) {
  arma::mat out = clouds::gaussian(d, cells, seed);
  for (double& value : out) value = (value < 0.0 ? -0.9 : 0.9) + 0.2 * value;
  return out;
}

// The number that follows on some words of a sentence.
double number_after(const std::string& sentence, const std::string& words) {
  const std::size_t found = sentence.find(words);
  if (found == std::string::npos) return kNaN;
  return std::strtod(sentence.c_str() + found + words.size(), nullptr);
}

}  // namespace

TEST_CASE("parts are levels where three have twenty cells on either side, and else five folds") {
  const Numbers of_x = levels_of({40, 40, 40});
  const Parts enough = parts_of_levels(of_x, levels_of({40, 40, 20}));
  CHECK(enough.levels);
  CHECK(enough.count == 3);
  const Parts folds = parts_of_levels(of_x, levels_of({40, 40, 19}));
  CHECK_FALSE(folds.levels);
  CHECK(folds.count == 5);
}

TEST_CASE("more than ten levels are left out by turns, in ten parts") {
  const Numbers levels = levels_of(std::vector<std::size_t>(12, 25));
  const Parts parts = parts_of_levels(levels, levels);
  CHECK(parts.levels);
  CHECK(parts.count == 10);
  REQUIRE(parts.control.size() == 300);
  REQUIRE(parts.treated.size() == 300);
  for (std::size_t k = 0; k < 300; ++k) {
    CHECK(parts.control[k] == levels[parts.control_cells[k]] % 10);
    CHECK(parts.treated[k] == levels[parts.treated_cells[k]] % 10);
  }
}

TEST_CASE("a level of few cells beside three that are scored is never left out") {
  const Numbers of_x = levels_of({30, 30, 30, 5}), of_y = levels_of({30, 30, 30, 30});
  const Parts parts = parts_of_levels(of_x, of_y);
  REQUIRE(parts.levels);
  CHECK(parts.count == 3);
  for (std::size_t k = 0; k < parts.control.size(); ++k) {
    const std::uint32_t level = of_x[parts.control_cells[k]];
    CHECK(parts.control[k] == (level < 3 ? level : ~0u));
  }
  for (std::size_t k = 0; k < parts.treated.size(); ++k) {
    const std::uint32_t level = of_y[parts.treated_cells[k]];
    CHECK(parts.treated[k] == (level < 3 ? level : ~0u));
  }
}

TEST_CASE("two thousand cells of either side take part") {
  const Parts parts = parts_of_levels(levels_of({2100}), levels_of({2000}));
  CHECK(parts.control_cells.size() == 2000);
  CHECK(parts.treated_cells.size() == 2000);
}

TEST_CASE("maps are not compared where either side has fewer than 100 cells") {
  const arma::mat x = clouds::gaussian(2, 300, 1), y = clouds::gaussian(2, 100, 2);
  const arma::mat few = y.head_cols(99);
  ChoiceOptions options;
  options.candidates = {Candidate{}};
  Context context;
  for (const bool treated : {true, false}) {
    const ChoiceCells cells{
        Cells::dense(treated ? x : few), Cells::dense(treated ? few : x), {}, {}};
    const Choice unasked = choose(cells, 0.5, options, context);
    CHECK(unasked.candidates.empty());
    CHECK(unasked.reason == "not compared: linear where a side has fewer than 100 cells, found 99");
  }
  const Choice asked = choose({Cells::dense(x), Cells::dense(y), {}, {}}, 0.5, options, context);
  CHECK(asked.candidates.size() == 1);
}

TEST_CASE("a choice with balance fits each part by the ratios and types of its cells") {
  const arma::mat x = clouds::gaussian(3, 120, 21), y = two_sided(3, 130, 22) + 0.3;
  constexpr double kGamma = 0.4;
  ChoiceCells cells{Cells::dense(x), Cells::dense(y), {}, {}};
  cells.types.names = {"low", "high"};
  cells.ratio_control.set_size(120);
  for (arma::uword i = 0; i < 120; ++i) {
    cells.types.control.push_back(x(0, i) > 0.0 ? 1 : 0);
    cells.ratio_control[i] = x(0, i) > 0.0 ? 3.0 : 0.25;
  }
  for (arma::uword j = 0; j < 130; ++j) cells.types.treated.push_back(y(0, j) > 0.0 ? 1 : 0);
  ChoiceOptions options;
  options.candidates = {{false, false}, {false, true}};
  options.space.components = 0;
  Context context;
  const Choice found = choose(cells, kGamma, options, context);
  const Parts parts = parts_of(cells, options);
  REQUIRE(found.scores.n_rows == parts.count);
  for (std::uint32_t p = 0; p < parts.count; ++p) {
    const arma::uvec train_x = chosen_cells(parts.control_cells, parts.control, p, false),
                     train_y = chosen_cells(parts.treated_cells, parts.treated, p, false),
                     held_x = chosen_cells(parts.control_cells, parts.control, p, true),
                     held_y = chosen_cells(parts.treated_cells, parts.treated, p, true);
    const arma::mat from = x.cols(train_x), to = y.cols(train_y), observed = y.cols(held_y);
    const arma::vec ratios = cells.ratio_control.elem(train_x);
    const arma::vec weights = ratios / arma::accu(ratios);
    const Linear fit(from, to, weights, options);
    const arma::vec held_ratios = cells.ratio_control.elem(held_x);
    arma::mat predicted = fit(x.cols(held_x));
    CHECK(found.scores(p, 0) ==
          doctest::Approx(weighted_mmd2(predicted, held_ratios, observed, kGamma, context))
              .epsilon(1e-7));
    const MarginalFit marginals({weights, even(to.n_cols), at(cells.types.control, train_x),
                                 at(cells.types.treated, train_y)});
    fit_marginals(marginals, fit(from), to, context).apply(predicted, Ends::shifted);
    CHECK(found.scores(p, 1) ==
          doctest::Approx(weighted_mmd2(predicted, held_ratios, observed, kGamma, context))
              .epsilon(1e-7));
  }
}

TEST_CASE("parts that are levels have components of their own, folds those of all cells") {
  const SingleThreadedBlas one_thread;  // so that equal work has equal bits
  const arma::mat x = clouds::gaussian(40, 150, 31), y = clouds::gaussian(40, 150, 32) + 0.2;
  const Numbers levels = levels_of({50, 50, 50});
  Context context;
  const arma::mat basis =
      FeatureSpace::fit(Cells::dense(x), Cells::dense(y), even(150), even(150), {}, context).basis;
  REQUIRE(basis.n_cols == 18);
  ChoiceOptions options;
  options.candidates = {Candidate{}};
  const auto scores = [&](const Numbers& batch, bool with_basis) {
    ChoiceCells cells{Cells::dense(x), Cells::dense(y), batch, batch};
    if (with_basis) cells.basis = basis;
    return choose(cells, 0.01, options, context).scores;
  };
  CHECK(same(scores(levels, true), scores(levels, false)));
  CHECK_FALSE(same(scores({}, true), scores({}, false)));
}

TEST_CASE("control cells of a level that has no treated cells in a part are left out of its fit") {
  // One treated cell of level 1: it is held out with one of the folds.
  arma::mat x = clouds::gaussian(3, 120, 41), y = clouds::gaussian(3, 120, 42) + 0.5;
  x.cols(110, 119) += 5.0;
  const Numbers of_x = levels_of({110, 10}), of_y = levels_of({119, 1});
  const ChoiceCells cells{Cells::dense(x), Cells::dense(y), of_x, of_y};
  ChoiceOptions options;
  options.candidates = {Candidate{}};
  Context context;
  const Choice found = choose(cells, 0.3, options, context);
  const Parts parts = parts_of(cells, options);
  REQUIRE_FALSE(parts.levels);
  REQUIRE(parts.treated_cells.back() == 119);
  const std::uint32_t p = parts.treated.back();
  arma::uvec train_x = chosen_cells(parts.control_cells, parts.control, p, false);
  REQUIRE(train_x.max() >= 110);
  train_x = train_x.elem(arma::find(train_x < 110));
  const arma::uvec train_y = chosen_cells(parts.treated_cells, parts.treated, p, false),
                   held_x = chosen_cells(parts.control_cells, parts.control, p, true),
                   held_y = chosen_cells(parts.treated_cells, parts.treated, p, true);
  const Linear fit(x.cols(train_x), y.cols(train_y), {}, options);
  const arma::vec alike(held_x.n_elem, arma::fill::ones);
  const double expected = weighted_mmd2(fit(x.cols(held_x)), alike, y.cols(held_y), 0.3, context);
  CHECK(found.scores(p, 0) == doctest::Approx(expected).epsilon(1e-7));
}

TEST_CASE("the sentence of a choice has the gain and its standard error in thousandths") {
  const arma::mat x = clouds::gaussian(2, 150, 51), y = two_sided(2, 140, 52);
  const ChoiceCells cells{Cells::dense(x), Cells::dense(y), {}, {}};
  Context context;
  const auto check_numbers = [](const Choice& found, std::size_t candidate,
                                const std::string& words) {
    CAPTURE(found.reason);
    CHECK(std::abs(number_after(found.reason, words) - 1e3 * std::abs(found.gain[candidate])) <
          0.00501);
    CHECK(std::abs(number_after(found.reason, " +- ") - 1e3 * found.standard_error[candidate]) <
          0.00501);
  };
  ChoiceOptions options;
  options.standard_errors = 0.0;
  const Choice eager = choose(cells, 0.5, options, context);
  const std::size_t best = eager.mean.index_min();
  REQUIRE(best > 0);
  CHECK(eager.reason.find(eager.candidates[best] +
                          " lowers the held-out MMD^2 x 1e-3 of linear by ") == 0);
  CHECK(eager.reason.find(" (5 folds)") != std::string::npos);
  check_numbers(eager, best, " of linear by ");
  // Where nothing is good enough, the best of the others is named.
  options.standard_errors = 1e9;
  const Choice never = choose(cells, 0.5, options, context);
  const std::size_t nearest = 1 + never.mean.tail(3).index_min();
  const std::string words = never.gain[nearest] < 0.0 ? " lowers it by " : " raises it by ";
  CHECK(never.reason.find(
            "nothing lowers the held-out MMD^2 of linear by more than 1000000000 standard "
            "error: " +
            never.candidates[nearest] + words) == 0);
  check_numbers(never, nearest, words);
}
