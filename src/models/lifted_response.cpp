#include "laot/models.hpp"
#include "original_units.hpp"

namespace laot {

void LiftedResponse::store(ModelFile& file) const {
  file.lend("response.map", map_.linear);
  file.lend("response.offset", map_.offset);
  file.lend("response.bend", map_.bend);
  file.lend("response.landmarks", map_.kernels.landmarks());
  file.lend("response.kernel_weights", map_.weights);
  file.put_number("response.kernel_width", map_.kernels.width());
}

std::shared_ptr<const ResponseMap> LiftedResponse::load(const ModelFile& file,
                                                        std::size_t dimension) {
  LiftedMap map;
  map.linear = file.matrix("response.map");
  map.offset = file.vector("response.offset");
  map.bend = file.vector("response.bend");
  map.weights = file.matrix("response.kernel_weights");
  arma::mat landmarks = file.matrix("response.landmarks");
  const double width = file.number("response.kernel_width");
  require(map.linear.n_rows == dimension && map.linear.n_cols == dimension &&
              map.offset.n_elem == dimension && map.bend.n_elem == dimension &&
              landmarks.n_rows == dimension && map.weights.n_rows == dimension &&
              map.weights.n_cols == landmarks.n_cols && landmarks.n_cols > 0,
          Status::bad_format, "the lifted map of the model file is ", map.linear.n_rows, " x ",
          map.linear.n_cols, " with ", landmarks.n_cols, " landmarks of ", landmarks.n_rows,
          " coordinates and kernel weights ", map.weights.n_rows, " x ", map.weights.n_cols,
          ", but its feature space has ", dimension, " dimensions");
  require(std::isfinite(width) && width > 0.0, Status::bad_format,
          "the kernel width of the model file is ", width, ", not a positive number");
  map.kernels = KernelLandmarks(std::move(landmarks), width);
  return std::make_shared<LiftedResponse>(std::move(map));
}

void LiftedResponse::list(const FeatureSpace& space, std::vector<NamedArray>& arrays) const {
  const std::size_t d = space.features();
  arrays.emplace_back("map", d, d,
                      [this, &space](double* out) { write_map(space, map_.linear, out); });
  arrays.emplace_back("offset", d, 1, [this, &space](double* out) {
    write_offset(space, AffineResponse(map_.linear, map_.offset + map_.bend), out);
  });
  arrays.emplace_back("latent_map", map_.linear);
  arrays.emplace_back("landmarks", map_.kernels.landmarks());
  arrays.emplace_back("kernel_weights", map_.weights);
}

}  // namespace laot
