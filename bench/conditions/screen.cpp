// Conditional methods on simulated screens with known truth, all on the same cells:
//   laot_screen [worlds = 10] [kappa = 1] [first world = 0] [networks = 0: none, 1: cmonge and cpa,
//   2: and cmonge from the identity] [further methods, as name=method,parameter=value,..]
// truth: the true map (unbiased: its MMD^2 is 0 but for noise); truth_own_shift: the true map, but
// for its mean shift, which is that of a seen condition's own training cells; training_cells:
// these. prints one line a world, kind and method: MMD^2 x 1000 (unbiased, median gamma of training
// cells), sd ratio, error of the mean, cell error (1: predicting no change), seconds of the fit.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "laot/conditions/conditional_laot.hpp"
#include "laot/conditions/nearest_condition.hpp"
#include "laot/conditions/simulated_screen.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/models.hpp"

namespace {

using namespace laot;

struct Method {
  std::function<arma::mat(const ScreenCondition&)> predict;
  double seconds = 0.0;
};

struct World {
  Screen screen;
  CovariateFeatures features;
  ConditionalCells cells;
  double scale = 1.0, gamma = 0.0;
  arma::vec mean;
};

World world_of(std::uint64_t number, double kappa, Context& context) {
  World out;
  ScreenOptions options;
  options.kappa = kappa;
  out.screen = simulate_screen(options, Rng(1000 + number), context);
  std::vector<ConditionCovariates> covariates;
  out.cells.controls = {out.screen.control};
  for (const ScreenCondition& c : out.screen.training) {
    covariates.push_back(c.covariates);
    out.cells.treated.push_back(c.treated);
  }
  out.cells.control_of.assign(covariates.size(), 0);
  out.features = CovariateFeatures(covariates, out.screen.embedding);
  out.cells.phi = out.features.training();
  arma::mat some;
  for (const arma::mat& y : out.cells.treated) some = arma::join_rows(some, y.cols(0, 19));
  out.gamma = median_gamma(out.screen.control, some, context).gamma;
  double variance = arma::mean(arma::var(out.screen.control, 1, 1));
  for (const arma::mat& y : out.cells.treated)
    variance += arma::mean(arma::var(y, 1, 1)) / static_cast<double>(covariates.size());
  out.scale = std::sqrt(0.5 * variance);
  out.mean = arma::mean(out.screen.control, 1);
  for (auto* side : {&out.cells.controls, &out.cells.treated})
    for (arma::mat& population : *side) population /= out.scale;
  return out;
}

arma::mat predicted(const World& world, const ConditionalLaot& model, const ScreenCondition& c,
                    bool linear, bool gaussian) {
  const arma::vec phi = world.features(c.covariates);
  const std::size_t own = world.features.find(c.covariates);
  const bool blend = own < world.screen.training.size() && linear && !gaussian;
  const arma::mat map =
      !linear ? arma::mat(arma::eye(phi.n_elem ? world.mean.n_elem : 0, world.mean.n_elem))
      : gaussian
          ? with_spread(arma::eye(world.mean.n_elem, world.mean.n_elem), model.controls[0],
                        arma::reshape(model.log_spread * phi, world.mean.n_elem, world.mean.n_elem),
                        1.0)
      : blend ? model.map_of(own, phi, 0)
              : model.pooled_map(phi, 0);
  const arma::vec shift = blend ? model.shift_of(own, phi) : arma::vec(model.shift * phi);
  arma::mat x = world.screen.new_control;
  x.each_col() -= world.mean;
  arma::mat out = map * x;
  out.each_col() += world.mean + world.scale * shift;
  return out;
}

Condition with_covariates(const World& world, const ScreenCondition& c) {
  CovariateValue drug, dose;
  for (const Treatment& t : c.covariates.treatments) {
    drug.levels.push_back(world.screen.drugs[t.level]);
    dose.numbers.push_back(t.dose);
  }
  return {"", {{"drug", drug}, {"dose", dose}}};
}

// A method of the registry, on the cells as they are.
Method registered(const World& world, const char* name,
                  const std::vector<std::pair<std::string, std::string>>& settings,
                  Context& context) {
  Experiment experiment;
  experiment.controls = {{Cells::dense(world.screen.control), {}, {}}};
  for (const ScreenCondition& c : world.screen.training) {
    Condition condition = with_covariates(world, c);
    condition.name = c.name;
    experiment.conditions.push_back({condition, {Cells::dense(c.treated), {}, {}}, 0});
  }
  experiment.embeddings = {{"drug", world.screen.drugs, world.screen.embedding, {}}};
  Params params(laot::method(name).spec);
  for (const auto& [key, value] : settings)
    if (key == "preset") params.use_preset(value);
  for (const auto& [key, value] : settings)
    if (key != "preset") params.set_text(key, value);
  const auto begin = std::chrono::steady_clock::now();
  const auto model = std::make_shared<Model>(fit_model(params, experiment, context));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {[&world, model](const ScreenCondition& c) {
            Context inner;
            arma::mat out(arma::size(world.screen.new_control));
            model->at(with_covariates(world, c))
                .predict(Cells::dense(world.screen.new_control), Nonnegative::no, out.memptr(),
                         inner);
            return out;
          },
          seconds};
}

// Predictors by the known truth: nothing is fitted.
std::map<std::string, Method> truths(const World& world) {
  const auto own = [&world](const ScreenCondition& c) {
    const std::size_t k = world.features.find(c.covariates);
    return k < world.screen.training.size() ? &world.screen.training[k].treated : nullptr;
  };
  const auto truth = [](const ScreenCondition& c) {
    Rng noise(7);
    arma::mat out = c.truth;
    for (double& value : out) value += ScreenOptions().noise * noise.normal();
    return out;
  };
  return {{"truth", {truth, 0.0}},
          {"truth_own_shift",
           {[&world, own, truth](const ScreenCondition& c) {
              arma::mat out = truth(c);
              if (own(c) == nullptr) return out;
              const arma::vec found = arma::mean(*own(c), 1) - world.mean;
              const arma::vec right = arma::mean(arma::mat(c.truth - world.screen.new_control), 1);
              out.each_col() += found - right;
              return out;
            },
            0.0}},
          {"training_cells",
           {[own, truth](const ScreenCondition& c) { return own(c) ? *own(c) : truth(c); }, 0.0}}};
}

// A name, a method of the registry, and settings.
struct Variant {
  std::string name, method;
  std::vector<std::pair<std::string, std::string>> settings;

  explicit Variant(const std::string& text) {
    std::string rest = text + ",";
    for (std::size_t end = 0; !rest.empty(); rest = rest.substr(end + 1)) {
      end = rest.find(',');
      const std::string item = rest.substr(0, end);
      const std::size_t sign = item.find('=');
      const std::string key = item.substr(0, sign), value = item.substr(sign + 1);
      if (name.empty()) {
        name = key;
        method = value;
      } else {
        settings.emplace_back(key, value);
      }
    }
  }
};

std::map<std::string, Method> methods_of(const World& world, int networks,
                                         const std::vector<Variant>& variants, Context& context) {
  std::map<std::string, Method> out = truths(world);
  ConditionalLaotOptions options;
  const auto model =
      std::make_shared<ConditionalLaot>(fit_conditional_laot(world.cells, options, context));
  std::fprintf(
      stderr,
      "ridge %g shift %g spread %g iterations %d restore %g own share mean %g seconds %.2f "
      "(alternation %.2f) shift error %.3f of %.3f\n",
      model->alternation.ridge, model->shift_ridge, model->spread_ridge,
      model->alternation.iterations, model->restore, arma::mean(model->own_share), model->seconds,
      model->alternation.seconds, model->shift_error_left_out, model->shift_size);
  for (const auto& [name, value] : {std::pair{"restore", model->choice_of_restore},
                                    std::pair{"own", model->choice_of_own_share}}) {
    std::fprintf(stderr, "  %s:", name);
    for (std::size_t k = 0; k < value.mmd2.size(); ++k)
      std::fprintf(stderr, " %.2f: %.1f", value.candidates[k], 1e3 * value.mmd2[k]);
    std::fprintf(stderr, "\n");
  }
  out["conditional_laot"] = {
      [&world, model](const auto& c) { return predicted(world, *model, c, true, false); },
      model->seconds};
  for (const double strength : {0.0, 1.0}) {
    auto copy = std::make_shared<ConditionalLaot>(*model);
    copy->restore = strength;
    copy->own_share.zeros();
    out[strength == 0.0 ? "pooled_unrestored" : "pooled_restored"] = {
        [&world, copy](const auto& c) { return predicted(world, *copy, c, true, false); }, 0.0};
  }
  out["conditional_gaussian"] = {
      [&world, model](const auto& c) { return predicted(world, *model, c, true, true); }, 0.0};
  out["regressed_shift"] = {
      [&world, model](const auto& c) { return predicted(world, *model, c, false, false); }, 0.0};
  out["nearest_shift"] = {
      [&world, model](const ScreenCondition& c) {
        arma::mat x = world.screen.new_control;
        for (const std::size_t k : nearest_conditions(world.features, c.covariates))
          x.each_col() += world.scale * model->own_shift.col(k);
        return x;
      },
      0.0};
  if (networks > 0) {
    out["cmonge"] = registered(world, "cmonge", {}, context);
    out["cpa"] = registered(world, "cpa", {}, context);
  }
  if (networks > 1)
    out["cmonge_from_identity"] = registered(world, "cmonge", {{"start", "identity"}}, context);
  for (const Variant& variant : variants)
    out[variant.name] = registered(world, variant.method.c_str(), variant.settings, context);
  out["identity"] = {[&world](const auto&) { return world.screen.new_control; }, 0.0};
  return out;
}

double cell_error(const World& world, const arma::mat& predicted, const ScreenCondition& c) {
  if (predicted.n_cols != c.truth.n_cols) return arma::datum::nan;
  return std::sqrt(arma::accu(arma::square(predicted - c.truth)) /
                   arma::accu(arma::square(c.truth - world.screen.new_control)));
}

void report(std::uint64_t number, const World& world, const std::map<std::string, Method>& methods,
            Context& context) {
  for (const auto& [name, method] : methods) {
    std::map<std::string, std::array<double, 5>> sums;
    for (const ScreenCondition& c : world.screen.test) {
      const arma::mat p = method.predict(c);
      std::array<double, 5>& to = sums[name_of(c.kind)];
      to[0] += 1e3 * mmd2(p, c.treated, {world.gamma}, MmdEstimator::unbiased, context)[0];
      to[1] += arma::mean(arma::vec(arma::stddev(p, 1, 1) / arma::stddev(c.treated, 1, 1)));
      to[2] += arma::norm(arma::vec(arma::mean(p, 1) - arma::mean(c.treated, 1)));
      to[3] += cell_error(world, p, c);
      to[4] += 1.0;
    }
    for (const auto& [kind, sum] : sums)
      std::printf("%d,%s,%s,%.4f,%.4f,%.4f,%.4f,%.2f\n", static_cast<int>(number), kind.c_str(),
                  name.c_str(), sum[0] / sum[4], sum[1] / sum[4], sum[2] / sum[4], sum[3] / sum[4],
                  method.seconds);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int worlds = argc > 1 ? std::atoi(argv[1]) : 10;
  const double kappa = argc > 2 ? std::atof(argv[2]) : 1.0;
  const int first = argc > 3 ? std::atoi(argv[3]) : 0;
  const int networks = argc > 4 ? std::atoi(argv[4]) : 0;
  std::vector<Variant> variants;
  for (int k = 5; k < argc; ++k) variants.emplace_back(argv[k]);
  Context context;
  std::puts("world,kind,method,mmd2,sd_ratio,error_of_mean,cell_error,seconds");
  for (int w = first; w < first + worlds; ++w) {
    const World world = world_of(static_cast<std::uint64_t>(w), kappa, context);
    report(static_cast<std::uint64_t>(w), world, methods_of(world, networks, variants, context),
           context);
  }
}
