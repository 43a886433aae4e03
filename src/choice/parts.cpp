#include <algorithm>
#include <numeric>

#include "laot/choice.hpp"

namespace laot {

namespace {

using Members = std::vector<std::vector<std::size_t>>;

Members members_of(const std::vector<std::uint32_t>& batch, std::size_t cells, std::size_t levels) {
  Members out(levels);
  for (std::size_t i = 0; i < cells; ++i) out[batch.empty() ? 0 : batch[i]].push_back(i);
  return out;
}

std::size_t level_count(const ChoiceCells& cells) {
  std::uint32_t top = 0;
  for (const std::uint32_t level : cells.batch_control) top = std::max(top, level);
  return static_cast<std::size_t>(top) + 1;
}

// Each level's share of `most` cells, at least one, in a random order.
Members drawn(const Members& members, std::size_t cells, std::size_t most, Rng rng) {
  Members out;
  for (const std::vector<std::size_t>& level : members) {
    std::size_t quota = level.size();
    if (cells > most && quota > 0) quota = std::max<std::size_t>(1, quota * most / cells);
    out.emplace_back();
    for (const std::size_t k : rng.sample(level.size(), quota)) out.back().push_back(level[k]);
  }
  return out;
}

// The parts of the levels: in order, by turns where they are more than `most`; levels that have too
// few cells to be scored are never held out.
std::vector<std::uint32_t> parts_of_levels(const Members& control, const Members& treated,
                                           const ChoiceOptions& options, std::size_t& count) {
  constexpr std::uint32_t kNever = ~0u;
  std::vector<std::uint32_t> part(control.size(), kNever);
  std::size_t scored = 0;
  for (std::size_t level = 0; level < control.size(); ++level)
    if (std::min(control[level].size(), treated[level].size()) >= options.fewest_of_level)
      part[level] = static_cast<std::uint32_t>(scored++ % options.most_parts);
  count = std::min(scored, options.most_parts);
  return part;
}

// Deals every level to the folds by turns, going on where the level before it ended.
void deal(const Members& members, std::size_t folds, std::vector<std::size_t>& cells,
          std::vector<std::uint32_t>& part) {
  std::vector<std::pair<std::size_t, std::uint32_t>> dealt;
  std::size_t turn = 0;
  for (const std::vector<std::size_t>& level : members)
    for (const std::size_t cell : level)
      dealt.emplace_back(cell, static_cast<std::uint32_t>(turn++ % folds));
  std::sort(dealt.begin(), dealt.end());
  for (const auto& [cell, fold] : dealt) {
    cells.push_back(cell);
    part.push_back(fold);
  }
}

void give(const Members& members, const std::vector<std::uint32_t>& part_of_level,
          std::vector<std::size_t>& cells, std::vector<std::uint32_t>& part) {
  std::vector<std::pair<std::size_t, std::uint32_t>> given;
  for (std::size_t level = 0; level < members.size(); ++level)
    for (const std::size_t cell : members[level]) given.emplace_back(cell, part_of_level[level]);
  std::sort(given.begin(), given.end());
  for (const auto& [cell, number] : given) {
    cells.push_back(cell);
    part.push_back(number);
  }
}

}  // namespace

Parts parts_of(const ChoiceCells& cells, const ChoiceOptions& options) {
  const std::size_t n = cells.control.cells(), m = cells.treated.cells();
  const std::size_t levels = level_count(cells);
  const Rng rng(options.seed);
  const Members control =
      drawn(members_of(cells.batch_control, n, levels), n, options.most_cells, rng.stream(1));
  const Members treated =
      drawn(members_of(cells.batch_treated, m, levels), m, options.most_cells, rng.stream(2));
  Parts out;
  const std::vector<std::uint32_t> of_level = parts_of_levels(control, treated, options, out.count);
  out.levels = out.count >= 3;
  if (out.levels) {
    give(control, of_level, out.control_cells, out.control);
    give(treated, of_level, out.treated_cells, out.treated);
  } else {
    out.count = options.folds;
    deal(control, options.folds, out.control_cells, out.control);
    deal(treated, options.folds, out.treated_cells, out.treated);
  }
  return out;
}

}  // namespace laot
