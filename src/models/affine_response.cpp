#include "laot/models.hpp"
#include "original_units.hpp"

namespace laot {

namespace {

// The change of the coordinates in original units: S (W - I) S^-1, empty where W is I.
arma::mat scaled_change(const FeatureSpace& space, const arma::mat& latent) {
  arma::mat change = latent;
  for (std::size_t c = 0; c < change.n_cols; ++c) {
    change(c, c) -= 1.0;
    for (std::size_t r = 0; r < change.n_rows; ++r) change(r, c) *= space.scale[r] / space.scale[c];
  }
  return change;
}

}  // namespace

void write_map(const FeatureSpace& space, const arma::mat& latent, double* out) {
  const std::size_t d = space.features();
  arma::mat map(out, d, d, false, true);
  if (latent.is_empty()) {
    map.eye();
    return;
  }
  const double bytes = 8.0 * static_cast<double>(d) * static_cast<double>(d);
  require_memory(bytes, text("the map between ", d, " features"));
  const arma::mat change = scaled_change(space, latent);
  if (space.has_components())
    map = arma::mat(space.basis * change) * space.basis.t();
  else
    map = change;
  for (std::size_t c = 0; c < d; ++c) map(c, c) += 1.0;
  for (const std::int32_t k : space.constant) {
    const std::size_t row = static_cast<std::size_t>(k);
    map.row(row).zeros();
    map(row, row) = 1.0;
  }
}

// Without W itself: m_y - m_x + V S (c - (W_z - I) S^-1 V' m_x).
void write_offset(const FeatureSpace& space, const AffineResponse& response, double* out) {
  arma::vec offset(out, space.features(), false, true);
  offset = space.mean_treated - space.mean_control;
  arma::vec shift(space.dimension(), arma::fill::zeros);
  if (!response.map().is_empty()) {
    const arma::vec mean = space.has_components() ? arma::vec(space.basis.t() * space.mean_control)
                                                  : space.mean_control;
    shift -= scaled_change(space, response.map()) * mean;
  }
  if (!response.offset().is_empty()) shift += space.scale % response.offset();
  if (space.has_components()) shift = arma::vec(space.basis * shift);
  for (const std::int32_t k : space.constant) shift[static_cast<std::size_t>(k)] = 0.0;
  offset += shift;
}

void ResponseMap::list(const FeatureSpace&, std::vector<NamedArray>&) const {}

arma::mat ResponseMap::jacobian(const arma::vec&) const {
  fail(Status::not_available,
       "the map of this method has no derivative in closed form, which effects at a cell and "
       "trackability need; linear maps, lifts and the networks of cmonge have one");
}

arma::mat AffineResponse::jacobian(const arma::vec&) const {
  return map_;
}

void AffineResponse::list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const {
  const std::size_t d = space.features(), k = space.dimension();
  arrays.emplace_back("map", d, d, [this, &space](double* out) { write_map(space, map_, out); });
  arrays.emplace_back("offset", d, 1,
                      [this, &space](double* out) { write_offset(space, *this, out); });
  arrays.emplace_back("latent_map", k, k, [this, k](double* out) {
    arma::mat latent(out, k, k, false, true);
    if (map_.is_empty())
      latent.eye();
    else
      latent = map_;
  });
}

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
