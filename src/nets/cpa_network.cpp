// The networks of CPA: their tensors, the vectors of conditions, and what they predict.
#include <cmath>

#include "laot/nets/cpa.hpp"

namespace laot::nets {

template <class T>
Cpa<T>::Cpa(const CpaShape& shape) : shape_(shape) {
  require(shape.features > 0 && shape.latent > 0 && shape.levels > 0, Status::invalid_argument,
          "CPA needs features, a code of at least one dimension and a level");
  DenseShape rules;
  rules.batch_norm = shape.batch_norm;
  rules.inputs = shape.features;
  rules.hidden = shape.hidden;
  rules.outputs = shape.latent;
  encoder_ = DenseNet("enc", rules, layout_, running_layout_);
  rules.inputs = shape.latent;
  rules.hidden.assign(shape.hidden.rbegin(), shape.hidden.rend());
  rules.outputs = shape.variance ? 2 * shape.features : shape.features;
  decoder_ = DenseNet("dec", rules, layout_, running_layout_);
  vectors_ = layout_.add("level.vectors", shape.latent,
                         shape.coordinates > 0 ? shape.coordinates : shape.levels);
  if (shape.contexts > 0) context_ = layout_.add("context.vectors", shape.latent, shape.contexts);
  slope_ = layout_.size();
  if (shape.dose_curve) {
    layout_.add("dose.slope", shape.levels, 1);
    bent_ = layout_.add("dose.offset", shape.levels, 1);
  }
  values_.assign(layout_.size(), T(0));
  running_.assign(running_layout_.size(), T(0));
}

template <class T>
void Cpa<T>::initialise(Rng& rng) {
  encoder_.initialise(rng, values_, running_);
  decoder_.initialise(rng, values_, running_);
  for (std::size_t k = vectors_; k < slope_; ++k) values_[k] = static_cast<T>(rng.normal());
  if (!shape_.dose_curve) return;
  for (std::size_t k = 0; k < shape_.levels; ++k) {
    values_[slope_ + k] = T(1);
    values_[bent_ + k] = T(0);
  }
}

template <class T>
typename Cpa<T>::Curve Cpa<T>::curve(const CpaTreatment<T>& treatment) const {
  if (!shape_.dose_curve) return {treatment.dose, T(0), T(0)};
  T slope = T(0), offset = T(0);
  if (treatment.level == CpaTreatment<T>::kUnseen) {
    for (std::size_t k = 0; k < shape_.levels; ++k) {
      slope += values_[slope_ + k] / static_cast<T>(shape_.levels);
      offset += values_[bent_ + k] / static_cast<T>(shape_.levels);
    }
  } else {
    slope = values_[slope_ + treatment.level];
    offset = values_[bent_ + treatment.level];
  }
  const auto sigmoid = [](T value) { return T(1) / (T(1) + std::exp(-value)); };
  const T at = sigmoid(slope * treatment.dose + offset), zero = sigmoid(offset);
  const T change = at * (T(1) - at);
  return {at - zero, change * treatment.dose, change - zero * (T(1) - zero)};
}

template <class T>
std::vector<T> Cpa<T>::direction(const CpaTreatment<T>& treatment) const {
  const std::size_t latent = shape_.latent;
  std::vector<T> out(latent, T(0));
  if (shape_.coordinates == 0) {
    require(treatment.level < shape_.levels, Status::invalid_argument,
            "a level without a vector of its own needs coordinates");
    for (std::size_t k = 0; k < latent; ++k)
      out[k] = values_[vectors_ + treatment.level * latent + k];
    return out;
  }
  require(treatment.coordinates.size() == shape_.coordinates, Status::dimension_mismatch,
          "a level has ", treatment.coordinates.size(), " coordinates where the network takes ",
          shape_.coordinates);
  for (std::size_t e = 0; e < shape_.coordinates; ++e)
    for (std::size_t k = 0; k < latent; ++k)
      out[k] += values_[vectors_ + e * latent + k] * treatment.coordinates[e];
  return out;
}

template <class T>
std::vector<T> Cpa<T>::offset(const CpaCondition<T>& condition, bool without_treatments) const {
  require(condition.context.size() == shape_.contexts, Status::dimension_mismatch, "a context has ",
          condition.context.size(), " coordinates where the network takes ", shape_.contexts);
  std::vector<T> out(shape_.latent, T(0));
  for (std::size_t e = 0; e < shape_.contexts; ++e)
    for (std::size_t k = 0; k < shape_.latent; ++k)
      out[k] += values_[context_ + e * shape_.latent + k] * condition.context[e];
  if (without_treatments) return out;
  for (const CpaTreatment<T>& treatment : condition.treatments) {
    const std::vector<T> along = direction(treatment);
    const T scale = curve(treatment).scale;
    for (std::size_t k = 0; k < shape_.latent; ++k) out[k] += scale * along[k];
  }
  return out;
}

template <class T>
void Cpa<T>::offset_backward(const CpaCondition<T>& condition, const T* of_offset,
                             T* gradient) const {
  const std::size_t latent = shape_.latent;
  for (std::size_t e = 0; e < shape_.contexts; ++e)
    for (std::size_t k = 0; k < latent; ++k)
      gradient[context_ + e * latent + k] += of_offset[k] * condition.context[e];
  for (const CpaTreatment<T>& treatment : condition.treatments) {
    const Curve at = curve(treatment);
    if (shape_.coordinates == 0)
      for (std::size_t k = 0; k < latent; ++k)
        gradient[vectors_ + treatment.level * latent + k] += at.scale * of_offset[k];
    for (std::size_t e = 0; e < shape_.coordinates; ++e)
      for (std::size_t k = 0; k < latent; ++k)
        gradient[vectors_ + e * latent + k] += at.scale * treatment.coordinates[e] * of_offset[k];
    if (!shape_.dose_curve) continue;
    const std::vector<T> along = direction(treatment);
    T of_scale = T(0);
    for (std::size_t k = 0; k < latent; ++k) of_scale += along[k] * of_offset[k];
    gradient[slope_ + treatment.level] += of_scale * at.by_slope;
    gradient[bent_ + treatment.level] += of_scale * at.by_offset;
  }
}

template <class T>
CpaAdversary<T>::CpaAdversary(std::size_t latent, const std::vector<std::size_t>& classes,
                              DenseShape shape) {
  shape.inputs = latent;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    shape.outputs = classes[k];
    classifiers_.emplace_back(text("adv", k, "_"), shape, layout_, running_layout_);
  }
  values_.assign(layout_.size(), T(0));
  running_.assign(running_layout_.size(), T(0));
}

template <class T>
void CpaAdversary<T>::initialise(Rng& rng) {
  for (const DenseNet& classifier : classifiers_) classifier.initialise(rng, values_, running_);
}

template <class T>
CpaPrediction<T> predict(const Cpa<T>& net, const arma::Mat<T>& x,
                         const CpaCondition<T>& condition) {
  const std::size_t d = net.shape().features, latent = net.shape().latent;
  require(x.n_rows == d, Status::dimension_mismatch, "the network takes ", d,
          " features, and the cells have ", x.n_rows);
  CpaPrediction<T> out{arma::Mat<T>(d, x.n_cols), arma::Mat<T>(d, x.n_cols)};
  const std::vector<T> moved = net.offset(condition), unmoved = net.offset(condition, true);
  DensePass<T> encoder, decoder;
  std::vector<T> code;
  constexpr std::size_t block = 256;
  for (std::size_t first = 0; first < x.n_cols; first += block) {
    const std::size_t count = std::min<std::size_t>(block, x.n_cols - first);
    const std::vector<T>& basal =
        encoder.forward(net.encoder(), net.values().data(), net.running().data(), x.colptr(first),
                        count, nullptr, nullptr);
    for (const bool treated : {true, false}) {
      const std::vector<T>& offset = treated ? moved : unmoved;
      code = basal;
      for (std::size_t k = 0; k < code.size(); ++k) code[k] += offset[k % latent];
      const std::vector<T>& decoded =
          decoder.forward(net.decoder(), net.values().data(), net.running().data(), code.data(),
                          count, nullptr, nullptr);
      const std::size_t rows = decoded.size() / count;
      arma::Mat<T>& to = treated ? out.moved : out.unmoved;
      for (std::size_t j = 0; j < count; ++j)
        std::copy_n(decoded.begin() + static_cast<std::ptrdiff_t>(j * rows), d,
                    to.colptr(first + j));
    }
  }
  return out;
}

#define LAOT_INSTANTIATE(T)       \
  template class Cpa<T>;          \
  template class CpaAdversary<T>; \
  template CpaPrediction<T> predict<T>(const Cpa<T>&, const arma::Mat<T>&, const CpaCondition<T>&);
LAOT_INSTANTIATE(float)
LAOT_INSTANTIATE(double)
#undef LAOT_INSTANTIATE

}  // namespace laot::nets
