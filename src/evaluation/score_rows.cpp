#include "score_rows.hpp"

#include "laot/number_text.hpp"

namespace laot {

namespace {

template <class Column, class Value>
Column column_of(const std::vector<ScoreRow>& rows, Value value) {
  Column out;
  out.reserve(rows.size());
  for (const ScoreRow& row : rows) out.push_back(value(row));
  return out;
}

}  // namespace

Table table_of(const std::vector<ScoreRow>& rows) {
  const auto texts = [&](std::string ScoreRow::*which) {
    return column_of<TextColumn>(rows, [&](const ScoreRow& row) { return row.*which; });
  };
  const auto numbers = [&](double ScoreRow::*which) {
    return column_of<NumberColumn>(rows, [&](const ScoreRow& row) { return row.*which; });
  };
  const auto counts = [&](std::size_t ScoreRow::*which) {
    return column_of<NumberColumn>(
        rows, [&](const ScoreRow& row) { return static_cast<double>(row.*which); });
  };
  Table out;
  out.add("condition", texts(&ScoreRow::condition));
  out.add("kind", texts(&ScoreRow::kind));
  out.add("group", texts(&ScoreRow::group));
  out.add("method", texts(&ScoreRow::method));
  out.add("metric", texts(&ScoreRow::metric));
  out.add("estimator", texts(&ScoreRow::estimator));
  out.add("setting", texts(&ScoreRow::setting));
  out.add("features", texts(&ScoreRow::features));
  out.add("gamma", numbers(&ScoreRow::gamma));
  out.add("cells", counts(&ScoreRow::cells));
  out.add("observed", counts(&ScoreRow::observed));
  out.add("value", numbers(&ScoreRow::value));
  out.add("sd", numbers(&ScoreRow::sd));
  out.add("left_out", counts(&ScoreRow::left_out));
  out.add("reason", texts(&ScoreRow::reason));
  const auto averaged = [&](std::size_t Averaged::*which) {
    return column_of<NumberColumn>(
        rows, [&](const ScoreRow& row) { return static_cast<double>(row.averaged.*which); });
  };
  out.add("weighted", column_of<NumberColumn>(
                          rows, [](const ScoreRow& row) { return row.weighted ? 1.0 : 0.0; }));
  out.add("gamma_from", texts(&ScoreRow::gamma_from));
  out.add("metric_setting", texts(&ScoreRow::metric_setting));
  out.add("halvings", averaged(&Averaged::halvings));
  out.add("subsamples", averaged(&Averaged::subsamples));
  out.add("subsample_cells", averaged(&Averaged::subsample_cells));
  return out;
}

std::string setting_text(const MetricSpec& spec, const std::string& bandwidth,
                         const EntropyStrength& epsilon) {
  std::string out = spec.setting;
  if (spec.needs_gamma) out = bandwidth;
  if (spec.takes_epsilon)
    out = "epsilon = " + text_of_number(epsilon.value, 4) +
          (epsilon.absolute ? "" : " x mean squared distance");
  return out;
}

std::string averaged_text(const Averaged& averaged) {
  std::string out;
  if (averaged.halvings > 0)
    out = text("mean of ", averaged.halvings, " halvings of the observed cells");
  if (averaged.subsamples > 0)
    add_clause(out, text("mean of ", averaged.subsamples, " subsamples of ",
                         averaged.subsample_cells, " cells a side"));
  return out;
}

}  // namespace laot
