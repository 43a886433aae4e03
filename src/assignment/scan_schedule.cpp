// Which thread scans what: rows, or the columns of few rows. The lists do not depend on it.
#include <algorithm>
#include <limits>

#include "candidate_state.hpp"

namespace laot::detail {

namespace {

// Work is counted in multiplications, of which a stored cost is worth four. Below these it costs
// more to share it than to do it: with threads that are started for it, and with helpers that wait
// for it.
constexpr double kParallelWork = 3e7, kHelpedWork = 2e4;
// Solves with fewer pairs than this end before a helper has brought what its start costs.
constexpr double kHelpedPairs = 1e6;

}  // namespace

void CandidateRows::set_helpers(Helpers* helpers) {
  state_->helpers = helpers;
}

bool CandidateRows::helpers_pay() const {
  return static_cast<double>(state_->n) * static_cast<double>(state_->m) >= kHelpedPairs;
}

bool CandidateRows::refresh_beside(std::uint32_t row, const std::function<void()>& meanwhile,
                                   Context& context) {
  State& s = *state_;
  // Computed rows are scanned in blocks, and faster so.
  if (s.helpers == nullptr || s.helpers->threads() == 1 || !s.is_stored()) return false;
  context.poll();
  ++s.scans;
  s.make_room(s.helpers->threads(), s.helpers->threads());
  s.helpers->run(2, [&](std::size_t chunk, std::size_t worker) {
    if (chunk > 0) return meanwhile();
    Selection& selection = s.selections[worker];
    s.scan(&row, 1, 0, s.panels, false, &selection, s.scratch[worker]);
    s.finish(selection, row, s.scratch[worker]);
  });
  return true;
}

void CandidateRows::State::make_room(std::size_t workers, std::size_t slots) {
  if (scratch.size() < workers) scratch.resize(workers);
  if (selections.size() < slots) selections.resize(slots);
}

// Hits of the same row in consecutive parts of the columns, `apart` selections from each other.
void CandidateRows::State::merge(Selection* selection, std::size_t parts, std::size_t apart,
                                 std::size_t row, Scratch& memory) {
  Selection& all = selection[0];
  for (std::size_t part = 1; part < parts; ++part) {
    const Selection& more = selection[part * apart];
    all.make_room(all.count + more.count);
    std::copy_n(more.value.begin(), more.count,
                all.value.begin() + static_cast<std::ptrdiff_t>(all.count));
    std::copy_n(more.column.begin(), more.count,
                all.column.begin() + static_cast<std::ptrdiff_t>(all.count));
    all.count += more.count;
    all.limit = std::numeric_limits<float>::infinity();
  }
  finish(all, row, memory);
}

void CandidateRows::State::scan_all(const std::uint32_t* rows, std::size_t count, bool keep,
                                    Context& context) {
  const double work = static_cast<double>(count) * static_cast<double>(m) *
                      (is_stored() ? 4.0 : static_cast<double>(d + 4));
  const bool helped = helpers != nullptr && helpers->threads() > 1 && work >= kHelpedWork;
  const bool parallel = !helped && context.num_threads > 1 && work >= kParallelWork;
  const std::size_t workers = helped     ? helpers->threads()
                              : parallel ? static_cast<std::size_t>(context.num_threads)
                                         : 1;

  // Rows that are computed share tiles of the targets; stored ones have nothing to share.
  const std::size_t group_rows = helped && is_stored() ? 1 : row_group();
  const std::size_t groups = (count + group_rows - 1) / group_rows;
  // Few rows: their columns are shared out. What a list holds does not depend on the cut.
  const std::size_t enough = group_rows == 1 ? workers : 2 * workers;
  const std::size_t parts = workers == 1 || groups >= enough ? 1 : std::min(panels, enough);
  const std::size_t slots = parts == 1 ? workers : groups * parts;
  make_room(workers, slots * group_rows);

  const auto task = [&](std::size_t t, std::size_t worker) {
    if (worker == 0) {
      if (2 * count > n)  // most lists: long enough to report
        context.poll(kStage, static_cast<double>(t) / static_cast<double>(groups * parts));
      else
        context.poll();
    }
    const std::size_t group = t / parts, part = t % parts;
    const std::size_t first = group * group_rows, used = std::min(group_rows, count - first);
    Selection* mine = selections.data() + (parts == 1 ? worker : t) * group_rows;
    scan(rows + first, used, panels * part / parts, panels * (part + 1) / parts, keep, mine,
         scratch[worker]);
    if (parts > 1) return;
    for (std::size_t r = 0; r < used; ++r) finish(mine[r], rows[first + r], scratch[worker]);
  };
  const auto merge_row = [&](std::size_t r, std::size_t worker) {
    const std::size_t at = r / group_rows * parts * group_rows + r % group_rows;
    merge(selections.data() + at, parts, group_rows, rows[r], scratch[worker]);
  };

  const std::size_t tasks = groups * parts;
  if (helped)
    helpers->run(tasks, task);
  else if (parallel)
    parallel_for(context, tasks, 1, [&](std::size_t t, std::size_t, int worker) {
      task(t, static_cast<std::size_t>(worker));
    });
  else
    for (std::size_t t = 0; t < tasks; ++t) task(t, 0);
  if (parts == 1) return;
  if (helped && count > 1)
    helpers->run(count, merge_row);
  else
    for (std::size_t r = 0; r < count; ++r) merge_row(r, 0);
}

}  // namespace laot::detail
