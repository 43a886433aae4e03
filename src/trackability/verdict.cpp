#include <cmath>

#include "laot/trackability/recovery_curve.hpp"

namespace laot {

TrackabilityLimits trackability_limits() {
  return {0.9, 0.5};
}

Trackability trackability_verdict(double recovery_at_one) {
  const TrackabilityLimits limits = trackability_limits();
  if (std::isnan(recovery_at_one)) return Trackability::undefined;
  if (recovery_at_one >= limits.recoverable) return Trackability::recoverable;
  return recovery_at_one < limits.not_recoverable ? Trackability::not_recoverable
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
