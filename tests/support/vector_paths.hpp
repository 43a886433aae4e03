// The vector paths of this machine, and work done on one of them.
#pragma once

#include <vector>

#include "laot/vector_path.hpp"

namespace vector_paths {

/// All that can run here, the portable one first.
inline std::vector<laot::VectorPath> all() {
  std::vector<laot::VectorPath> out;
  for (const auto path :
       {laot::VectorPath::portable, laot::VectorPath::avx2, laot::VectorPath::avx512})
    if (laot::available(path)) out.push_back(path);
  return out;
}

/// While it lives, whatever takes the best path takes none wider than this.
class Limit {
 public:
  explicit Limit(laot::VectorPath path) { laot::limit_vector_path(path); }
  ~Limit() { laot::limit_vector_path(laot::VectorPath::best); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
};

}  // namespace vector_paths
