// Conditions that were seen, with and without a lift and marginals, and whether marginals carry to
// one that was not, on real cells that stay outside the repository.
//
//   laot_bent_conditions pbmcstim|tcell FIRST LAST      splits; half of each population to fit
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "bench/support/contenders.hpp"
#include "support/real_data.hpp"

using namespace laot;
using namespace contenders;

namespace {

const std::vector<Contender> kContenders = {
    {"conditional_gaussian", "conditional_gaussian", {}},
    {"conditional_gaussian, marginals", "conditional_gaussian", {{"marginals", "yes"}}},
    {"conditional_laot", "conditional_laot", {}},
    {"conditional_laot, marginals", "conditional_laot", {{"marginals", "yes"}}},
    {"conditional_laot, lift", "conditional_laot", {{"lift", "yes"}}},
    {"conditional_laot, lift and marginals",
     "conditional_laot",
     {{"lift", "yes"}, {"marginals", "yes"}}},
    {"conditional_laot, adaptive", "conditional_laot", {{"preset", "adaptive"}}},
};

struct Populations {
  arma::mat control;
  std::vector<std::string> names;
  std::vector<arma::mat> treated;
};

Populations pbmcstim() {
  Populations out{
      real_data::cells_where("pbmcstim_cells.csv.gz", "condition", "reference", {"cell_type"}),
      {"PMA/Ionomycin", "BCR/FcR-XL"},
      {}};
  for (const std::string& name : out.names)
    out.treated.push_back(
        real_data::cells_where("pbmcstim_cells.csv.gz", "condition", name, {"cell_type"}));
  return out;
}

Populations tcell() {
  Populations out{
      real_data::cells_where("tcell_cells.csv.gz", "day", "0"), {"1", "2", "3", "4", "5"}, {}};
  for (const std::string& day : out.names)
    out.treated.push_back(real_data::cells_where("tcell_cells.csv.gz", "day", day));
  return out;
}

arma::mat half(const arma::mat& cells, std::uint64_t seed, bool train) {
  const auto order = Rng(seed).permutation(cells.n_cols);
  const std::size_t cut = std::min<std::size_t>(cells.n_cols / 2, 1000);
  const std::size_t first = train ? 0 : cut;
  const std::size_t last = train ? cut : std::min<std::size_t>(2 * cut, cells.n_cols);
  return taken(cells, order, first, last);
}

Populations part(const Populations& all, std::uint64_t seed, bool train) {
  Populations out{half(all.control, seed, train), all.names, {}};
  for (std::size_t c = 0; c < all.treated.size(); ++c)
    out.treated.push_back(half(all.treated[c], seed + 100 * (c + 1), train));
  return out;
}

Condition condition_of(const std::string& name, bool days) {
  CovariateValue value;
  if (days)
    value.numbers = {std::strtod(name.c_str(), nullptr)};
  else
    value.levels = {name};
  return {name, {{days ? "day" : "stimulus", value}}};
}

constexpr std::size_t kNone = ~std::size_t{0};

Model fitted(const Contender& contender, const Populations& train, bool days, std::size_t left) {
  Experiment cells;
  cells.controls.push_back({Cells::dense(train.control), {}, {}});
  for (std::size_t c = 0; c < train.names.size(); ++c)
    if (c != left)
      cells.conditions.push_back(
          {condition_of(train.names[c], days), {Cells::dense(train.treated[c]), {}, {}}, 0});
  return fitted(contender, cells);
}

struct Results {
  std::vector<std::string> order;
  std::map<std::string, std::vector<double>> mmd2, w2;

  void add(const std::string& title, const arma::mat& moved, const arma::mat& observed,
           double gamma) {
    Context context;
    if (mmd2.count(title) == 0) order.push_back(title);
    mmd2[title].push_back(thousandths_of_mmd2(moved, observed, gamma));
    w2[title].push_back(wasserstein2(moved, observed, context));
  }
};

// Cells moved by the marginals of another condition, both about their means.
arma::mat carried(const Model& from, const arma::mat& control, arma::mat cells) {
  const arma::vec there = arma::mean(predicted(from, control), 1), here = arma::mean(cells, 1);
  arma::mat at = cells;
  at.each_col() += there - here;
  arma::mat moved = at;
  from.marginals.apply(moved, Ends::shifted);
  return cells + moved - at;
}

void left_out(const Populations& train, const Populations& test, std::size_t c, double gamma,
              Results& results) {
  const Contender restored{"", "conditional_laot", {{"marginals", "yes"}}};
  const Model model = fitted(restored, train, true, c);
  const Condition unseen{"", condition_of(train.names[c], true).covariates};
  const arma::mat plain = predicted(model.at(unseen), test.control);
  results.add("day left out, conditional_laot", plain, test.treated[c], gamma);
  const std::size_t near = c > 0 ? c - 1 : c + 1;
  const Model neighbour = model.at({train.names[near], {}});
  results.add("day left out, with the marginals of the day beside it",
              carried(neighbour, test.control, plain), test.treated[c], gamma);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string set = argc > 1 ? argv[1] : "";
  if ((set != "pbmcstim" && set != "tcell") || !real_data::available()) {
    std::printf("laot_bent_conditions pbmcstim|tcell FIRST LAST\n");
    return 1;
  }
  const bool days = set == "tcell";
  const Populations all = days ? tcell() : pbmcstim();
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const std::uint64_t last = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 3;
  Results results;
  std::map<std::string, int> choices;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Populations train = part(all, seed, true), test = part(all, seed, false);
    std::vector<double> gammas;
    for (const arma::mat& treated : train.treated) {
      Context context;
      gammas.push_back(median_gamma(train.control, treated, context).gamma);
    }
    for (const Contender& contender : kContenders) {
      const Model model = fitted(contender, train, days, kNone);
      for (std::size_t c = 0; c < train.names.size(); ++c) {
        const Model at = model.at({train.names[c], {}});
        results.add(contender.title, predicted(at, test.control), test.treated[c], gammas[c]);
        for (const auto& [name, value] : at.report.texts)
          if (name == "choice") ++choices[value];
      }
    }
    for (std::size_t c = 0; c < train.names.size(); ++c)
      results.add("noise reference", train.treated[c], test.treated[c], gammas[c]);
    for (std::size_t c = 0; days && c < train.names.size(); ++c)
      left_out(train, test, c, gammas[c], results);
  }
  std::printf("| %s | MMD^2 x 1e-3 | W2 |\n|---|---|---|\n", set.c_str());
  for (const std::string& title : results.order)
    std::printf("| %s | %.2f | %.3f |\n", title.c_str(), mean(results.mmd2[title]),
                mean(results.w2[title]));
  for (const auto& [choice, times] : choices)
    std::printf("adaptive chose %s: %d\n", choice.c_str(), times);
  return 0;
}
