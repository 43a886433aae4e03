// Network responses whose mean is that of the treated cells.
#include <algorithm>

#include "method_networks.hpp"

namespace laot::networks {

namespace {

class RestoredMean final : public ResponseMap {
 public:
  RestoredMean(std::shared_ptr<const ResponseMap> inner, arma::vec origin, arma::vec offset)
      : inner_(std::move(inner)), origin_(std::move(origin)), offset_(std::move(offset)) {}

  void apply(const arma::mat& z, arma::mat& moved) const override {
    if (origin_.is_empty()) {
      inner_->apply(z, moved);
    } else {
      arma::mat cells = z;
      cells.each_col() += origin_;
      inner_->apply(cells, moved);
    }
    moved.each_col() += offset_;
  }

  void store(ModelFile& file) const override {
    inner_->store(file);
    if (!origin_.is_empty()) file.put("response.origin", origin_);
    file.put("response.mean_offset", offset_);
  }

 private:
  std::shared_ptr<const ResponseMap> inner_;
  arma::vec origin_, offset_;
};

constexpr double kLargest = 1e30;  // goes into single precision

arma::vec stored_vector(const ModelFile& file, const std::string& name, std::size_t dimension) {
  const arma::vec out = file.vector(name);
  require(out.n_elem == dimension && arma::all(arma::abs(out) <= kLargest), Status::bad_format,
          "\"", name, "\" of the model file has ", out.n_elem, " values for a feature space of ",
          dimension, ", or one that is no usable number");
  return out;
}

}  // namespace

bool restores_mean(const NetworkSettings& settings) {
  if (settings.restore == RestoredMeanChoice::automatic)
    return settings.space.center == Center::own;
  return settings.restore == RestoredMeanChoice::mean ||
         settings.restore == RestoredMeanChoice::marginals;
}

std::shared_ptr<const ResponseMap> restored_mean(std::shared_ptr<const ResponseMap> inner,
                                                 const arma::vec& origin, const FitInput& input,
                                                 Context& context) {
  const arma::uword d = input.x.n_rows, n = input.x.n_cols;
  const arma::uword at_a_time = cells_at_a_time(d);
  arma::vec offset = input.y * input.weights_y;
  arma::mat cells, moved;
  for (arma::uword first = 0; first < n; first += at_a_time) {
    context.poll();
    const arma::uword last = std::min(n, first + at_a_time) - 1;
    cells = input.x.cols(first, last);
    if (!origin.is_empty()) cells.each_col() += origin;
    inner->apply(cells, moved);
    offset -= moved * input.weights_x.subvec(first, last);
  }
  return std::make_shared<RestoredMean>(std::move(inner), origin, std::move(offset));
}

std::shared_ptr<const ResponseMap> stored_mean(std::shared_ptr<const ResponseMap> inner,
                                               const ModelFile& file, std::size_t dimension) {
  if (!file.has("response.mean_offset")) {
    require(!file.has("response.origin"), Status::bad_format,
            "the model file has \"response.origin\" without \"response.mean_offset\"");
    return inner;
  }
  arma::vec origin;
  if (file.has("response.origin")) origin = stored_vector(file, "response.origin", dimension);
  return std::make_shared<RestoredMean>(std::move(inner), std::move(origin),
                                        stored_vector(file, "response.mean_offset", dimension));
}

}  // namespace laot::networks
