// State of CandidateRows, shared by the files that implement it.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "buffer.hpp"
#include "kernels.hpp"
#include "laot/assignment/candidate_rows.hpp"

namespace laot::detail {

constexpr std::size_t kBatch = 32;  // rows that are worth scanning together

/// The running search for the least reduced costs of one row.
struct Selection {
  float limit = std::numeric_limits<float>::infinity();     // of hits, in single precision
  double proven = std::numeric_limits<double>::infinity();  // every column up to here is a hit
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
};

struct Reduced {
  double value;
  std::uint32_t column;
  double cost;
  bool operator<(const Reduced& other) const {
    return value < other.value || (value == other.value && column < other.column);
  }
};

/// One thread's working memory.
struct Scratch {
  FloatBuffer blocks, tile;
  std::vector<Reduced> exact;
  std::vector<float> order;
  std::vector<double> cost;
};

struct CandidateRows::State {
  const Kernels* kernels = nullptr;
  std::size_t n = 0, m = 0, d = 0, panels = 0;

  FramedCloud targets, sources;      // in double precision, where the caller has them
  const arma::mat* given = nullptr;  // m x n, instead of points
  FloatBuffer packed;                // targets in panels
  double target_norm = 0.0;          // max |y_j|
  std::vector<double> source_norm;
  double largest_given = 0.0;

  std::vector<double> v;
  FloatBuffer minus_v;  // [panels * kPanel], kHuge where there is no column
  double largest_v = 0.0;

  std::vector<std::uint32_t> column;  // [n * kListLength]
  std::vector<double> cost;           // [n * kListLength], infinite in unused places
  std::vector<double> bound;          // [n]

  FloatBuffer stored;  // [n * width] single-precision costs
  bool is_stored = false;

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
  double error(std::size_t i) const;

  void start(Selection& selection, std::size_t i) const;
  void consume(Selection& selection, std::size_t i, const float* raw, std::size_t first,
               std::size_t columns, Scratch& memory) const;
  void tighten(Selection& selection, std::size_t i, std::vector<float>& order) const;
  void finish(Selection& selection, std::size_t i, Scratch& memory);
  void pack(const std::uint32_t* rows, std::size_t count, std::size_t lanes, float* blocks) const;
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
