// One damaged file for each demand of the readers of conditional maps (tests/fuzz changes bytes at
// random; here every demand is missed alone).
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "support/bad_format.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

using Damage = std::function<void(ModelFile&)>;

Damage number(const char* name, double value) {
  return [=](ModelFile& file) { file.put_number(name, value); };
}

Damage words(const char* name, const char* value) {
  return [=](ModelFile& file) { file.put_text(name, value); };
}

Damage matrix(const std::string& name, const std::function<void(arma::mat&)>& change) {
  return [=](ModelFile& file) {
    arma::mat value = file.matrix(name);
    change(value);
    file.put(name, value);
  };
}

Damage entry(const std::string& name, double value) {
  return matrix(name, [=](arma::mat& m) { m[0] = value; });
}

Damage without_last_column(const std::string& name) {
  return matrix(name, [](arma::mat& m) { m.shed_col(m.n_cols - 1); });
}

Damage without_last_row(const std::string& name) {
  return matrix(name, [](arma::mat& m) { m.shed_row(m.n_rows - 1); });
}

// The file of one model after another damage each.
struct Refused {
  explicit Refused(const Model& m) : model(m) {}
  void operator()(const Damage& damage, const std::string& why) const {
    ::refused(model, damage, why);
  }
  const Model& model;
};

constexpr double kInfinite = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("every demand on a linear conditional map is missed by one file that is refused") {
  const Model model = trained(params_of("conditional_laot", "calibrated", {{"own_share", "0.5"}}));
  const Refused refused(model);
  const std::string needed = "finite numbers are needed";

  refused(number("response.contexts", 1.5), "not a whole number from 0 to 1000");
  refused(number("response.contexts", -1), "not a whole number from 0 to 1000");
  refused(words("response.level.levels", "[\"one\"]"), "levels for 1");
  refused(entry("response.level.coordinates", kInfinite), "the model file has coordinates of");
  for (const char* name : {"response.level_weight", "response.condition_weight"}) {
    refused(number(name, -1), "which is negative");
    refused(number(name, 1e31), "not a usable number");
  }

  refused(without_last_column("response.treatments"), "the treatments of the model file are ");
  for (const std::size_t column : {0, 1, 2})
    for (const double value : {-2.0, 0.5, kNaN})
      if (column < 2 || value != 0.5)
        refused(matrix("response.treatments", [=](arma::mat& m) { m(0, column) = value; }),
                "row 1 of the model file's treatments is damaged");
  refused(matrix("response.treatments", [](arma::mat& m) { m(0, 1) = 1000.0; }),
          "row 1 of the model file's treatments is damaged");
  refused(matrix("response.treatments", [](arma::mat& m) { m(0, 2) = kInfinite; }),
          "row 1 of the model file's treatments is damaged");

  for (const char* name : {"response.control_means", "response.own_shift", "response.shift",
                           "response.log_spread", "response.control_moments", "response.basis"}) {
    CAPTURE(name);
    refused(entry(name, kInfinite), needed);
    refused(without_last_row(name), needed);
  }
  for (const char* name :
       {"response.own_shift", "response.shift", "response.log_spread", "response.basis"}) {
    CAPTURE(name);
    refused(without_last_column(name), needed);
  }
  refused(matrix("response.control_shrinkages", [](arma::mat& m) { m.insert_cols(1, 1); }), needed);
  for (const double control : {-1.0, 0.5, 1.0})
    refused(entry("response.control_of", control), "the model file names control ");
  refused(without_last_row("response.control_of"), needed);
  for (const char* name : {"response.maps", "response.own_map"}) {
    CAPTURE(name);
    refused(entry(name, kInfinite), "or one that is not finite");
    refused(without_last_row(name), "a map of the model file has ");
  }
  refused(number("response.restore", 1e31), "not a usable number");
  const arma::vec shares = model.store().vector("response.own_share");
  for (const double share : {-1.0, 1.5})
    refused(
        [&](ModelFile& file) {
          arma::vec changed = shares;
          changed[0] = share;
          file.put("response.own_share", changed);
        },
        "not from 0 to 1");
  refused(
      [&](ModelFile& file) {
        file.put("response.own_share", arma::vec(shares.head(shares.n_elem - 1)));
      },
      needed);
  refused(without_last_column("response.own_map"), "the model file has own maps of ");
}

TEST_CASE("every demand on a conditional Monge map is missed by one file that is refused") {
  const Model model = trained(params_of(
      "cmonge", "calibrated", {{"hidden_units", "4"}, {"iterations", "2"}, {"check_every", "1"}}));
  const Refused refused(model);
  refused(words("response.dose_scale", "square"), "doses on a scale \"square\"");
  refused(entry("response.shift_in_space", kInfinite), "the shifts of the model file are ");
  refused(without_last_row("response.shift_in_space"), "the shifts of the model file are ");
  refused(without_last_column("response.shift_in_space"), "the shifts of the model file are ");
  refused(number("response.layers", 0), "not a whole number from 1 to");
  refused([](ModelFile& file) { file.put("response.net.L0.weight", arma::mat(0, 3)); },
          "has 0 units");
  refused([](ModelFile& file) { file.put("response.net.E0.weight", arma::mat(0, 3)); },
          "has 0 units");
  refused(without_last_column("response.net.L0.weight"), "is needed");
  refused(entry("response.net.L0.weight", 4e38), "no finite single precision number");
}

TEST_CASE("every demand on a compositional autoencoder is missed by one file that is refused") {
  const Model model = trained(params_of(
      "cpa", "calibrated",
      {{"hidden_units", "4"}, {"latent", "3"}, {"iterations", "4"}, {"batch_norm", "true"}}));
  const Refused refused(model);
  refused(words("response.dose_function", "square"), "doses on a scale \"square\"");
  for (const char* name : {"response.batch_norm", "response.variance", "response.keep_residual"})
    refused(number(name, 2), "not a whole number from 0 to 1");
  refused(number("response.layers", -1), "not a whole number from 0 to");
  for (const char* name : {"response.net.enc0.weight", "response.net.enc_out.weight"})
    refused([&](ModelFile& file) { file.put(name, arma::mat(0, 3)); }, "has 0 units");
  refused(without_last_column("response.net.enc0.weight"), "is needed");
  bool met = false;
  for (const std::string& name : model.store().tensor_names())
    if (name.find(".variance") != std::string::npos && !met) {
      met = true;
      refused(entry(name, -1.0), "has a negative variance");
    }
  CHECK(met);
}
