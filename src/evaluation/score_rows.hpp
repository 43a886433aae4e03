// The rows of a table of scores.
#pragma once

#include <string>
#include <vector>

#include "laot/metrics/registry.hpp"
#include "laot/table.hpp"

namespace laot {

/// The means behind a value: over halvings of the observed cells, random subsamples, both or
/// neither.
struct Averaged {
  std::size_t halvings = 0, subsamples = 0, subsample_cells = 0;  // cells: a side of each
};

struct ScoreRow {
  std::string condition, kind, group, method, metric, estimator, setting, features;
  double gamma = kNaN;
  std::size_t cells = 0, observed = 0;
  double value = kNaN, sd = kNaN;
  std::size_t left_out = 0;
  std::string reason;
  bool weighted = false;       // control cells count what they weigh
  std::string gamma_from;      // "median" of the training cells, "given"; "": no bandwidth
  std::string metric_setting;  // of `setting` what is the metric's own
  Averaged averaged;
};

Table table_of(const std::vector<ScoreRow>& rows);

/// "gamma = 0.012, median of the training cells"; `bandwidth` is the text of the bandwidth.
std::string setting_text(const MetricSpec& spec, const std::string& bandwidth,
                         const EntropyStrength& epsilon);
/// "mean of 10 subsamples of 500 cells a side"; empty where it is a mean over nothing.
std::string averaged_text(const Averaged& averaged);

}  // namespace laot
