// The eps-auction for rows and columns of many units.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/assignment/candidate_rows.hpp"

namespace laot::detail {

/// Rows bid for the units of columns, all units of a column being alike (Bertsekas & Castanon,
/// "The auction algorithm for the transportation problem", 1989). A bid names the potential down to
/// which its row stays; a full column gives way where that is highest, and its potential is what
/// the weakest of its holders stays for. So a row is outbid only where its column is dearer to
/// another, and potentials only fall, as the candidate lists need it.
class CapacityAuction {
 public:
  struct Piece {
    std::uint32_t row, column;
    std::int64_t units;
  };

  CapacityAuction(CandidateRows& rows, const std::vector<std::int64_t>& supply,
                  const std::vector<std::int64_t>& demand);

  /// Places all units such that none is dearer than its row's best by more than about 9 epsilon;
  /// what was placed before stays where that is so already. Stops early after so many bids per
  /// row, and returns false.
  bool run(double epsilon, std::size_t bids_per_row, Context& context);

  /// The holdings of the rows, in the order of the columns.
  std::vector<Piece> pieces() const;

 private:
  struct Holding {
    double level;  // the potential down to which the row stays
    std::uint32_t row;
    std::int64_t units;
    bool operator<(const Holding& other) const {
      return level != other.level ? level < other.level : row < other.row;
    }
  };

  void release(std::uint32_t row, std::int64_t units);
  void part_dear_ones(double epsilon, double slack);
  void refresh_ahead(std::uint32_t row, double slack, Context& context);
  void bid(std::uint32_t row, double epsilon, double slack);

  CandidateRows& rows_;
  std::vector<std::int64_t> free_, room_;   // units of rows without a place, of columns
  std::vector<std::vector<Holding>> held_;  // by column, a heap: the weakest on top
  std::vector<std::uint32_t> waiting_;      // a circular queue of rows with free units
  std::size_t head_ = 0, length_ = 0;
  std::vector<std::uint32_t> exhausted_;  // rows to be scanned next
};

}  // namespace laot::detail
