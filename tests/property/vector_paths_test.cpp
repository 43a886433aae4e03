// Whole calls have the same bits on each vector path, whatever a room makes of it.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <vector>

#include "laot/laot.hpp"
#include "laot/metrics.hpp"
#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "support/clouds.hpp"
#include "support/vector_paths.hpp"

using namespace laot;

namespace {

using Numbers = std::vector<double>;

// That `call` gives these numbers on every path; returns them.
Numbers same_on_each_path(const std::function<Numbers()>& call) {
  const Numbers wanted = call();
  REQUIRE(!wanted.empty());
  for (const VectorPath path : vector_paths::all()) {
    CAPTURE(static_cast<int>(path));
    const vector_paths::Limit limit(path);
    const Numbers found = call();
    REQUIRE(found.size() == wanted.size());
    CHECK(std::memcmp(found.data(), wanted.data(), wanted.size() * sizeof(double)) == 0);
  }
  return wanted;
}

const arma::mat kControl = clouds::gaussian(21, 330, 1);
const arma::mat kTreated = clouds::gaussian(21, 270, 2) + 0.4;

}  // namespace

TEST_CASE("a limit names the widest path, and is lifted") {
  const VectorPath best = widest_path();
  CHECK(best == vector_paths::all().back());
  for (const VectorPath path : vector_paths::all()) {
    const vector_paths::Limit limit(path);
    CHECK(widest_path() == path);
    CHECK(resolved(VectorPath::best) == path);
    CHECK(resolved(best) == best);  // a path that is named is taken
  }
  CHECK(widest_path() == best);
  for (const VectorPath path : {VectorPath::avx2, VectorPath::avx512})
    if (!available(path)) {
      CHECK_THROWS_AS(resolved(path), Error);
      CHECK_THROWS_AS(limit_vector_path(path), Error);
    }
}

TEST_CASE("every score has the same bits on each vector path") {
  Context context;
  ScoreInput input;
  input.predicted = input.control = &kControl;
  input.observed = &kTreated;
  input.gamma = 0.02;
  same_on_each_path([&] {
    Numbers out;
    for (const MetricSpec& spec : metrics()) out.push_back(score(spec.name, input, context).value);
    out.push_back(median_gamma(kControl, kTreated, context).gamma);
    out.push_back(mmd2_permutation_test(kControl, kTreated, logspace(1, -3, 9), 20, context).mmd2);
    return out;
  });
}

TEST_CASE("a fit of the linear map has the same bits on each vector path") {
  Context context;
  LaotOptions options;
  options.max_iter = 4;
  same_on_each_path([&] {
    const arma::mat map = alternate(kControl, kTreated, {}, {}, options, context).map;
    return Numbers(map.begin(), map.end());
  });
}

TEST_CASE("training has the same bits on each vector path") {
  Context context;
  nets::CellotOptions cellot;
  cellot.hidden = {19, 36};  // whole vectors of each width and a rest
  cellot.batch = 33;
  cellot.iterations = 12;
  cellot.check_every = 6;
  same_on_each_path([&] {
    nets::CellotTrainer trainer(kControl, kTreated, cellot, 7);
    trainer.run(context);
    const auto& values = trainer.best_g().values();
    return Numbers(values.begin(), values.end());
  });
  nets::AutoencoderOptions scgen;
  scgen.shape.kind = nets::AutoencoderKind::variational;
  scgen.shape.hidden = {37, 19};
  scgen.shape.latent = 5;
  scgen.shape.batch_norm = true;
  scgen.shape.dropout = 0.2;
  scgen.batch = 33;
  scgen.epochs = 2;
  same_on_each_path([&] {
    nets::AutoencoderTrainer trainer(kControl, kTreated, scgen, 7);
    trainer.run(context);
    const auto& values = trainer.best().values();
    return Numbers(values.begin(), values.end());
  });
}
