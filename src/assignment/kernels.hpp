// The inner loops of the assignment solver, one implementation for each instruction set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "laot/assignment/framed_point.hpp"
#include "laot/vector_path.hpp"

namespace laot::detail {

constexpr std::size_t kPanel = 32;       // columns in a packed panel
constexpr std::size_t kListLength = 16;  // candidates kept for a row
constexpr std::size_t kDotLanes = 8;     // running sums of a dot product
constexpr std::size_t kDots = 4;         // dot products computed together
constexpr std::size_t kPlaceLanes = 8;   // values that are placed together
constexpr std::size_t kOfferLanes = 8;   // running minima of an offer
constexpr float kCodeReach = 32766.0F;   // the largest code of a cost
constexpr double kCodeError = 0.51;      // of a code: half a step, and the rounding of the product
constexpr std::size_t kMinima = 64;      // group minima from which a first threshold is taken

/// The least two reduced costs of a candidate list; ties go to the first position.
struct ListMinimum {
  double least;
  double second;
  std::size_t position;
};

/// A row that a search for a shortest path has come to: its costs, its distance, what leads from
/// a reduced cost to a distance, and its number.
struct Offer {
  const double* cost;
  double at, offset;
  std::uint32_t who;
};

/// The offer to column j, whose distance goes into lane j modulo kOfferLanes of the minima.
inline void offer_one(const Offer& offer, const double* price, std::size_t j, double* distance,
                      std::uint32_t* by, double (&least)[kOfferLanes]) {
  const double through = std::max((offer.cost[j] - price[j]) + offer.offset, offer.at);
  by[j] = through < distance[j] ? offer.who : by[j];
  distance[j] = std::min(distance[j], through);
  double& lane = least[j % kOfferLanes];
  lane = std::min(lane, distance[j]);
}

/// Kernels::places, for values that may be equal.
inline void stable_places(const double* value, std::size_t count, std::uint32_t* place) {
  for (std::size_t a = 0; a < count; ++a) {
    std::uint32_t before = 0;
    for (std::size_t b = 0; b < a; ++b) before += value[b] <= value[a] ? 1 : 0;
    for (std::size_t b = a + 1; b < count; ++b) before += value[b] < value[a] ? 1 : 0;
    place[a] = before;
  }
}

/// The running sums of a dot product together, neighbours first: one order for all paths.
inline double sum_of_lanes(const double (&lane)[kDotLanes]) {
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/// Panels hold `d` groups of kPanel consecutive floats: feature k of the panel's columns. Blocks
/// hold `d` groups of row_block floats: feature k of the block's rows. Kernels that add may round
/// differently on each path (fused multiply-add), so what they return is used to choose candidates
/// and never as a cost; dot, list_minimum and offer do the same operations on each path.
struct Kernels {
  std::size_t row_block;  // rows that block_products computes together, as registers allow
  /// out[r * stride + c] = sum_k block[k][r] * panels[k][c], `panels` panels one after the other.
  void (*block_products)(const float* block, const float* panel, std::size_t d, std::size_t panels,
                         float* out, std::size_t stride);
  /// The same for one row.
  void (*row_products)(const float* row, const float* panel, std::size_t d, std::size_t panels,
                       float* out);
  /// Products of whole numbers, two features at a time: blocks hold for each pair of features
  /// 2 row_block of them, panels 2 kPanel, the second feature beside the first, and
  /// out[r * stride + c] = unit[r] sum_k block[k][r] panel[k][c]. No sum is 2^31 or more. Null
  /// where the instruction set does not make them faster.
  void (*whole_block_products)(const std::int16_t* block, const std::int16_t* panel,
                               std::size_t pairs, std::size_t panels, const float* unit, float* out,
                               std::size_t stride);
  /// The same for one row.
  void (*whole_row_products)(const std::int16_t* row, const std::int16_t* panel, std::size_t pairs,
                             std::size_t panels, float unit, float* out);
  /// Costs in 16 bits: code[c] = raw[c] * scale as a whole number, not further than kCodeError from
  /// it; |raw| * scale <= kCodeReach, and `columns` is a multiple of kPanel.
  void (*narrow)(const float* raw, std::size_t columns, float scale, std::int16_t* code);
  /// raw[c] = code[c] * step.
  void (*widen)(const std::int16_t* code, std::size_t columns, float step, float* raw);
  /// kMinima minima of raw + minus_v over disjoint groups of columns; `columns` is a multiple of
  /// kPanel; groups without a column give a huge value.
  void (*group_minima)(const float* raw, const float* minus_v, std::size_t columns, float* minima);
  /// Writes the columns with raw + minus_v <= limit, numbered from `first`, and these values, in
  /// order; returns how many. There is room for `columns`, a multiple of kPanel.
  std::size_t (*collect)(const float* raw, const float* minus_v, std::size_t columns, float limit,
                         std::uint32_t first, float* value, std::uint32_t* column);
  /// sum_k a[k] b[k] in double precision: lane q of kDotLanes adds the products with k = q modulo
  /// kDotLanes, one rounding each; then neighbours are added pairwise; the scales, which round
  /// nothing, come last. The same bits on each path.
  double (*dot)(FramedPoint a, FramedPoint b, std::size_t d);
  /// The same for kDots points of one frame: out[q] = <a, b[q]>.
  void (*dots)(FramedPoint a, const FramedPoint* b, std::size_t d, double* out);
  /// How many of the values come before each of them when they are sorted, equal ones as they are.
  /// kPlaceLanes infinities have to follow the values; there is room for a multiple of kPlaceLanes
  /// places.
  void (*places)(const double* value, std::size_t count, std::uint32_t* place);
  /// Over the kListLength pairs cost[t] - v[column[t]].
  ListMinimum (*list_minimum)(const double* cost, const std::uint32_t* column, const double* v);
  /// The offer of a row to all columns: distance[j] falls to (cost[j] - price[j]) + offset, but not
  /// below `at`; where it falls, by[j] = who. Returns the least of all distances. The same bits on
  /// each path.
  double (*offer)(const Offer& offer, const double* price, std::size_t columns, double* distance,
                  std::uint32_t* by);
};

const Kernels& kernels(VectorPath path);

extern const Kernels portable_kernels;
#ifdef LAOT_X86_VECTORS
extern const Kernels avx2_kernels, avx512_kernels, avx512_vnni_kernels;
#endif

/// In place of a minimum over no column, and the price of the columns that pad the last panel.
constexpr float kHuge = 1e30f;

}  // namespace laot::detail
