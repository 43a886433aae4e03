// The rows of a table of scores.
#pragma once

#include <string>
#include <vector>

#include "laot/metrics/registry.hpp"
#include "laot/table.hpp"

namespace laot {

struct ScoreRow {
  std::string condition, kind, group, method, metric, estimator, setting, features;
  double gamma = kNaN;
  std::size_t cells = 0, observed = 0;
  double value = kNaN, sd = kNaN;
  std::size_t left_out = 0;
  std::string reason;
};

Table table_of(const std::vector<ScoreRow>& rows);

/// "gamma = 0.012, median of the training cells; mean of 10 subsamples of 500 cells a side":
/// `bandwidth` is the text of the bandwidth, `sampling` that of what the score is a mean over, or
/// empty.
std::string setting_text(const MetricSpec& spec, const std::string& bandwidth,
                         const EntropyStrength& epsilon, const std::string& sampling);

/// "1 feature", "12 features".
std::string counted(std::size_t count, const std::string& unit);

}  // namespace laot
