// The lift, the marginals and the choice against numpy and POT (tests/golden/README.md,
// nonlinear/).
#include <doctest/doctest.h>

#include <map>

#include "golden/nonlinear/cases.hpp"
#include "laot/metrics/mmd.hpp"

using namespace laot;

namespace {

std::map<std::string, arma::mat> expected_of(const std::string& name) {
  const fixtures::Table table = fixtures::read_table(fixtures::golden("nonlinear/expected.csv"));
  std::map<std::string, arma::mat> out;
  for (const auto& row : table.rows) {
    if (row[0] != name) continue;
    arma::mat& values = out[row[1]];
    const std::size_t r = std::stoul(row[2]), c = std::stoul(row[3]);
    values.resize(std::max<std::size_t>(values.n_rows, r + 1),
                  std::max<std::size_t>(values.n_cols, c + 1));
    values(r, c) = std::stod(row[4]);
  }
  return out;
}

void check_close(const arma::mat& got, const arma::mat& want, double tolerance) {
  REQUIRE(got.n_rows == want.n_rows);
  REQUIRE(got.n_cols == want.n_cols);
  for (std::size_t e = 0; e < got.n_elem; ++e) {
    CAPTURE(e);
    CAPTURE(got[e]);
    CAPTURE(want[e]);
    CHECK(fixtures::close(got[e], want[e], tolerance));
  }
}

// A fit of a case in its feature space.
struct Fit {
  explicit Fit(const golden_cases::Case& data) {
    Context context;
    batch_weights(data.batch_x, data.batch_y, data.x.n_cols, data.y.n_cols, weights_x, weights_y);
    space = FeatureSpace::fit(Cells::dense(data.x), Cells::dense(data.y), weights_x, weights_y, {},
                              context);
    const arma::mat x = space.encode(Cells::dense(data.x), Side::control, context);
    const arma::mat y = space.encode(Cells::dense(data.y), Side::treated, context);
    Coupling coupling(x, y, data.batch_x, data.batch_y);
    linear = alternate(coupling, x, y, {}, context);
    lifted = lift(coupling, x, y, linear, {}, golden_cases::lift_options(), context);
    const MarginalFit marginal_fit({weights_x, weights_y, data.batch_x, data.batch_y});
    for (const bool bent : {false, true})
      marginals[bent] = fit_marginals(marginal_fit, moved(data.x, bent), data.y, context);
  }

  arma::mat moved(const arma::mat& cells, bool bent) const {
    BlockRoom room;
    arma::mat out = cells;
    space.encode_block(cells, Side::control, room.z, room);
    if (bent)
      lifted.map.apply(room.z, room.moved);
    else
      room.moved = linear.map * room.z;
    space.decode_block(room.z, room.moved, out, room);
    return out;
  }

  arma::vec weights_x, weights_y;
  FeatureSpace space;
  LaotResult linear;
  LiftResult lifted;
  MarginalMaps marginals[2];
};

}  // namespace

TEST_CASE("golden lift") {
  for (const std::string& name : golden_cases::names()) {
    CAPTURE(name);
    const golden_cases::Case data = golden_cases::read(name);
    const auto expected = expected_of(name);
    const Fit fit(data);
    REQUIRE(fit.lifted.lifted);
    CHECK(fit.lifted.converged);
    const LaotTrace& trace = fit.lifted.trace;
    arma::mat got(trace.ridge.size(), 3);
    for (std::size_t k = 0; k < trace.ridge.size(); ++k) {
      got(k, 0) = trace.j_after_plan[k];
      got(k, 1) = trace.j_after_update[k];
      got(k, 2) = trace.ridge[k];
    }
    check_close(got, expected.at("lift_trace"), 1e-7);
    CHECK(fixtures::close(fit.lifted.share, expected.at("lift_share")[0], 1e-7));
    check_close(fit.moved(data.fresh, false), expected.at("predicted linear"), 1e-7);
    check_close(fit.moved(data.fresh, true), expected.at("predicted lift"), 1e-7);
    arma::mat z;
    BlockRoom room;
    fit.space.encode_block(data.fresh, Side::control, z, room);
    check_close(fit.lifted.map.jacobian(z.col(1)), expected.at("lift_jacobian"), 1e-6);
  }
}

TEST_CASE("golden marginals") {
  for (const std::string& name : golden_cases::names()) {
    CAPTURE(name);
    const golden_cases::Case data = golden_cases::read(name);
    const auto expected = expected_of(name);
    const Fit fit(data);
    for (const bool bent : {false, true}) {
      CAPTURE(bent);
      const MarginalMaps& maps = fit.marginals[bent];
      check_close(maps.strength().t(), expected.at(text("strength ", bent)), 1e-7);
      for (std::size_t k = 0; k < maps.size(); ++k) {
        const arma::mat& knots = expected.at(text("knots ", bent, " ", k));
        REQUIRE(maps[k].from.size() == knots.n_cols);
        for (std::size_t r = 0; r < knots.n_cols; ++r) {
          CHECK(fixtures::close(maps[k].from[r], knots(0, r), 1e-7));
          CHECK(fixtures::close(maps[k].to[r], knots(1, r), 1e-7));
        }
      }
      arma::mat predicted = fit.moved(data.fresh, bent);
      maps.apply(predicted, Ends::shifted);
      check_close(predicted,
                  expected.at(bent ? "predicted lift + marginals" : "predicted linear + marginals"),
                  1e-7);
    }
    arma::mat clamped = fit.moved(data.fresh, true);
    fit.marginals[1].apply(clamped, Ends::clamped);
    check_close(clamped, expected.at("clamped"), 1e-7);
  }
}

TEST_CASE("golden choice") {
  for (const std::string& name : golden_cases::names()) {
    CAPTURE(name);
    const golden_cases::Case data = golden_cases::read(name);
    const auto expected = expected_of(name);
    Context context;
    const double gamma = median_gamma(data.x, data.y, context).gamma;
    const ChoiceOptions options = golden_cases::choice_options();
    const Choice choice = choose(golden_cases::cells_of(data), gamma, options, context);
    CHECK(choice.levels_left_out == (name == "donors"));
    check_close(choice.scores, expected.at("choice_scores"), 1e-7);
    check_close(choice.gain.t(), expected.at("choice_gain"), 1e-7);
    check_close(choice.standard_error.t(), expected.at("choice_error"), 1e-7);
    const auto chosen = static_cast<std::size_t>(expected.at("choice_chosen")[0]);
    CHECK(choice.chosen.name() == options.candidates[chosen].name());
  }
}
