#include "model_marginals.hpp"

#include <algorithm>

#include "laot/data/columns.hpp"

namespace laot {

namespace {

constexpr double kPassBytes = 256e6;
constexpr double kKeptPassBytes = 8e6;  // a prediction holds no working copy of its own

// Features first .. first + count - 1 of all cells, each block passed through `change` before.
template <class Change>
arma::mat rows_of(const Cells& cells, std::size_t first, std::size_t count, const Change& change,
                  Context& context) {
  arma::mat out(count, cells.cells(), arma::fill::none), block;
  const std::size_t at_a_time = cells_at_a_time(cells.features());
  for (std::size_t cell = 0; cell < cells.cells(); cell += at_a_time) {
    context.poll();
    const std::size_t now = std::min(at_a_time, cells.cells() - cell);
    block.set_size(cells.features(), now);
    cells.gather(cell, now, block.memptr());
    change(block);
    out.cols(cell, cell + now - 1) = block.rows(first, first + count - 1);
  }
  return out;
}

}  // namespace

MarginalMaps fitted_marginals(const Model& model, const FitInput& input, Context& context) {
  const CellTypes types = input.balanced_types();
  const std::size_t type_count = types.names.size();
  const auto strata = [&](const std::vector<std::uint32_t>& batch,
                          const std::vector<std::uint32_t>& of_cells) {
    return types.empty() ? batch : strata_of(batch, of_cells, type_count);
  };
  const MarginalFit fit({input.weights_x, input.weights_y, strata(input.batch_x, types.control),
                         strata(input.batch_y, types.treated)});
  const Cells &control = input.control.cells, &treated = input.treated.cells;
  const double pooled = static_cast<double>(control.cells() + treated.cells());
  const std::size_t at_a_time =
      std::max<std::size_t>(1, static_cast<std::size_t>(kPassBytes / (8.0 * pooled)));
  MarginalMaps out;
  BlockRoom room;
  for (std::size_t first = 0; first < control.features(); first += at_a_time) {
    context.poll("marginals", static_cast<double>(first) / static_cast<double>(control.features()));
    const std::size_t count = std::min(at_a_time, control.features() - first);
    const arma::mat moved = rows_of(
        control, first, count, [&](arma::mat& block) { model.map_block(block, room); }, context);
    const arma::mat observed = rows_of(
        treated, first, count, [](arma::mat&) {}, context);
    out.append(fit_marginals(fit, moved, observed, context));
  }
  return out;
}

MarginalMaps Model::kept_marginals() const {
  const std::size_t n = training.kept_control.cells(), m = training.kept_treated.cells();
  require(n > 1 && m > 1, Status::not_available,
          "nonnegative = marginals needs kept training cells, but this model keeps ", n,
          " control and ", m, " treated cells; fit with ", parameter_name("keep_cells"),
          " = 1000, or with restore = "
          "\"marginals\"");
  MarginalOptions options;
  options.relabellings = 0;
  const MarginalFit fit({arma::vec(n, arma::fill::value(1.0 / static_cast<double>(n))),
                         arma::vec(m, arma::fill::value(1.0 / static_cast<double>(m))),
                         {},
                         {}},
                        options);
  Context context;
  const Cells control = training.kept_control.view(), treated = training.kept_treated.view();
  const std::size_t at_a_time = std::max<std::size_t>(
      1, static_cast<std::size_t>(kKeptPassBytes / (8.0 * static_cast<double>(n + m))));
  MarginalMaps out;
  BlockRoom room;
  for (std::size_t first = 0; first < control.features(); first += at_a_time) {
    const std::size_t count = std::min(at_a_time, control.features() - first);
    const arma::mat moved = rows_of(
        control, first, count, [&](arma::mat& block) { map_block(block, room); }, context);
    const arma::mat observed = rows_of(
        treated, first, count, [](arma::mat&) {}, context);
    out.append(fit_marginals(fit, moved, observed, context));
  }
  return out;
}

}  // namespace laot
