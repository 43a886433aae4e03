// Cells that own their memory, in the smaller of two forms.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "laot/data.hpp"

namespace laot {

/// Cells kept beyond the caller's: dense, or compressed sparse columns where these take less memory
/// (12 bytes for each value that is not 0, against 8 for each value). Copies share one memory,
/// which never changes.
class StoredCells {
 public:
  /// No features, no cells.
  StoredCells() : StoredCells(arma::mat()) {}
  explicit StoredCells(arma::mat dense);
  /// Sparse, with the structure checked (`name` is used in the messages): column_starts[cells + 1].
  StoredCells(std::size_t features, std::vector<std::int32_t> column_starts,
              std::vector<std::int32_t> rows, std::vector<double> values, const std::string& name);
  /// A copy of the given cells in the smaller form.
  static StoredCells of(const Cells& cells);

  std::size_t features() const { return memory_->features; }
  std::size_t cells() const;
  bool is_sparse() const { return memory_->is_sparse; }
  /// To be read in place, while these cells live.
  Cells view() const;

  /// The parts of each form, for storing.
  const arma::mat& dense() const { return memory_->dense; }
  const std::vector<std::int32_t>& column_starts() const { return memory_->column_starts; }
  const std::vector<std::int32_t>& rows() const { return memory_->rows; }
  const std::vector<double>& values() const { return memory_->values; }

 private:
  struct Memory {
    std::size_t features = 0;
    bool is_sparse = false;
    arma::mat dense;
    std::vector<std::int32_t> column_starts, rows;
    std::vector<double> values;
  };
  std::shared_ptr<const Memory> memory_;
};

}  // namespace laot
