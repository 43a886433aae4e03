// One step of Adam (Kingma & Ba, 2015), the same for a map of the alternation and for a network.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

namespace laot {

struct AdamSettings {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  // added to the gradient, as torch.optim.Adam does
  double clip_norm = 0.0;     // gradients of a larger norm are scaled down to it (0: never)
  // Taken off the values by itself, times the rate (AdamW; Loshchilov & Hutter, 2019).
  double decoupled_decay = 0.0;
};

/// Step t = 1, 2, ... on single values, each with its moments m and v (0 before the first):
///   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2,
///   value <- value - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon).
/// Doubles are divided by the corrections, as torch does. For floats these are factors, so that a
/// value takes one division: nets::lanes repeats these operations eight values at a time.
template <class T>
struct AdamStep {
  static constexpr bool kFactors = std::is_same_v<T, float>;

  T beta1, keep1, beta2, keep2, decay, epsilon, rate;
  // Corrections of the moments: divisors; for floats the factor on sqrt(v), m's being in the rate.
  T of_first, of_second;

  AdamStep(const AdamSettings& settings, std::uint64_t t, double factor = 1.0)
      : beta1(static_cast<T>(settings.beta1)),
        keep1(static_cast<T>(1.0 - settings.beta1)),
        beta2(static_cast<T>(settings.beta2)),
        keep2(static_cast<T>(1.0 - settings.beta2)),
        decay(static_cast<T>(settings.weight_decay)),
        epsilon(static_cast<T>(settings.epsilon)) {
    const double steps = static_cast<double>(t), asked = settings.rate * factor;
    const double left1 = 1.0 - std::pow(settings.beta1, steps);
    const double left2 = 1.0 - std::pow(settings.beta2, steps);
    rate = static_cast<T>(kFactors ? asked / left1 : asked);
    of_first = static_cast<T>(left1);
    of_second = static_cast<T>(kFactors ? 1.0 / std::sqrt(left2) : left2);
  }

  void operator()(T& value, T gradient, T& m, T& v) const {
    const T g = gradient + decay * value;
    m = beta1 * m + keep1 * g;
    if constexpr (kFactors) {
      v = beta2 * v + keep2 * (g * g);
      value -= rate * m / (std::sqrt(v) * of_second + epsilon);
    } else {
      v = beta2 * v + keep2 * g * g;
      value -= rate * (m / of_first) / (std::sqrt(v / of_second) + epsilon);
    }
  }
};

}  // namespace laot
