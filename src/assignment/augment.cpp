// The exact phase: tight pairs, bounded row reduction, shortest augmenting paths.
#include <algorithm>
#include <functional>

#include "assignment_search.hpp"

namespace laot::detail {

namespace {

constexpr int kReductionRounds = 2;
constexpr std::size_t kReductionSteps = 8;  // per free row and round

}  // namespace

void AssignmentSearch::certify_all(Context& context) {
  exhausted_.clear();
  for (std::uint32_t i = 0; i < rows_.rows(); ++i)
    if (rows_.best_two(i).least > rows_.bound(i)) exhausted_.push_back(i);
  rows_.refresh(exhausted_.data(), exhausted_.size(), context);
}

void AssignmentSearch::keep_tight_pairs() {
  for (std::uint32_t i = 0; i < rows_.rows(); ++i) {
    u_[i] = rows_.best_two(i).least;
    const std::uint32_t j = matching_.column_of_row[i];
    if (j == kNone) continue;
    const double cost = reduced(i, j);
    if (cost <= u_[i] + tolerance_)
      u_[i] = cost;  // matched pairs have a reduced cost of exactly 0 in the searches
    else
      matching_.part(i);
  }
}

void AssignmentSearch::claim_free_columns() {
  free_.clear();
  for (std::uint32_t i = 0; i < rows_.rows(); ++i) {
    if (matching_.column_of_row[i] != kNone) continue;
    const BestTwo best = rows_.best_two(i);
    if (matching_.row_of_column[best.column] == kNone) {
      matching_.match(i, best.column);
      u_[i] = best.least;
    } else {
      free_.push_back(i);
    }
  }
}

// Augmenting row reduction: an auction with epsilon 0, stopped where it cannot gain (a tie), after
// a bounded number of steps.
void AssignmentSearch::reduce_rows(Context& context) {
  std::vector<std::uint32_t> left;
  for (int round = 0; round < kReductionRounds && !free_.empty(); ++round) {
    std::size_t steps = kReductionSteps * free_.size();
    left.clear();
    for (const std::uint32_t start : free_) {
      std::uint32_t i = start;
      while (i != kNone && steps > 0) {
        if (steps-- % 64 == 0) context.poll();
        const BestTwo best = rows_.certified_best_two(i, context);
        const std::uint32_t rival = matching_.row_of_column[best.column];
        const bool gains = best.second > best.least && best.second < kInfinity;
        if (!gains && rival != kNone) break;
        if (gains)
          rows_.set_potential(best.column,
                              rows_.potential(best.column) - (best.second - best.least));
        matching_.match(i, best.column);
        u_[i] = reduced(i, best.column);
        if (rival != kNone) matching_.column_of_row[rival] = kNone;
        i = rival;
      }
      if (i != kNone) left.push_back(i);
    }
    free_.swap(left);
  }
}

bool AssignmentSearch::finish(Context& context, double most_widened) {
  const std::size_t n = rows_.rows(), m = rows_.columns();
  tolerance_ = 0x1p-48 * rows_.magnitude();
  certify_all(context);
  keep_tight_pairs();
  claim_free_columns();
  reduce_rows(context);

  search_ = 0;
  widened_ = 0.0;
  reached_.assign(m, 0);
  scanned_.assign(m, 0);
  distance_.resize(m);
  previous_row_.resize(m);
  fresh_.assign(n, 0);
  row_distance_.resize(n);
  relaxed_to_.resize(n);
  statistics_.augmentations += free_.size();
  for (std::size_t k = 0; k < free_.size(); ++k) {
    context.poll(kStage, static_cast<double>(k) / static_cast<double>(free_.size()));
    augment(free_[k], context);
    if (widened_ > most_widened) return false;
  }
  return true;
}

void AssignmentSearch::push(double key, std::uint32_t id) {
  heap_.emplace_back(key, id);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

// Row i offers column j at distance `at` + reduced cost; a free column ends the search.
void AssignmentSearch::relax(std::uint32_t row, std::uint32_t column, double cost, double base,
                             double at) {
  const double through = std::max(at, cost - rows_.potential(column) + base);
  if (through >= sink_distance_ || scanned_[column] == search_) return;
  if (reached_[column] == search_ && through >= distance_[column]) return;
  reached_[column] = search_;
  distance_[column] = through;
  previous_row_[column] = row;
  if (matching_.row_of_column[column] == kNone) {
    sink_distance_ = through;
    sink_ = column;
  } else {
    push(through, column);
  }
}

// Columns beyond the list cannot be nearer than the bound says: it waits in the heap, and the row
// is only scanned again when the search gets that far.
void AssignmentSearch::push_bound(std::uint32_t row) {
  const double key = row_distance_[row] - u_[row] + relaxed_to_[row];
  if (key < sink_distance_)
    push(std::max(key, row_distance_[row]), static_cast<std::uint32_t>(rows_.columns()) + row);
}

void AssignmentSearch::visit(std::uint32_t row, double at) {
  row_distance_[row] = at;
  path_rows_.push_back(row);
  const double base = at - u_[row];
  const std::uint32_t* column = rows_.list_columns(row);
  const double* cost = rows_.list_costs(row);
  for (std::size_t t = 0; t < rows_.list_length(); ++t) relax(row, column[t], cost[t], base, at);
  relaxed_to_[row] = rows_.bound(row);
  push_bound(row);
}

// The search has come to the row's bound. A list older than the search is made again; after that,
// or where ties keep the bound in place, more and more of the row is relaxed.
void AssignmentSearch::widen(std::uint32_t row, double key, Context& context) {
  context.poll();
  const double at = row_distance_[row], base = at - u_[row];
  if (fresh_[row] != search_) {
    fresh_[row] = search_;
    rows_.refresh(row, context);
    const std::uint32_t* column = rows_.list_columns(row);
    const double* cost = rows_.list_costs(row);
    for (std::size_t t = 0; t < rows_.list_length(); ++t) relax(row, column[t], cost[t], base, at);
    relaxed_to_[row] = rows_.bound(row);
    if (relaxed_to_[row] + base > key) {
      push_bound(row);
      return;
    }
  }
  const double width = 2.0 * (relaxed_to_[row] - rows_.best_two(row).least);
  const double wanted = width > tolerance_ ? relaxed_to_[row] + width : kInfinity;
  const double useful = sink_distance_ - base;
  rows_.columns_below(row, std::min(wanted, useful), wide_);
  widened_ += static_cast<double>(wide_.size());
  for (const Candidate& c : wide_) relax(row, c.column, c.cost, base, at);
  if (wanted >= useful) return;  // nothing beyond can be nearer than the free column
  relaxed_to_[row] = wanted;
  push_bound(row);
}

void AssignmentSearch::augment(std::uint32_t free_row, Context& context) {
  ++search_;
  heap_.clear();
  path_rows_.clear();
  path_columns_.clear();
  sink_distance_ = kInfinity;
  sink_ = kNone;
  u_[free_row] = rows_.certified_best_two(free_row, context).least;
  visit(free_row, 0.0);
  const std::uint32_t columns = static_cast<std::uint32_t>(rows_.columns());
  for (std::size_t steps = 0; !heap_.empty() && heap_.front().first < sink_distance_; ++steps) {
    if (steps % 256 == 0) context.poll();
    const auto [key, id] = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    if (id >= columns) {
      widen(id - columns, key, context);
    } else if (scanned_[id] != search_ && key <= distance_[id]) {
      scanned_[id] = search_;
      path_columns_.push_back(id);
      visit(matching_.row_of_column[id], key);
    }
  }
  require(sink_ != kNone, Status::numerical_failure,
          "the assignment search found no free column; the costs may be too large to compare");

  for (const std::uint32_t j : path_columns_)
    rows_.set_potential(j, rows_.potential(j) - (sink_distance_ - distance_[j]));
  for (const std::uint32_t i : path_rows_) u_[i] += sink_distance_ - row_distance_[i];
  for (std::uint32_t j = sink_;;) {
    const std::uint32_t i = previous_row_[j];
    const std::uint32_t next = matching_.column_of_row[i];
    matching_.match(i, j);
    if (i == free_row) break;
    j = next;
  }
}

double AssignmentSearch::duality_gap(Context& context) {
  certify_all(context);
  double gap = 0.0;
  for (std::uint32_t i = 0; i < rows_.rows(); ++i) {
    u_[i] = rows_.best_two(i).least;
    gap += reduced(i, matching_.column_of_row[i]) - u_[i];
  }
  return gap;
}

}  // namespace laot::detail
