// The eps-auction: most rows find their place here, a few candidates at a time.
#include <algorithm>
#include <cmath>

#include "assignment_search.hpp"
#include "laot/assignment/epsilon_schedule.hpp"

namespace laot::detail {

namespace {

constexpr int kMostHelpers = 7;  // a scan of few rows has no work for more

}  // namespace

AssignmentSearch::AssignmentSearch(CandidateRows& rows, Matching& matching,
                                   AssignmentStatistics& statistics, const Context& context)
    : rows_(rows),
      helpers_(rows.helpers_pay() ? std::min(context.num_threads - 1, kMostHelpers) : 0),
      matching_(matching),
      statistics_(statistics),
      u_(rows.rows(), 0.0) {
  rows_.set_helpers(&helpers_);
}

FirstPhase first_phase(double error, double width) {
  if (width <= 0.0) return {0.0};
  const double share = std::clamp(kEpsilonOfError * (error / width) * (error / width),
                                  kLeastFirstEpsilon, kFirstEpsilon);
  const double bids = static_cast<double>(kBidsBeforeRise) * std::sqrt(kFirstEpsilon / share);
  return {share * width, static_cast<std::size_t>(bids)};
}

double mean_width(const CandidateRows& rows) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double bound = rows.bound(i), least = rows.best_two(i).least;
    if (bound == kInfinity || bound < least) continue;
    sum += bound - least;
    ++count;
  }
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

double AssignmentSearch::mean_excess() const {
  double sum = 0.0;
  for (std::size_t i = 0; i < rows_.rows(); ++i) {
    const std::uint32_t j = matching_.column_of_row[i];
    if (j == kNone) return kInfinity;
    sum += std::max(0.0, reduced(static_cast<std::uint32_t>(i), j) - rows_.best_two(i).least);
  }
  return sum / static_cast<double>(rows_.rows());
}

// The next waiting rows whose lists have run out as well, up to a batch with those that are there.
void AssignmentSearch::look_ahead(double slack) {
  const std::size_t batch = rows_.batch();
  const std::size_t look = std::min(waiting_, 4 * batch);
  for (std::size_t a = 0, at = head_; a < look && exhausted_.size() < batch; ++a) {
    const std::uint32_t next = queue_[at];
    if (++at == queue_.size()) at = 0;
    if (rows_.best_two(next).least > rows_.bound(next) + slack) exhausted_.push_back(next);
  }
}

// Scans the row together with the next waiting ones, because a block of rows is scanned at several
// times the speed of single ones; or, where there are helpers, while one of them looks for those.
void AssignmentSearch::refresh_ahead(std::uint32_t row, double slack, Context& context) {
  exhausted_.assign(1, row);
  if (rows_.refresh_beside(
          row, [this, slack] { look_ahead(slack); }, context)) {
    rows_.refresh(exhausted_.data() + 1, exhausted_.size() - 1, context);
  } else {
    look_ahead(slack);
    rows_.refresh(exhausted_.data(), exhausted_.size(), context);
  }
}

bool AssignmentSearch::auction(double epsilon, std::size_t bids_per_row, Context& context) {
  const std::size_t n = rows_.rows();
  // A bid has to change the potential in double precision.
  epsilon = std::max(epsilon, 0x1p-48 * rows_.magnitude());
  const double slack = kSlack * epsilon;
  queue_.resize(n + 1);
  head_ = waiting_ = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t j = matching_.column_of_row[i];
    if (j != kNone) {
      const double least = std::min(rows_.best_two(i).least, rows_.bound(i) + slack);
      if (reduced(i, j) <= least + epsilon) continue;
      matching_.part(i);
    }
    queue_[waiting_++] = i;
  }

  std::size_t tail = waiting_ % queue_.size();
  const std::size_t limit = statistics_.bids + bids_per_row * n;
  while (waiting_ > 0 && statistics_.bids < limit) {
    if (statistics_.bids++ % kBidsPerPoll == 0)
      context.poll(kStage, 1.0 - static_cast<double>(waiting_) / static_cast<double>(n));
    const std::uint32_t i = queue_[head_];
    if (++head_ == queue_.size()) head_ = 0;
    --waiting_;
    BestTwo best = rows_.best_two(i);
    if (best.least > rows_.bound(i) + slack) {
      refresh_ahead(i, slack, context);
      best = rows_.best_two(i);
    }
    const double second = std::min(best.second, std::max(best.least, rows_.bound(i) + slack));
    // A single column has no rival, and its price no meaning.
    const double raise = second == kInfinity ? 0.0 : second - best.least;
    rows_.set_potential(best.column, rows_.potential(best.column) - raise - epsilon);
    const std::uint32_t outbid = matching_.row_of_column[best.column];
    matching_.match(i, best.column);
    if (outbid == kNone) continue;
    matching_.column_of_row[outbid] = kNone;
    queue_[tail] = outbid;
    if (++tail == queue_.size()) tail = 0;
    ++waiting_;
  }
  return waiting_ == 0;
}

}  // namespace laot::detail
