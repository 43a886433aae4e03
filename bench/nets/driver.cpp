// Runs the networks of the core on matrices that a script prepared, and reports times and
// predictions. Called by quality.py and speed.py; see there for what the figures mean.
//
//   laot_nets_bench cellot-speed | autoencoder-speed  key=value ...
//   laot_nets_bench cellot | autoencoder  dir=... key=value ...   reads source, target and new
//   cells
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "laot/nets/autoencoder_training.hpp"
#include "laot/nets/cellot.hpp"

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
  o.hidden = sizes(s, "hidden", o.hidden);
  o.slope = number(s, "slope", o.slope);
  o.softplus_kernels = number(s, "softplus", 0) != 0;
  o.init_low = number(s, "init_low", o.init_low);
  o.init_high = number(s, "init_high", o.init_high);
  o.penalty = number(s, "penalty", o.penalty);
  o.adam_f.rate = number(s, "rate_f", number(s, "rate", o.adam_f.rate));
  o.adam_g.rate = number(s, "rate_g", number(s, "rate", o.adam_g.rate));
  o.adam_g.clip_norm = number(s, "clip", o.adam_g.clip_norm);
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
  o.batch = count(s, "batch", o.batch);
  o.epochs = count(s, "epochs", o.epochs);
  o.patience = count(s, "patience", o.patience);
  o.validation_share = number(s, "validation_share", o.validation_share);
  return o;
}

void autoencoder_speed(const Settings& s) {
  Rng rng(3);
  const std::size_t d = count(s, "d", 50), n = count(s, "n", 800);
  AutoencoderOptions o = autoencoder_options(s);
  o.patience = 0;
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

struct Cells {
  std::string dir, tag;
  arma::mat source, target, fresh;
  arma::fvec weights;
};

Cells read_cells(const Settings& s) {
  Cells c;
  c.dir = s.at("dir");
  c.tag = s.count("tag") ? s.at("tag") : "run";
  c.source = read_matrix(c.dir + "/source.bin");
  c.target = read_matrix(c.dir + "/target.bin");
  c.fresh = read_matrix(c.dir + "/new.bin");
  c.weights =
      arma::conv_to<arma::fvec>::from(arma::vec(read_matrix(c.dir + "/weights.bin").col(0)));
  return c;
}

void print_report(const TrainingReport& r, double last, double seconds) {
  std::printf(
      "{\"seconds\": %.3f, \"iterations\": %llu, \"best_iteration\": %llu, \"best\": %.6g, "
      "\"untrained\": %.6g, \"identity\": %.6g, \"last\": %.6g, \"warning\": \"%s\"}\n",
      seconds, static_cast<unsigned long long>(r.iterations),
      static_cast<unsigned long long>(r.best_iteration), r.best_score, r.untrained_score,
      r.identity_score, last, r.warning.c_str());
}

void cellot_run(const Settings& s) {
  const Cells c = read_cells(s);
  CellotOptions o = cellot_options(s);
  o.score_weights = c.weights;
  Context context;
  const auto start = std::chrono::steady_clock::now();
  CellotTrainer trainer(c.source, c.target, o, count(s, "seed", 1));
  trainer.run(context);
  const double seconds = seconds_since(start);
  write_matrix(c.dir + "/" + c.tag + ".predicted.bin", transport(trainer.best_g(), c.fresh));
  o.iterations = 0;
  CellotTrainer untrained(c.source, c.target, o, count(s, "seed", 1));
  write_matrix(c.dir + "/" + c.tag + ".untrained.bin", transport(untrained.best_g(), c.fresh));
  print_report(trainer.report(), trainer.trace().back().validation_mmd2, seconds);
}

arma::mat predicted(const AutoencoderTrainer& trainer, const arma::mat& fresh) {
  return arma::conv_to<arma::mat>::from(
      predict(trainer.best(), arma::conv_to<arma::fmat>::from(fresh), trainer.best_shift()));
}

void autoencoder_run(const Settings& s) {
  const Cells c = read_cells(s);
  AutoencoderOptions o = autoencoder_options(s);
  o.score_weights = c.weights;
  Context context;
  const auto start = std::chrono::steady_clock::now();
  AutoencoderTrainer trainer(c.source, c.target, o, count(s, "seed", 1));
  trainer.run(context);
  const double seconds = seconds_since(start);
  write_matrix(c.dir + "/" + c.tag + ".predicted.bin", predicted(trainer, c.fresh));
  const AutoencoderTrainer untrained(c.source, c.target, o, count(s, "seed", 1));
  write_matrix(c.dir + "/" + c.tag + ".untrained.bin", predicted(untrained, c.fresh));
  print_report(trainer.report(), trainer.trace().back().validation_mmd2, seconds);
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
    else if (command == "cellot")
      cellot_run(settings);
    else if (command == "autoencoder-speed")
      autoencoder_speed(settings);
    else if (command == "autoencoder")
      autoencoder_run(settings);
    else
      throw std::runtime_error("unknown command \"" + command + "\"");
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
