// Runs the library on matrices that a script prepared, and reports times and predictions. Called by
// quality.py and speed.py; see there for what the figures mean.
//
//   laot_nets_bench cellot-speed | autoencoder-speed  key=value ...
//   laot_nets_bench products
//   laot_nets_bench fit  dir=... tag=... method=... key=value ...
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include "../../src/nets/products.hpp"
#include "laot/models.hpp"
#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"
#include "laot/nets/kernels.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

using Settings = std::map<std::string, std::string>;

double number(const Settings& s, const std::string& key, double fallback) {
  const auto it = s.find(key);
  return it == s.end() ? fallback : std::strtod(it->second.c_str(), nullptr);
}

std::size_t count(const Settings& s, const std::string& key, std::size_t fallback) {
  return static_cast<std::size_t>(number(s, key, static_cast<double>(fallback)));
}

std::vector<std::size_t> sizes(const Settings& s, const std::string& key,
                               std::vector<std::size_t> fallback) {
  const auto it = s.find(key);
  if (it == s.end()) return fallback;
  std::vector<std::size_t> out;
  std::istringstream in(it->second);
  std::string part;
  while (std::getline(in, part, ',')) out.push_back(std::stoul(part));
  return out;
}

// Rows and columns as 64-bit integers, then doubles, columns together.
arma::mat read_matrix(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  std::int64_t shape[2];
  in.read(reinterpret_cast<char*>(shape), sizeof shape);
  arma::mat out(static_cast<arma::uword>(shape[0]), static_cast<arma::uword>(shape[1]));
  in.read(reinterpret_cast<char*>(out.memptr()),
          static_cast<std::streamsize>(out.n_elem * sizeof(double)));
  return out;
}

void write_matrix(const std::string& path, const arma::mat& m) {
  std::ofstream out(path, std::ios::binary);
  const std::int64_t shape[2] = {static_cast<std::int64_t>(m.n_rows),
                                 static_cast<std::int64_t>(m.n_cols)};
  out.write(reinterpret_cast<const char*>(shape), sizeof shape);
  out.write(reinterpret_cast<const char*>(m.memptr()),
            static_cast<std::streamsize>(m.n_elem * sizeof(double)));
}

CellotOptions cellot_options(const Settings& s) {
  CellotOptions o;
  o.hidden = sizes(s, "hidden", {64, 64, 64, 64});
  o.average = number(s, "average", 0.0);
  o.slope = number(s, "slope", o.slope);
  o.softplus_kernels = number(s, "softplus", 0) != 0;
  o.init_low = number(s, "init_low", o.init_low);
  o.init_high = number(s, "init_high", o.init_high);
  o.penalty = number(s, "penalty", o.penalty);
  o.adam.rate = number(s, "rate", o.adam.rate);
  o.adam.clip_norm = number(s, "clip", o.adam.clip_norm);
  o.last_rate = number(s, "last_rate", o.last_rate);
  o.batch = count(s, "batch", o.batch);
  o.inner = count(s, "inner", o.inner);
  o.iterations = count(s, "iterations", o.iterations);
  o.check_every = count(s, "check_every", o.check_every);
  o.validation_share = number(s, "validation_share", o.validation_share);
  return o;
}

arma::mat gaussian(Rng& rng, std::size_t d, std::size_t n) {
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal();
  return out;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void cellot_speed(const Settings& s) {
  Rng rng(3);
  const std::size_t d = count(s, "d", 10), n = count(s, "n", 1000);
  CellotOptions o = cellot_options(s);
  o.check_every = 1000000;
  o.iterations = count(s, "warmup", 5);
  const arma::mat x = gaussian(rng, d, n), y = gaussian(rng, d, n) + 1.0;
  Context context;
  CellotTrainer warm(x, y, o, 1);
  warm.run(context);
  o.iterations = count(s, "iterations", 50);
  CellotTrainer trainer(x, y, o, 1);
  const auto start = std::chrono::steady_clock::now();
  trainer.run(context);
  std::printf("%.9f\n", seconds_since(start) / static_cast<double>(o.iterations));
}

// Billions of multiplications a second, on the shapes of the networks: BLAS beside each path.
void products_speed() {
  struct Shape {
    std::size_t m, n, k, lda;
    bool turned;
  };
  const Shape shapes[] = {
      {256, 64, 50, 256, false},  {64, 64, 64, 64, false},   {50, 64, 256, 50, false},
      {256, 50, 64, 256, true},   {64, 64, 64, 256, true},   {96, 64, 10, 96, false},
      {32, 64, 32, 32, false},    {10, 64, 96, 10, false},   {256, 64, 256, 256, false},
      {256, 32, 256, 256, false}, {256, 32, 50, 256, false}, {256, 256, 32, 256, true},
      {50, 256, 32, 50, true},    {50, 32, 256, 50, false},  {256, 50, 32, 256, true}};
  const SingleThreadedBlas one_thread;
  Rng rng(1);
  std::vector<float> a(70000), b(70000), c(70000);
  for (auto* values : {&a, &b})
    for (float& value : *values) value = static_cast<float>(rng.normal());
  const auto rate = [](const Shape& s, const std::function<void()>& work) {
    double best = 1e9;
    for (int round = 0; round < 40; ++round) {
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < 50; ++i) work();
      best = std::min(best, seconds_since(start) / 50);
    }
    return static_cast<double>(s.m * s.n * s.k) / best / 1e9;
  };
  std::printf("    m    n    k  op(b)    BLAS portable   AVX2 AVX-512\n");
  for (const Shape& s : shapes) {
    const std::size_t ldb = s.turned ? s.n : s.k;
    const Product product{
        s.m,      s.n, s.k,  a.data(), s.lda, b.data(), s.turned ? ldb : 1, s.turned ? 1 : ldb,
        c.data(), s.m, false};
    std::printf("%5zu%5zu%5zu%7s%8.0f", s.m, s.n, s.k, s.turned ? "b'" : "b", rate(s, [&] {
                  gemm<float>(false, s.turned, s.m, s.n, s.k, 1.0F, a.data(), s.lda, b.data(), ldb,
                              0.0F, c.data(), s.m);
                }));
    for (const VectorPath path : {VectorPath::portable, VectorPath::avx2, VectorPath::avx512})
      std::printf("%9.0f",
                  available(path) ? rate(s, [&] { products::run(product, path); }) : std::nan(""));
    std::printf("\n");
  }
}

AutoencoderOptions autoencoder_options(const Settings& s) {
  AutoencoderOptions o;
  const std::string kind = s.count("kind") ? s.at("kind") : "scgen";
  o.shape.kind = kind == "scgen" ? AutoencoderKind::variational
                 : kind == "cae" ? AutoencoderKind::conditional
                                 : AutoencoderKind::plain;
  o.shape.hidden = sizes(s, "hidden", {256, 256});
  o.shape.latent = count(s, "latent", 50);
  o.shape.slope = number(s, "slope", kind == "scgen" ? 0.01 : 0.0);
  o.shape.batch_norm = number(s, "batch_norm", kind == "scgen" ? 1 : 0) != 0;
  o.shape.dropout = number(s, "dropout", kind == "scgen" ? 0.2 : 0.0);
  o.loss.code_weight = number(s, "code_weight", o.loss.code_weight);
  o.loss.kl_weight = number(s, "kl_weight", o.loss.kl_weight);
  o.adam.rate = number(s, "rate", o.adam.rate);
  o.adam.weight_decay = number(s, "weight_decay", o.adam.weight_decay);
  o.last_rate = number(s, "last_rate", o.last_rate);
  o.batch = count(s, "batch", 32);
  o.epochs = count(s, "epochs", 100);
  o.patience = count(s, "patience", o.patience);
  o.validation_share = number(s, "validation_share", o.validation_share);
  return o;
}

void autoencoder_speed(const Settings& s) {
  Rng rng(3);
  const std::size_t d = count(s, "d", 50), n = count(s, "n", 800);
  AutoencoderOptions o = autoencoder_options(s);
  o.patience = 0;
  o.residual = Residual::automatic;  // the dearest look
  // The held-out cells come on top, so that an epoch sees 2 n of them.
  const std::size_t all = n + n / 4;
  const arma::mat x = gaussian(rng, d, all), y = gaussian(rng, d, all) + 1.0;
  Context context;
  o.epochs = 1;
  AutoencoderTrainer(x, y, o, 1).run(context);
  o.epochs = count(s, "epochs", 5);
  AutoencoderTrainer trainer(x, y, o, 1);
  const auto start = std::chrono::steady_clock::now();
  trainer.run(context);
  std::printf("%.9f\n", seconds_since(start) / static_cast<double>(o.epochs));
}

// Fits any method of the library: method=, preset=, seed=, and its parameters as param.<name>=.
// Reads control.bin, treated.bin and new.bin of dir=, writes <tag>.predicted.bin.
void fit(const Settings& s) {
  const std::string dir = s.at("dir");
  const arma::mat control = read_matrix(dir + "/control.bin");
  const arma::mat treated = read_matrix(dir + "/treated.bin");
  const arma::mat fresh = read_matrix(dir + "/new.bin");
  Params params(method(s.at("method")).spec);
  if (s.count("preset")) params.use_preset(s.at("preset"));
  for (const auto& [key, value] : s)
    if (key.compare(0, 6, "param.") == 0) params.set_text(key.substr(6), value);
  Context context;
  context.seed = count(s, "seed", 1);
  const Experiment cells = experiment_of(Cells::dense(control), Cells::dense(treated));
  const auto start = std::chrono::steady_clock::now();
  const Model model = fit_model(params, cells, context);
  const double seconds = seconds_since(start);
  arma::mat predicted(fresh.n_rows, fresh.n_cols);
  model.predict(Cells::dense(fresh), Nonnegative::no, predicted.memptr(), context);
  write_matrix(dir + "/" + s.at("tag") + ".predicted.bin", predicted);
  std::printf("{\"seconds\": %.3f", seconds);
  for (const auto& [name, value] : model.report.numbers)
    if (std::isfinite(value) && name != "seconds")
      std::printf(", \"%s\": %.8g", name.c_str(), static_cast<double>(value));
  for (const auto& [name, value] : model.report.texts)
    std::printf(", \"%s\": \"%s\"", name.c_str(), value.c_str());
  std::printf("}\n");
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equal = argument.find('=');
    settings[argument.substr(0, equal)] = argument.substr(equal + 1);
  }
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    if (command == "cellot-speed")
      cellot_speed(settings);
    else if (command == "autoencoder-speed")
      autoencoder_speed(settings);
    else if (command == "products")
      products_speed();
    else if (command == "fit")
      fit(settings);
    else
      throw std::runtime_error("unknown command \"" + command + "\"");
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
