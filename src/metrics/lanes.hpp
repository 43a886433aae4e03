// The inner loops of the pairwise metrics, eight lanes wide, compiled for several instruction sets.
// Every path does the same operations on the same lanes in the same order and fuses no multiply
// with an add, so that the bits are equal; a test compares the paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/base/sums.hpp"
#include "laot/vector_path.hpp"

namespace laot::lanes {

constexpr std::size_t kWidth = 8;

/// Sums that run in lanes: lane l takes the entries l, l + 8, l + 16, ...
struct Sum {
  double lane[kWidth] = {0, 0, 0, 0, 0, 0, 0, 0};
  double total() const { return folded(lane); }
};

/// A function of the squared distance as cubics on short intervals, kStepsPerOctave of them between
/// two powers of 2: entry 4k .. 4k+3 has the coefficients in w = position in interval k, 0 <= w
/// < 1.
struct Cubics {
  static constexpr int kStepBits = 8;
  double low = 0.0;  // arguments are clamped to [low, high]
  double high = 0.0;
  std::int64_t first = 0;  // number of the interval of `low`
  std::vector<double> coefficients;
};

constexpr std::size_t kPanelRows = 16, kPanelColumns = 8;

/// Cells of one cloud against cells of another, packed feature after feature: left has kPanelRows
/// values of each feature and right kPanelColumns, the norms are the cells' squared lengths, and
/// out[i + j * stride] belongs to cells i and j.
struct PanelPair {
  const double *left, *right;
  std::size_t features;
  const double *left_norms, *right_norms;
  double* out;
  std::size_t stride;
};

struct Kernels {
  /// out <- the inner products, added to what is there if `begun` (by a call with earlier
  /// features).
  void (*products)(const PanelPair& panels, bool begun);
  /// The same, then the squared distances from them: out <- max(0, |a|^2 + |b|^2 - 2 a'b). True
  /// where one is below `small` times |a|^2 + |b|^2, so that digits were lost.
  bool (*distances)(const PanelPair& panels, bool begun, double small);
  void (*add_exp)(const double* t, std::size_t count, double gamma, Sum& sum);  // exp(-gamma t)
  void (*add_cubics)(const double* t, std::size_t count, const Cubics& cubics, Sum& sum);
  void (*add_sqrt)(const double* t, std::size_t count, Sum& sum);
  void (*write_exp)(const double* t, std::size_t count, double gamma, double* out);
  void (*write_cubics)(const double* t, std::size_t count, const Cubics& cubics, double* out);
};

const Kernels& kernels(VectorPath path = VectorPath::best);

/// a'b as `products` sums it: feature after feature.
double product_in_order(const double* a, const double* b, std::size_t features);

}  // namespace laot::lanes
