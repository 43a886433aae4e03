// User seconds of the Conditional Monge Gap's training on simulated cells:
//   laot_network_speed [steps = 3000] [features = 50] [batch = 128] [conditions = 20]
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "laot/nets/cmonge.hpp"

int main(int argc, char** argv) {
  using namespace laot;
  const auto argument = [&](int k, int otherwise) {
    return static_cast<std::size_t>(argc > k ? std::atoi(argv[k]) : otherwise);
  };
  const std::size_t steps = argument(1, 3000), d = argument(2, 50), conditions = argument(4, 20);
  Rng rng(1);
  const auto cells = [&](double shift) {
    arma::mat out(d, 400);
    for (double& value : out) value = rng.normal() + shift;
    return out;
  };
  nets::CmongeCells populations;
  populations.controls = {cells(0.0)};
  for (std::size_t c = 0; c < conditions; ++c) {
    populations.treated.push_back(cells(static_cast<double>(c) / 20.0));
    populations.control_of.push_back(0);
    populations.contexts.push_back({std::vector<float>(20, 0.0F), {1.0F}});
    populations.contexts.back()[0][c % 20] = 1.0F;
  }
  nets::CmongeOptions options;
  options.shape.contexts = {20, 1};
  options.shape.embedded = {50, 1};
  options.shape.hidden = {64, 64, 64, 64};
  options.keep_last = options.train_on_all = false;
  options.iterations = steps;
  options.batch = argument(3, 128);
  nets::CmongeTrainer trainer(populations, options, 1);
  Context context;
  const std::clock_t start = std::clock();
  trainer.run(context);
  std::printf("%zu steps, %zu features, batch %zu: %.2f s of processor time\n", steps, d,
              options.batch,
              static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC));
}
