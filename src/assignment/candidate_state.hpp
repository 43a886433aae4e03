// State of CandidateRows, shared by the files that implement it.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "buffer.hpp"
#include "kernels.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "panel_products.hpp"

namespace laot::detail {

constexpr std::size_t kBatch = 32;  // rows that are worth scanning together

/// The running search for the least reduced costs of one row.
struct Selection {
  float limit = std::numeric_limits<float>::infinity();     // of hits, in single precision
  double looked = std::numeric_limits<double>::infinity();  // no further for the list and its bound
  bool begun = false;                                       // a tile has been seen
  // The hits: single-precision reduced costs and their columns, in the order of the columns.
  std::vector<float> value;
  std::vector<std::uint32_t> column;
  std::size_t count = 0;

  void make_room(std::size_t size) {
    if (value.size() >= size) return;
    value.resize(std::max(size, 2 * value.size()));
    column.resize(value.size());
  }

  /// Drops the hits above a limit that is lower.
  void lower_limit(float lower) {
    if (lower >= limit) return;
    limit = lower;
    std::size_t kept = 0;
    for (std::size_t h = 0; h < count; ++h) {
      value[kept] = value[h];
      column[kept] = column[h];
      kept += value[h] <= lower ? 1 : 0;
    }
    count = kept;
  }
};

/// One thread's working memory.
struct Scratch {
  PackedSources sources;
  FloatBuffer tile;
  std::vector<float> single;
  std::vector<double> cost, known, reduced;
  std::vector<std::uint32_t> order, unknown;
  std::vector<std::uint8_t> place;  // of each column in the list that was there
};

struct CandidateRows::State {
  const Kernels* kernels = nullptr;
  std::size_t n = 0, m = 0, d = 0, panels = 0;

  FramedCloud targets, sources;      // in double precision, where the caller has them
  const arma::mat* given = nullptr;  // m x n, instead of points
  PanelProducts products;            // of both, approximately
  std::vector<double> source_norm;
  double largest_given = 0.0;

  std::vector<double> v;
  FloatBuffer minus_v;  // [panels * kPanel], kHuge where there is no column
  double largest_v = 0.0;

  std::vector<std::uint32_t> column;  // [n * kListLength]
  std::vector<double> cost;           // [n * kListLength], infinite in unused places
  std::vector<double> bound;          // [n]
  bool is_listed = false;             // they are of the present points

  FloatBuffer given_single;    // [n * width] given costs, in single precision
  Buffer<std::int16_t> codes;  // [n * width] kept costs of points, in the steps of their rows
  bool is_kept = false;

  std::size_t scans = 0;
  std::vector<Scratch> scratch;
  std::vector<Selection> selections;
  Helpers* helpers = nullptr;

  std::size_t width() const { return panels * kPanel; }
  /// Rows that are scanned together over one tile: the blocks that the largest batch needs.
  std::size_t row_group() const {
    return (kBatch + kernels->row_block - 1) / kernels->row_block * kernels->row_block;
  }
  double norm(FramedPoint point) const;
  double step_norm(FramedPoint now, FramedPoint then, std::vector<double>& room) const;
  double exact_cost(std::size_t i, std::size_t j) const;
  void exact_costs(std::size_t i, const std::uint32_t* columns, std::size_t count,
                   std::vector<double>& out) const;
  double largest_cost(std::size_t i) const;
  double single_error(std::size_t i) const;
  double error(std::size_t i) const;
  bool is_stored() const { return given != nullptr || is_kept; }
  float reach(std::size_t i) const;
  template <typename Step>
  double coarseness(const std::vector<std::uint32_t>& rows, std::size_t count, Step&& step) const;
  void encode(std::size_t i, const float* raw, std::size_t first, std::size_t columns);
  const float* stored(std::size_t i, std::size_t first, std::size_t columns, Scratch& memory) const;

  void start(Selection& selection, std::size_t i) const;
  void consume(Selection& selection, std::size_t i, const float* raw, std::size_t first,
               std::size_t columns, Scratch& memory) const;
  void tighten(Selection& selection, std::size_t i, std::vector<float>& order) const;
  void costs_of_hits(std::size_t i, const Selection& selection, Scratch& memory) const;
  void finish(Selection& selection, std::size_t i, Scratch& memory);
  double least(std::size_t i, const float* raw, Selection& selection, Scratch& memory) const;
  void scan(const std::uint32_t* rows, std::size_t count, std::size_t first_panel,
            std::size_t last_panel, bool keep, Selection* selections, Scratch& memory);
  void scan_all(const std::uint32_t* rows, std::size_t count, bool keep, Context& context);
  void make_room(std::size_t workers, std::size_t slots);
  void merge(Selection* selection, std::size_t parts, std::size_t apart, std::size_t row,
             Scratch& memory);
  std::size_t tile_panels() const;
};

}  // namespace laot::detail
