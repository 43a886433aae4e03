// The losses of CPA, and their gradients.
#include <algorithm>
#include <cmath>

#include "laot/nets/cpa.hpp"
#include "laot/nets/kernels.hpp"

namespace laot::nets {

namespace {

constexpr double kLeastVariance = 1e-4;  // under the decoder's variances, as scvi-tools has it
constexpr double kLogTwoPi = 1.8378770664093453;

}  // namespace

// The loss, with its gradient in of_logits_.
template <class T>
double CpaPass<T>::cross_entropy(const CpaPopulations<T>& populations, std::size_t classifier,
                                 const CpaBatch<T>& batch, const std::vector<T>& logits) {
  const std::vector<std::size_t>& classes = populations.classes[classifier];
  const std::vector<double>& weights = populations.weights[classifier];
  const std::size_t count = weights.size();
  of_logits_.resize(logits.size());
  double total = 0.0, sum = 0.0;
  for (std::size_t j = 0; j < batch.count; ++j) total += weights[classes[batch.population[j]]];
  for (std::size_t j = 0; j < batch.count; ++j) {
    const T* at = logits.data() + j * count;
    const std::size_t wanted = classes[batch.population[j]];
    const double share = total > 0.0 ? weights[wanted] / total : 0.0;
    const double most = static_cast<double>(*std::max_element(at, at + count));
    double mass = 0.0;
    for (std::size_t k = 0; k < count; ++k) mass += std::exp(static_cast<double>(at[k]) - most);
    sum -= share * (static_cast<double>(at[wanted]) - most - std::log(mass));
    for (std::size_t k = 0; k < count; ++k) {
      const double chance = std::exp(static_cast<double>(at[k]) - most) / mass;
      of_logits_[j * count + k] = static_cast<T>(share * (chance - (k == wanted ? 1.0 : 0.0)));
    }
  }
  return sum;
}

// The loss, with its gradient in of_decoded_.
template <class T>
double CpaPass<T>::reconstruct(const Cpa<T>& net, const CpaBatch<T>& batch,
                               const std::vector<T>& decoded) {
  const std::size_t d = net.shape().features, rows = decoded.size() / batch.count;
  const double cells = static_cast<double>(batch.count);
  of_decoded_.resize(decoded.size());
  double sum = 0.0;
  for (std::size_t j = 0; j < batch.count; ++j)
    for (std::size_t k = 0; k < d; ++k) {
      const std::size_t at = j * rows + k;
      const double gap =
          static_cast<double>(decoded[at]) - static_cast<double>(batch.cells[j * d + k]);
      if (!net.shape().variance) {
        sum += 0.5 * gap * gap;
        of_decoded_[at] = static_cast<T>(gap / cells);
        continue;
      }
      const double exponential = std::exp(static_cast<double>(decoded[at + d]));
      const double variance = exponential + kLeastVariance;
      sum += 0.5 * (gap * gap / variance + std::log(variance) + kLogTwoPi);
      of_decoded_[at] = static_cast<T>(gap / variance / cells);
      of_decoded_[at + d] =
          static_cast<T>(0.5 * exponential / variance * (1.0 - gap * gap / variance) / cells);
    }
  return sum / cells;
}

template <class T>
CpaLoss CpaPass<T>::train_autoencoder(Cpa<T>& net, CpaAdversary<T>& adversary,
                                      const CpaPopulations<T>& populations,
                                      const CpaBatch<T>& batch, double weight, Rng* dropout,
                                      T* gradient) {
  const std::size_t latent = net.shape().latent, count = batch.count;
  T *values = net.values().data(), *running = net.running().data();
  std::fill(gradient, gradient + net.size(), T(0));
  CpaLoss loss;
  const std::vector<T>& code =
      encoder_.forward(net.encoder(), values, running, batch.cells, count, running, nullptr);
  std::vector<std::vector<T>> offsets(populations.conditions.size());
  moved_ = code;
  for (std::size_t j = 0; j < count; ++j) {
    std::vector<T>& offset = offsets[batch.population[j]];
    if (offset.empty()) offset = net.offset(populations.conditions[batch.population[j]]);
    for (std::size_t k = 0; k < latent; ++k) moved_[j * latent + k] += offset[k];
  }
  const std::vector<T>& decoded =
      decoder_.forward(net.decoder(), values, running, moved_.data(), count, running, nullptr);
  loss.reconstruction = reconstruct(net, batch, decoded);
  of_code_.resize(latent * count);
  decoder_.backward(net.decoder(), values, moved_.data(), of_decoded_.data(), count, gradient,
                    of_code_.data());
  std::vector<std::vector<T>> of_offsets(offsets.size());
  for (std::size_t j = 0; j < count; ++j) {
    std::vector<T>& of_offset = of_offsets[batch.population[j]];
    of_offset.resize(latent, T(0));
    for (std::size_t k = 0; k < latent; ++k) of_offset[k] += of_code_[j * latent + k];
  }
  for (std::size_t p = 0; p < of_offsets.size(); ++p)
    if (!of_offsets[p].empty())
      net.offset_backward(populations.conditions[p], of_offsets[p].data(), gradient);
  classifiers_.resize(adversary.classifiers().size());
  of_classified_.resize(latent * count);
  for (std::size_t c = 0; c < classifiers_.size(); ++c) {
    const DenseNet& classifier = adversary.classifiers()[c];
    const T* its = adversary.values().data();
    T* moments = adversary.running().data();
    const std::vector<T>& logits =
        classifiers_[c].forward(classifier, its, moments, code.data(), count, moments, dropout);
    loss.adversary += cross_entropy(populations, c, batch, logits);
    classifiers_[c].backward(classifier, its, code.data(), of_logits_.data(), count, nullptr,
                             of_classified_.data());
    for (std::size_t k = 0; k < of_code_.size(); ++k)
      of_code_[k] -= static_cast<T>(weight) * of_classified_[k];
  }
  encoder_.backward(net.encoder(), values, batch.cells, of_code_.data(), count, gradient, nullptr);
  return loss;
}

template <class T>
CpaLoss CpaPass<T>::train_adversary(Cpa<T>& net, CpaAdversary<T>& adversary,
                                    const CpaPopulations<T>& populations, const CpaBatch<T>& batch,
                                    double weight, Rng* dropout, T* gradient) {
  const std::size_t count = batch.count;
  T* running = net.running().data();
  CpaLoss loss;
  const std::vector<T>& code = encoder_.forward(net.encoder(), net.values().data(), running,
                                                batch.cells, count, running, nullptr);
  classifiers_.resize(adversary.classifiers().size());
  for (std::size_t c = 0; c < classifiers_.size(); ++c) {
    const DenseNet& classifier = adversary.classifiers()[c];
    const T* its = adversary.values().data();
    T* moments = adversary.running().data();
    const std::vector<T>& logits =
        classifiers_[c].forward(classifier, its, moments, code.data(), count, moments, dropout);
    loss.adversary += cross_entropy(populations, c, batch, logits);
    loss.penalty += classifiers_[c].backward_with_penalty(
        classifier, its, code.data(), of_logits_.data(), weight, count, gradient);
  }
  return loss;
}

template class CpaPass<float>;
template class CpaPass<double>;

}  // namespace laot::nets
