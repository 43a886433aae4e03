// Draws of the library for the golden cases of nonlinear/: landmarks, relabellings, parts.
// Usage: laot_golden_draws FOLDER writes FOLDER/draws.csv, which generate.py reads.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "golden/nonlinear/cases.hpp"

using namespace laot;

namespace {

template <class Values>
void put(std::ofstream& out, const std::string& name, const std::string& kind,
         const Values& values) {
  out << name << ',' << kind << ',';
  for (std::size_t k = 0; k < values.size(); ++k)
    out << (k > 0 ? " " : "") << static_cast<int>(values[k]);
  out << '\n';
}

void put_fit(std::ofstream& out, const std::string& name, const std::string& suffix,
             const std::vector<std::uint32_t>& batch_x, const std::vector<std::uint32_t>& batch_y,
             std::size_t n, std::size_t m) {
  const LiftOptions lift = golden_cases::lift_options();
  std::vector<std::size_t> landmarks = Rng(lift.seed).sample(n, std::min(n, lift.landmarks));
  std::sort(landmarks.begin(), landmarks.end());
  put(out, name, "landmarks" + suffix, landmarks);
  arma::vec weights_x, weights_y;
  batch_weights(batch_x, batch_y, n, m, weights_x, weights_y);
  const MarginalFit fit({weights_x, weights_y, batch_x, batch_y});
  for (const auto& labels : fit.relabellings()) put(out, name, "relabelling" + suffix, labels);
}

// Levels among the kept cells, numbered anew.
std::vector<std::uint32_t> without(const std::vector<std::uint32_t>& batch,
                                   const std::vector<std::uint32_t>& part, std::uint32_t left_out,
                                   bool whole_levels) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (part[i] == left_out) continue;
    out.push_back(whole_levels && batch[i] > left_out ? batch[i] - 1 : batch[i]);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  std::ofstream out(folder + "/draws.csv");
  out << "case,kind,values\n";
  for (const std::string& name : golden_cases::names()) {
    const golden_cases::Case data = golden_cases::read(name);
    put_fit(out, name, "", data.batch_x, data.batch_y, data.x.n_cols, data.y.n_cols);
    const ChoiceCells cells = golden_cases::cells_of(data);
    const Parts parts = parts_of(cells, golden_cases::choice_options());
    put(out, name, "parts_x", parts.control);
    put(out, name, "parts_y", parts.treated);
    for (std::uint32_t p = 0; p < parts.count; ++p) {
      const auto left = [&](const std::vector<std::uint32_t>& part) {
        return static_cast<std::size_t>(
            std::count_if(part.begin(), part.end(), [&](std::uint32_t of) { return of != p; }));
      };
      put_fit(out, name, "_" + std::to_string(p),
              without(data.batch_x, parts.control, p, parts.levels),
              without(data.batch_y, parts.treated, p, parts.levels), left(parts.control),
              left(parts.treated));
    }
  }
  return out ? 0 : 1;
}
