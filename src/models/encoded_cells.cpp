#include "laot/encoded_cells.hpp"

namespace laot {

About about_from(const std::string& name) {
  if (name == "control") return About::control;
  if (name == "treated") return About::treated;
  if (name == "own") return About::own;
  fail(Status::unknown_name, "about must be control, treated or own, found \"", name, "\"");
}

arma::mat encoded_cells(const Model& model, const Cells& cells, About about, const char* name,
                        Context& context) {
  model.require_one("a feature space");
  require(cells.features() == model.space.features(), Status::dimension_mismatch, name, " has ",
          cells.features(), " features and the model ", model.space.features());
  require_valid(cells, name, context);
  const SingleThreadedBlas blas;
  arma::mat out =
      model.space.encode(cells, about == About::treated ? Side::treated : Side::control, context);
  if (about == About::own && out.n_cols > 0) out.each_col() -= arma::vec(arma::mean(out, 1));
  return out;
}

}  // namespace laot
