// Times the default table of an evaluation on made cells with the spectrum of expression data:
//   laot_evaluation_bench [cells = 1000] [features = 1000] [runs = 5] [test]
// A model of method laot with its defaults, as many control as treated cells for the fit and held
// out, one thread. Prints the least processor time of the runs and the rows of the table.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "laot/evaluation.hpp"

namespace {

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

// Twenty directions whose strength falls, and noise of its own for each feature, all clipped at 0.
arma::mat made_cells(std::size_t features, std::size_t cells, double shift, std::uint64_t stream) {
  constexpr std::size_t kDirections = 20;
  laot::Rng law = laot::Rng(7).stream(0), draws = laot::Rng(7).stream(stream);
  arma::mat directions(features, kDirections);
  for (double& value : directions) value = law.normal();
  arma::vec level(features);
  for (double& value : level) value = std::abs(law.normal());
  arma::mat out(features, cells);
  for (std::size_t i = 0; i < cells; ++i) {
    double strength[kDirections];
    for (std::size_t k = 0; k < kDirections; ++k)
      strength[k] = draws.normal() / static_cast<double>(k + 2) + (k < 3 ? shift : 0.0);
    for (std::size_t f = 0; f < features; ++f) {
      double value = level[f] + 0.7 * draws.normal();
      for (std::size_t k = 0; k < kDirections; ++k) value += strength[k] * directions(f, k);
      out(f, i) = std::max(0.0, value);
    }
  }
  return out;
}

std::size_t argument(int argc, char** argv, int which, std::size_t fallback) {
  return argc > which ? std::strtoul(argv[which], nullptr, 10) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t cells = argument(argc, argv, 1, 1000), features = argument(argc, argv, 2, 1000);
  const std::size_t runs = argument(argc, argv, 3, 5);
  laot::Context context;
  context.num_threads = 1;
  const arma::mat control = made_cells(features, cells, 0.0, 1);
  const arma::mat treated = made_cells(features, cells, 0.5, 2);
  const arma::mat test_control = made_cells(features, cells, 0.0, 3);
  const arma::mat observed = made_cells(features, cells, 0.5, 4);
  const laot::Model model = laot::fit_model(
      laot::Params(laot::method("laot").spec),
      laot::experiment_of(laot::Cells::dense(control), laot::Cells::dense(treated)), context);
  laot::HeldOut held_out;
  held_out.model = &model;
  held_out.observed = laot::Cells::dense(observed);
  held_out.control = laot::Cells::dense(test_control);
  laot::EvaluationOptions options;
  options.test = argc > 4;  // the permutation test that R asks for
  double least = 1e300;
  laot::Table table;
  for (std::size_t run = 0; run < runs; ++run) {
    const double start = processor_seconds();
    table = laot::evaluate(held_out, options, context);
    least = std::min(least, processor_seconds() - start);
  }
  std::printf("%zu + %zu cells, %zu features: %.3f s\n", cells, cells, features, least);
  const laot::TextColumn &method = table.texts("method"), &metric = table.texts("metric");
  const laot::NumberColumn& value = table.numbers("value");
  for (std::size_t r = 0; r < value.size(); ++r)
    std::printf("%s %s %.15g\n", method[r].c_str(), metric[r].c_str(), value[r]);
  return 0;
}
