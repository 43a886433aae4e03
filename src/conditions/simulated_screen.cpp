#include "laot/conditions/simulated_screen.hpp"

#include <algorithm>
#include <cmath>

#include "laot/parallel/product.hpp"

namespace laot {

namespace {

constexpr std::size_t kClusters = 3, kLatent = 4, kCoordinates = 8;
constexpr double kClusterShares[kClusters] = {0.5, 0.3, 0.2};
constexpr double kDoses[] = {1.0, 3.0, 7.0, 15.0};  // 16^u - 1

arma::mat normals(std::size_t rows, std::size_t cols, double sd, Rng& rng) {
  arma::mat out(rows, cols);
  for (double& value : out) value = sd * rng.normal();
  return out;
}

// The laws of the cells and of the drugs.
class World {
 public:
  World(const ScreenOptions& options, Rng rng, Context& context) : options_(options) {
    const std::size_t d = options.features;
    const double root = std::sqrt(static_cast<double>(d));
    centres_ = normals(d, kClusters, 1.5, rng);
    centres_.each_col() -= arma::vec(arma::mean(centres_, 1));
    for (std::size_t k = 0; k < kClusters; ++k, context.poll())
      spreads_.push_back(0.6 * arma::eye(d, d) + normals(d, d, 0.5 / root, rng));
    embedding = normals(kCoordinates, options.drugs, 1.0, rng);
    const arma::mat loadings =
        normals(kLatent, kCoordinates, 1.0 / std::sqrt(static_cast<double>(kCoordinates)), rng);
    latent_ = loadings * embedding + normals(kLatent, options.drugs, 0.15, rng);
    half_ = 0.45 * arma::exp(normals(1, options.drugs, 0.25, rng));
    shifts_ = normals(d, kLatent, 0.7, rng);
    for (std::size_t k = 0; k < kLatent; ++k, context.poll())
      maps_.push_back(normals(d, d, 0.35 / root, rng));
    switches_ = normals(d, kLatent, 1.0 / root, rng);
    switched_ = normals(d, kLatent, 0.7, rng);
  }

  arma::mat cells(std::size_t count, Rng& rng, Context& context) const {
    arma::mat out(options_.features, count);
    for (std::size_t i = 0; i < count; ++i) {
      context.poll();
      const double draw = rng.uniform();
      const std::size_t k = draw < kClusterShares[0]                       ? 0
                            : draw < kClusterShares[0] + kClusterShares[1] ? 1
                                                                           : 2;
      out.col(i) = centres_.col(k) + spreads_[k] * normals(options_.features, 1, 1.0, rng);
    }
    return out;
  }

  arma::mat moved(const arma::mat& x, const ConditionCovariates& condition,
                  Context& context) const {
    arma::mat out = x;
    for (const Treatment& t : condition.treatments) out += effect(x, t, context);
    return out;
  }

  arma::mat treated(std::size_t count, const ConditionCovariates& condition, Rng& rng,
                    Context& context) const {
    const arma::mat x = cells(count, rng, context);
    return moved(x, condition, context) + normals(options_.features, count, options_.noise, rng);
  }

  arma::mat embedding;

 private:
  arma::mat effect(const arma::mat& x, const Treatment& t, Context& context) const {
    const double u = std::log1p(t.dose) / std::log(16.0);
    const double cube = u * u * u;
    const arma::vec z = latent_.col(t.level) * (cube / (cube + std::pow(half_[t.level], 3.0)));
    arma::mat out(x.n_rows, x.n_cols, arma::fill::zeros);
    out.each_col() += arma::vec(shifts_ * z);
    for (std::size_t k = 0; k < kLatent; ++k) {
      out += z[k] * product(maps_[k], x, context);
      const arma::rowvec turn = arma::tanh(2.0 * switches_.col(k).t() * x);
      out += options_.kappa * z[k] * (switched_.col(k) * turn);
    }
    return out;
  }

  ScreenOptions options_;
  arma::mat centres_, latent_, half_, shifts_, switches_, switched_;
  std::vector<arma::mat> spreads_, maps_;
};

std::string drug_name(std::size_t drug) {
  return text("drug", drug < 9 ? "0" : "", drug + 1);
}

ScreenCondition condition_of(std::vector<Treatment> treatments, ConditionKind kind) {
  ScreenCondition out;
  for (const Treatment& t : treatments)
    out.name += text(out.name.empty() ? "" : "+", drug_name(t.level), ":", t.dose);
  out.covariates.treatments = std::move(treatments);
  out.kind = kind;
  return out;
}

// Which conditions there are, without their cells.
void lay_out(const ScreenOptions& options, Rng rng, Screen& out) {
  const std::vector<std::size_t> order = rng.permutation(options.drugs);
  const std::vector<std::size_t> unseen(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(options.unseen_drugs));
  const std::vector<std::size_t> seen(
      order.begin() + static_cast<std::ptrdiff_t>(options.unseen_drugs), order.end());
  std::vector<ScreenCondition> doses, drugs, pairs;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    const std::size_t left_out = k < options.unseen_doses ? 1 + rng.below(2) : 4;
    for (std::size_t level = 0; level < 4; ++level) {
      const std::vector<Treatment> single{{seen[k], kDoses[level]}};
      if (level == left_out)
        doses.push_back(condition_of(single, ConditionKind::unseen_dose));
      else
        out.training.push_back(condition_of(single, ConditionKind::seen));
    }
  }
  const std::vector<std::size_t> tested = rng.sample(out.training.size(), options.seen_tests);
  for (const std::size_t c : tested) out.test.push_back(out.training[c]);
  for (const std::size_t drug : unseen)
    for (const double dose : {3.0, 15.0})
      drugs.push_back(condition_of({{drug, dose}}, ConditionKind::unseen_level));
  while (pairs.size() < options.pairs + options.unseen_pairs) {
    std::vector<std::size_t> two = rng.sample(seen.size(), 2);
    std::sort(two.begin(), two.end());
    const double dose = pairs.size() % 2 == 0 ? 7.0 : 15.0;
    const ScreenCondition pair = condition_of({{seen[two[0]], dose}, {seen[two[1]], dose}},
                                              ConditionKind::unseen_combination);
    // A pair of drugs at another dose would be an unseen dose of a known combination.
    const bool known = std::any_of(pairs.begin(), pairs.end(), [&](const ScreenCondition& other) {
      return other.covariates.treatments[0].level == pair.covariates.treatments[0].level &&
             other.covariates.treatments[1].level == pair.covariates.treatments[1].level;
    });
    if (!known) pairs.push_back(pair);
  }
  out.test.insert(out.test.end(), doses.begin(), doses.end());
  out.test.insert(out.test.end(), drugs.begin(), drugs.end());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    if (p >= options.pairs) {
      out.test.push_back(pairs[p]);
      continue;
    }
    pairs[p].kind = ConditionKind::seen;
    out.training.push_back(pairs[p]);
  }
}

void check(const ScreenOptions& o) {
  require(o.features >= 1 && o.cells >= 2 && o.new_cells >= 2, Status::invalid_argument,
          "a screen needs at least one feature and two cells, found ", o.features, " features, ",
          o.cells, " cells and ", o.new_cells, " new cells");
  require(std::isfinite(o.kappa) && o.noise >= 0.0 && std::isfinite(o.noise),
          Status::invalid_argument, "kappa must be a number and noise 0 or positive, found ",
          o.kappa, " and ", o.noise);
  const double conditions = 4.0 * static_cast<double>(o.drugs) + static_cast<double>(o.pairs) +
                            static_cast<double>(o.unseen_pairs);
  require_memory(
      8.0 * static_cast<double>(o.features) *
          (4.0 * static_cast<double>(o.features) +
           conditions * (static_cast<double>(o.cells) + 2.0 * static_cast<double>(o.new_cells))),
      text("a screen of ", o.drugs, " drugs and ", o.features, " features"));
  require(o.drugs > o.unseen_drugs, Status::invalid_argument, "there are ", o.drugs,
          " drugs, of which ", o.unseen_drugs, " should not be seen; some must be");
  const std::size_t seen = o.drugs - o.unseen_drugs;
  require(o.unseen_doses <= seen, Status::invalid_argument, "a dose can be left out of each of ",
          seen, " seen drugs, and not of ", o.unseen_doses);
  require(2 * (o.pairs + o.unseen_pairs) <= seen * (seen - 1), Status::invalid_argument, seen,
          " seen drugs have ", seen * (seen - 1) / 2, " pairs; ", o.pairs + o.unseen_pairs,
          " were asked for");
  require(o.seen_tests <= 4 * seen - o.unseen_doses, Status::invalid_argument, "there are ",
          4 * seen - o.unseen_doses, " seen conditions of one drug; ", o.seen_tests,
          " were to be tested");
}

}  // namespace

Screen simulate_screen(const ScreenOptions& options, Rng rng, Context& context) {
  check(options);
  const SingleThreadedBlas blas;
  const World world(options, rng.stream(0), context);
  Screen out;
  out.embedding = world.embedding;
  for (std::size_t drug = 0; drug < options.drugs; ++drug) out.drugs.push_back(drug_name(drug));
  lay_out(options, rng.stream(1), out);
  Rng draws = rng.stream(2);
  out.control = world.cells(options.cells, draws, context);
  out.new_control = world.cells(options.new_cells, draws, context);
  double done = 0.0;
  const double conditions = static_cast<double>(out.training.size() + out.test.size());
  const auto next = [&] { context.poll("simulation", done++ / conditions); };
  for (ScreenCondition& c : out.training) {
    next();
    c.treated = world.treated(options.cells, c.covariates, draws, context);
  }
  for (ScreenCondition& c : out.test) {
    next();
    c.treated = world.treated(options.new_cells, c.covariates, draws, context);
    c.truth = world.moved(out.new_control, c.covariates, context);
  }
  context.poll("simulation", 1.0);
  return out;
}

}  // namespace laot
