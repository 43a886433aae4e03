#include "laot/asked_pairing.hpp"

namespace laot {

LaotOptions alternation_of(const Model& model) {
  if (!model.params.method().traits.many_conditions) return laot_options(model);
  model.require_one("a pairing");
  return laot_options(Model(Params(method("laot").spec)));
}

arma::mat images_of(const Model& model, const arma::mat& z) {
  arma::mat out;
  if (model.params.method().traits.many_conditions) model.map->apply(z, out);
  return out;
}

}  // namespace laot
