#include "laot/parallel/product.hpp"

#include <algorithm>

namespace laot {

namespace {

constexpr double kOperationsAtOnce = 1e9;

}  // namespace

std::size_t columns_at_once(double operations) {
  return static_cast<std::size_t>(
      std::clamp(kOperationsAtOnce / std::max(operations, 1.0), 1.0, 1e9));
}

arma::mat product(const arma::mat& a, const arma::mat& b, Context& context) {
  require(a.n_cols == b.n_rows, Status::internal_error, "a product of ", a.n_cols, " columns and ",
          b.n_rows, " rows");
  const std::size_t step =
      columns_at_once(2.0 * static_cast<double>(a.n_rows) * static_cast<double>(a.n_cols));
  if (step >= b.n_cols) {
    context.poll();
    return a * b;
  }
  arma::mat out(a.n_rows, b.n_cols);
  for (std::size_t first = 0; first < b.n_cols; first += step) {
    context.poll();
    const std::size_t last = std::min<std::size_t>(first + step, b.n_cols) - 1;
    out.cols(first, last) = a * b.cols(first, last);
  }
  return out;
}

}  // namespace laot
