// Simulated responses on real control cells: the error of the single cell beside the score of the
// population, for the tables of docs/nonlinear.md. Usage: laot_bent_truths [first seed] [last
// seed].
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/support/contenders.hpp"
#include "support/real_data.hpp"

using namespace laot;
using namespace contenders;

namespace {

const std::vector<Contender> kContenders = {
    {"mean shift", "mean_shift", {}},
    {"Gaussian map", "gaussian_map", {}},
    {"LAOT, calibrated", "laot", {{"preset", "calibrated"}}},
    {"linear + marginals", "laot", {{"preset", "calibrated"}, {"restore", "marginals"}}},
    {"lift", "laot", {{"preset", "calibrated"}, {"lift", "yes"}}},
    {"lift + marginals",
     "laot",
     {{"preset", "calibrated"}, {"lift", "yes"}, {"restore", "marginals"}}},
    {"LAOT, adaptive", "laot", {{"preset", "adaptive"}}},
};

// z: cells in units of their own sd about their mean.
using Truth = std::function<arma::mat(const arma::mat& z)>;

arma::mat gaussian(std::size_t d, Rng& rng) {
  arma::mat out(d, d);
  for (double& value : out) value = rng.normal();
  return out;
}

arma::mat each(arma::mat z, const std::function<double(double)>& response) {
  for (double& value : z) value = response(value);
  return z;
}

std::map<std::string, Truth> truths(std::size_t d, Rng rng) {
  const arma::mat change = gaussian(d, rng) * (0.3 / std::sqrt(static_cast<double>(d)));
  const arma::mat symmetric = (change + change.t()) * 0.5;
  const arma::mat identity(d, d, arma::fill::eye);
  arma::vec shift(d);
  for (double& value : shift) value = 0.5 * rng.normal();
  return {
      {"linear", [=](const arma::mat& z) -> arma::mat { return (identity + change) * z + 0.3; }},
      {"linear, symmetric",
       [=](const arma::mat& z) -> arma::mat { return (identity + symmetric) * z + 0.3; }},
      {"warp of each feature",
       [](const arma::mat& z) -> arma::mat {
         return each(z, [](double v) { return v + 0.3 + 0.5 * std::tanh(2.0 * v); });
       }},
      {"logistic steps",
       [](const arma::mat& z) -> arma::mat {
         return each(z, [](double v) { return v + 1.0 / (1.0 + std::exp(-4.0 * (v - 0.5))); });
       }},
      {"shift that depends on one marker",
       [=](const arma::mat& z) -> arma::mat {
         arma::mat out = z;
         for (arma::uword i = 0; i < z.n_cols; ++i)
           out.col(i) += shift * (2.0 / (1.0 + std::exp(-3.0 * z(0, i))));
         return out;
       }},
  };
}

struct Scores {
  std::vector<double> error, mmd2;
  std::map<std::string, int> choices;
};

void compare(const arma::mat& cells, const Truth& truth, std::uint64_t seed,
             std::map<std::string, Scores>& scores) {
  constexpr std::size_t kFit = 800, kTest = 1000;
  const auto order = Rng(seed).permutation(cells.n_cols);
  const arma::mat control = taken(cells, order, 0, kFit);
  const arma::mat treated = truth(taken(cells, order, kFit, 2 * kFit));
  const arma::mat fresh = taken(cells, order, 2 * kFit, 2 * kFit + kTest), goal = truth(fresh);
  const arma::mat observed = truth(taken(cells, order, 2 * kFit + kTest, 2 * (kFit + kTest)));
  Context context;
  const double gamma = median_gamma(control, treated, context).gamma;
  for (const Contender& contender : kContenders) {
    const Model model =
        fitted(contender, experiment_of(Cells::dense(control), Cells::dense(treated)));
    const arma::mat moved = predicted(model, fresh);
    Scores& own = scores[contender.title];
    own.error.push_back(arma::accu(arma::square(moved - goal)) /
                        arma::accu(arma::square(goal - fresh)));
    own.mmd2.push_back(thousandths_of_mmd2(moved, observed, gamma));
    for (const auto& [name, value] : model.report.texts)
      if (name == "choice") ++own.choices[value];
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t last = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10;
  if (!real_data::available()) return 0;
  arma::mat cells =
      real_data::cells_where("pbmcstim_cells.csv.gz", "condition", "reference", {"cell_type"});
  for (arma::uword k = 0; k < cells.n_rows; ++k)
    cells.row(k) = (cells.row(k) - arma::mean(cells.row(k))) / arma::stddev(cells.row(k));
  for (const auto& [name, unused] : truths(cells.n_rows, Rng(1))) {
    std::map<std::string, Scores> scores;
    for (std::uint64_t seed = first; seed <= last; ++seed)
      compare(cells, truths(cells.n_rows, Rng(1000 + seed)).at(name), seed, scores);
    std::printf("\n### %s\n\n| method | error of the cell | MMD^2 x 1e-3 |\n|---|---|---|\n",
                name.c_str());
    for (const Contender& contender : kContenders) {
      const Scores& own = scores[contender.title];
      std::printf("| %s | %.3f | %.2f |\n", contender.title.c_str(), mean(own.error),
                  mean(own.mmd2));
    }
    std::printf("\nadaptive chose");
    for (const auto& [choice, times] : scores["LAOT, adaptive"].choices)
      std::printf(" %s: %d;", choice.c_str(), times);
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}
