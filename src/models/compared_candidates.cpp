#include "compared_candidates.hpp"

namespace laot {

Table table_of_choices(const Model& model) {
  TextColumn condition, choice, candidate;
  NumberColumn mmd2, gain, standard_error, chosen;
  const auto add = [&](const std::string& name, const std::vector<ComparedCandidate>& compared) {
    for (const ComparedCandidate& one : compared) {
      condition.push_back(name);
      choice.push_back(one.choice);
      candidate.push_back(one.candidate);
      mmd2.push_back(one.mmd2);
      gain.push_back(one.gain);
      standard_error.push_back(one.standard_error);
      chosen.push_back(one.chosen);
    }
  };
  add(model.condition.name, model.compared);
  for (const auto& part : model.parts) add(part->condition.name, part->compared);
  Table out;
  out.add("condition", std::move(condition));
  out.add("choice", std::move(choice));
  out.add("candidate", std::move(candidate));
  out.add("mmd2", std::move(mmd2));
  out.add("gain", std::move(gain));
  out.add("standard_error", std::move(standard_error));
  out.add("chosen", std::move(chosen));
  return out;
}

void store_choices(const std::vector<ComparedCandidate>& compared, ModelFile& file) {
  if (compared.empty()) return;
  std::vector<std::string> choices, candidates;
  arma::mat scores(4, compared.size());
  for (std::size_t k = 0; k < compared.size(); ++k) {
    const ComparedCandidate& one = compared[k];
    choices.push_back(one.choice);
    candidates.push_back(one.candidate);
    scores.col(k) = arma::vec({one.mmd2, one.gain, one.standard_error, one.chosen});
  }
  file.put_texts("choices.choice", choices);
  file.put_texts("choices.candidate", candidates);
  file.put("choices.scores", scores);
}

void load_choices(const ModelFile& file, Model& model) {
  if (!file.has_text("choices.choice")) return;
  const std::vector<std::string> choices = file.texts("choices.choice"),
                                 candidates = file.texts("choices.candidate");
  const arma::mat scores = file.matrix("choices.scores");
  require(
      candidates.size() == choices.size() && scores.n_cols == choices.size() && scores.n_rows == 4,
      Status::bad_format, "the choices of the model file are ", choices.size(), " with ",
      candidates.size(), " candidates and ", scores.n_rows, " x ", scores.n_cols, " scores");
  for (std::size_t k = 0; k < choices.size(); ++k)
    model.compared.push_back(
        {choices[k], candidates[k], scores(0, k), scores(1, k), scores(2, k), scores(3, k)});
}

}  // namespace laot
