#include "capacity_auction.hpp"

#include <algorithm>

#include "laot/assignment/epsilon_schedule.hpp"

namespace laot::detail {

CapacityAuction::CapacityAuction(CandidateRows& rows, const std::vector<std::int64_t>& supply,
                                 const std::vector<std::int64_t>& demand)
    : rows_(rows), free_(supply), room_(demand), held_(demand.size()), waiting_(supply.size()) {}

void CapacityAuction::release(std::uint32_t row, std::int64_t units) {
  if (free_[row] == 0) {
    std::size_t tail = head_ + length_++;
    if (tail >= waiting_.size()) tail -= waiting_.size();
    waiting_[tail] = row;
  }
  free_[row] += units;
}

// Holders that another column would suit better by more than epsilon leave; the others stay for
// what their columns are worth to them now.
void CapacityAuction::part_dear_ones(double epsilon, double slack) {
  for (std::uint32_t j = 0; j < held_.size(); ++j) {
    std::vector<Holding>& holders = held_[j];
    std::size_t kept = 0;
    for (const Holding& h : holders) {
      const BestTwo best = rows_.best_two(h.row);
      const double other = std::min(best.column == j ? best.second : best.least,
                                    std::max(best.least, rows_.bound(h.row) + slack));
      const double level = rows_.cost(h.row, j) - other - epsilon;
      if (other < kInfinity && level > rows_.potential(j)) {
        room_[j] += h.units;
        release(h.row, h.units);
      } else {
        holders[kept++] = {level, h.row, h.units};
      }
    }
    holders.resize(kept);
    std::make_heap(holders.begin(), holders.end());
  }
}

// Scans the row together with the next waiting ones whose lists have run out as well.
void CapacityAuction::refresh_ahead(std::uint32_t row, double slack, Context& context) {
  const std::size_t batch = rows_.batch(), look = std::min(length_, 4 * batch);
  exhausted_.assign(1, row);
  for (std::size_t a = 0, at = head_; a < look && exhausted_.size() < batch; ++a) {
    const std::uint32_t next = waiting_[at];
    if (++at == waiting_.size()) at = 0;
    if (rows_.best_two(next).least > rows_.bound(next) + slack) exhausted_.push_back(next);
  }
  rows_.refresh(exhausted_.data(), exhausted_.size(), context);
}

void CapacityAuction::bid(std::uint32_t row, double epsilon, double slack) {
  const BestTwo best = rows_.best_two(row);
  const std::uint32_t j = best.column;
  const double second = std::min(best.second, std::max(best.least, rows_.bound(row) + slack));
  // A single column has no rival, and its price no meaning.
  const double raise = second == kInfinity ? 0.0 : second - best.least;
  const double level = rows_.potential(j) - raise - epsilon;
  std::vector<Holding>& holders = held_[j];
  std::int64_t wanted = free_[row];
  std::int64_t taken = std::min(wanted, room_[j]);
  room_[j] -= taken;
  while (taken < wanted && !holders.empty() && holders.front().level > level) {
    Holding& weakest = holders.front();
    const std::int64_t units = std::min(wanted - taken, weakest.units);
    taken += units;
    weakest.units -= units;
    release(weakest.row, units);
    if (weakest.units > 0) break;
    std::pop_heap(holders.begin(), holders.end());
    holders.pop_back();
  }
  free_[row] -= taken;
  if (taken > 0) {
    holders.push_back({level, row, taken});
    std::push_heap(holders.begin(), holders.end());
  }
  if (room_[j] > 0) return;
  // A column without units only gets dearer.
  const double weakest = holders.empty() ? level : holders.front().level;
  rows_.set_potential(j, std::min(rows_.potential(j), weakest));
}

bool CapacityAuction::run(double epsilon, std::size_t bids_per_row, Context& context) {
  // A bid has to change the potential in double precision.
  epsilon = std::max(epsilon, 0x1p-48 * rows_.magnitude());
  const double slack = kSlack * epsilon;
  head_ = length_ = 0;
  for (std::uint32_t i = 0; i < free_.size(); ++i)
    if (free_[i] > 0) waiting_[length_++] = i;
  part_dear_ones(epsilon, slack);
  const std::size_t limit = bids_per_row * free_.size();
  std::size_t fewest = length_;  // one bid can send several rows back to the queue
  for (std::size_t bids = 0; length_ > 0 && bids < limit; ++bids) {
    fewest = std::min(fewest, length_);
    if (bids % kBidsPerPoll == 0)
      context.poll("transport",
                   1.0 - static_cast<double>(fewest) / static_cast<double>(free_.size()));
    const std::uint32_t i = waiting_[head_];
    if (++head_ == waiting_.size()) head_ = 0;
    --length_;
    if (rows_.best_two(i).least > rows_.bound(i) + slack) refresh_ahead(i, slack, context);
    bid(i, epsilon, slack);
    if (free_[i] > 0) {  // what found no place bids again
      const std::int64_t left = free_[i];
      free_[i] = 0;
      release(i, left);
    }
  }
  return length_ == 0;
}

std::vector<CapacityAuction::Piece> CapacityAuction::pieces() const {
  std::vector<Piece> out;
  for (std::uint32_t j = 0; j < held_.size(); ++j)
    for (const Holding& h : held_[j]) out.push_back({h.row, j, h.units});
  return out;
}

}  // namespace laot::detail
