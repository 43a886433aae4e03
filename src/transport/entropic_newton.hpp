// Newton's method for entropic transport, where alternating updates crawl.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot::detail {

/// Maximises the semi-dual F(g) = sum_i a_i f_i(g) + sum_j b_j g_j, where f(g) makes the rows of
/// the plan exact. Its gradient is what the columns lack, its Hessian that of a graph,
/// (diag(columns) - P' diag(1/a) P) / epsilon, so that a step is a system for conjugate gradients
/// (Brauer, Clason, Lorenz, Wirth, 2017), which needs the square root of the iterations of
/// alternating updates. Steps are shortened until the error falls or
/// F grows: between groups of points that hardly exchange mass, F alone shows the way.
class EntropicNewton {
 public:
  /// The cost [n x m] and the weights have to outlive this.
  EntropicNewton(const arma::mat& cost, const arma::vec& a, const arma::vec& b);

  /// Improves g until the columns are off by less than `tolerance` in total, `most` iterations (of
  /// the inner solver, too) are done, or a step no longer helps. Returns the error that is left.
  double run(arma::vec& g, double epsilon, double tolerance, std::size_t most, Context& context);
  std::size_t iterations() const { return iterations_; }

 private:
  /// The plan, its column sums and the error for potentials g.
  double evaluate(const arma::vec& g, Context& context);
  void multiply(const arma::vec& v, arma::vec& out, Context& context);
  void find_direction(double accuracy, double damping, std::size_t most, Context& context);

  const arma::mat& cost_;
  const arma::vec &a_, &b_;
  double epsilon_ = 0.0;
  double value_ = 0.0;  // F(g)
  std::size_t iterations_ = 0;
  arma::mat plan_;
  arma::vec column_, diagonal_, gradient_, direction_, along_rows_;
  arma::vec residual_, search_, product_;
};

}  // namespace laot::detail
