#include "laot/models.hpp"

namespace laot {

void AffineResponse::apply(const arma::mat& z, arma::mat& moved) const {
  if (map_.is_empty())
    moved = z;
  else
    moved = map_ * z;
  if (offset_.is_empty()) return;
  for (std::size_t i = 0; i < moved.n_cols; ++i)
    for (std::size_t k = 0; k < moved.n_rows; ++k) moved(k, i) += offset_[k];
}

void AffineResponse::store(ModelFile& file) const {
  if (!map_.is_empty()) file.lend("response.map", map_);
  if (!offset_.is_empty()) file.lend("response.offset", offset_);
}

std::shared_ptr<const ResponseMap> AffineResponse::load(const ModelFile& file,
                                                        std::size_t dimension) {
  arma::mat map = file.has("response.map") ? file.matrix("response.map") : arma::mat();
  arma::vec offset = file.has("response.offset") ? file.vector("response.offset") : arma::vec();
  require((map.is_empty() || (map.n_rows == dimension && map.n_cols == dimension)) &&
              (offset.is_empty() || offset.n_elem == dimension),
          Status::bad_format, "the map of the model file is ", map.n_rows, " x ", map.n_cols,
          " with an offset of ", offset.n_elem, ", but its feature space has ", dimension,
          " dimensions");
  return std::make_shared<AffineResponse>(std::move(map), std::move(offset));
}

}  // namespace laot
