#include <cmath>

#include "laot/trackability/recovery_curve.hpp"

namespace laot {

Trackability trackability_verdict(double recovery_at_one, double residual_over_spacing) {
  const TrackabilityLimits limits;
  if (std::isnan(recovery_at_one) || std::isnan(residual_over_spacing))
    return Trackability::undefined;
  if (residual_over_spacing >= limits.high_residual) return Trackability::not_recoverable;
  return recovery_at_one >= limits.recovery && residual_over_spacing < limits.low_residual
             ? Trackability::recoverable
             : Trackability::borderline;
}

const char* name_of(Trackability verdict) {
  switch (verdict) {
    case Trackability::recoverable:
      return "recoverable";
    case Trackability::borderline:
      return "borderline";
    case Trackability::not_recoverable:
      return "not recoverable";
    case Trackability::undefined:
      return "undefined";
  }
  return "";
}

}  // namespace laot
