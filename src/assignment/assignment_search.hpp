// The search for an optimal square (or row-perfect) matching on candidate lists.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "laot/assignment.hpp"
#include "laot/assignment/candidate_rows.hpp"

namespace laot::detail {

/// Who is matched with whom; kNone for nobody.
struct Matching {
  std::vector<std::uint32_t> column_of_row, row_of_column;

  void clear(std::size_t rows, std::size_t columns) {
    column_of_row.assign(rows, kNone);
    row_of_column.assign(columns, kNone);
  }
  void match(std::uint32_t row, std::uint32_t column) {
    column_of_row[row] = column;
    row_of_column[column] = row;
  }
  void part(std::uint32_t row) {
    row_of_column[column_of_row[row]] = kNone;
    column_of_row[row] = kNone;
  }
};

/// Works on the matching and on the column potentials of the candidate lists, both kept from the
/// caller. Potentials only ever fall (in the auction, in the row reduction and along shortest
/// paths), which is what keeps the bounds of the lists true.
class AssignmentSearch {
 public:
  /// With more than one thread in the context, helpers share the scans while the search lives.
  AssignmentSearch(CandidateRows& rows, Matching& matching, AssignmentStatistics& statistics,
                   const Context& context);
  ~AssignmentSearch() { rows_.set_helpers(nullptr); }
  AssignmentSearch(const AssignmentSearch&) = delete;
  AssignmentSearch& operator=(const AssignmentSearch&) = delete;

  /// Makes every list prove the minimum of its row.
  void certify_all(Context& context);

  /// Mean excess of the matched pairs over the least candidate of their rows.
  double mean_excess() const;

  /// Matches every row such that no pair is dearer than the row's best by more than about
  /// 9 epsilon (Bertsekas, 1988): pairs that are worse than that are parted first. Stops early
  /// after so many bids per row, and returns false; what is left free is matched by finish().
  bool auction(double epsilon, std::size_t bids_per_row, Context& context);

  /// Makes the matching optimal: keeps tight pairs, gives free rows their free best columns,
  /// reduces rows a bounded number of times, and sends the rest along shortest augmenting paths
  /// (Jonker & Volgenant, 1987). False, with rows left free, where the searches have looked at
  /// more than most_widened columns beyond the lists.
  bool finish(Context& context, double most_widened = kInfinity);

  /// Sum over the rows of what the matched pair costs above the row's certified minimum: primal
  /// minus dual value, computed without cancellation.
  double duality_gap(Context& context);
  const std::vector<double>& row_potentials() const { return u_; }

 private:
  using Event = std::pair<double, std::uint32_t>;  // key; column, or columns() + row

  void look_ahead(double slack);
  void refresh_ahead(std::uint32_t row, double slack, Context& context);
  void keep_tight_pairs();
  void claim_free_columns();
  void reduce_rows(Context& context);
  void augment(std::uint32_t free_row, Context& context);
  void visit(std::uint32_t row, double at);
  void relax(std::uint32_t row, std::uint32_t column, double cost, double base, double at);
  void widen(std::uint32_t row, double key, Context& context);
  void push_bound(std::uint32_t row);
  void push(double key, std::uint32_t id);
  double reduced(std::uint32_t row, std::uint32_t column) const {
    return rows_.cost(row, column) - rows_.potential(column);
  }

  CandidateRows& rows_;
  Helpers helpers_;
  Matching& matching_;
  AssignmentStatistics& statistics_;
  double tolerance_ = 0.0;
  std::vector<double> u_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> exhausted_;  // rows to be scanned next
  std::vector<std::uint32_t> queue_;      // circular, of rows() + 1 places
  std::size_t head_ = 0, waiting_ = 0;

  // One search for an augmenting path; entries are valid where the stamp is that of the search.
  std::uint32_t search_ = 0;
  std::vector<std::uint32_t> reached_, scanned_;  // stamps of columns
  std::vector<double> distance_;                  // of columns
  std::vector<std::uint32_t> previous_row_;       // of columns
  std::vector<std::uint32_t> fresh_;              // stamps of rows whose list is of this search
  std::vector<double> row_distance_, relaxed_to_;
  std::vector<std::uint32_t> path_rows_, path_columns_;
  std::vector<Event> heap_;
  std::vector<Candidate> wide_;
  double widened_ = 0.0;  // columns looked at beyond the lists
  double sink_distance_ = 0.0;
  std::uint32_t sink_ = kNone;
};

}  // namespace laot::detail
