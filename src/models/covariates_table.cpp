#include "laot/covariates_table.hpp"

namespace laot {

Table covariates_table(const Model& model) {
  TextColumn conditions, covariates, texts;
  NumberColumn numbers;
  for (const Condition& condition : model.conditions())
    for (const auto& [name, value] : condition.covariates) {
      const std::vector<std::string> all = texts_of(value);
      for (std::size_t k = 0; k < all.size(); ++k) {
        conditions.push_back(condition.name);
        covariates.push_back(name);
        texts.push_back(all[k]);
        numbers.push_back(value.is_number() ? value.numbers[k] : kNaN);
      }
    }
  Table out;
  out.add("condition", std::move(conditions));
  out.add("covariate", std::move(covariates));
  out.add("value", std::move(texts));
  out.add("number", std::move(numbers));
  return out;
}

}  // namespace laot
