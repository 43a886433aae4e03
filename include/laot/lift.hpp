// The lift of LAOT: the same alternation with kernel features of the cell beside the cell itself,
// so that the map may bend where the cells support it.
#pragma once

#include <string>
#include <vector>

#include "laot/laot.hpp"

namespace laot {

struct LiftOptions {
  std::size_t landmarks = 200;    // control cells at which kernels are centred; all, where fewer
  double ridge_share = 0.03;      // of the ridge of the linear part, on the kernel part
  double width = 1.0;             // times the median squared distance of the landmarks
  std::uint64_t seed = 20260102;  // of the landmarks: fixed, so that a fit needs no seed
  double kept_bytes = 512e6;      // up to which the features of the cells are kept
};

/// Kernels exp(-|l - z|^2 / h) at landmarks l (columns, k x L).
class KernelLandmarks {
 public:
  KernelLandmarks() = default;
  KernelLandmarks(arma::mat landmarks, double width);

  const arma::mat& landmarks() const { return landmarks_; }
  double width() const { return width_; }
  std::size_t count() const { return landmarks_.n_cols; }
  /// z: k x count; kernels: L x count.
  void at(const arma::mat& z, arma::mat& kernels) const;

 private:
  arma::mat landmarks_,
      centred_;  // centred_: about their mean, so that distances keep their digits
  arma::vec centre_, squares_;
  double width_ = 0.0;
};

/// f(z) = W z + B k(z) + c with kernels k at landmarks.
struct LiftedMap {
  arma::mat linear;   // W, k x k
  arma::mat weights;  // B, k x L
  arma::vec offset;   // c
  arma::vec bend;     // B k, mean over the training cells: W z + c + bend is the linear part
  KernelLandmarks kernels;

  void apply(const arma::mat& z, arma::mat& moved) const;
  /// The derivative at one cell z[k]: W + 2/h sum_a B_a k_a(z) (l_a - z)'.
  arma::mat jacobian(const arma::vec& z) const;
};

struct LiftResult {
  bool lifted = false;  // false: the linear map stays, for the reason in stop_reason
  LiftedMap map;
  arma::mat moved;  // of the training cells, k x n
  /// Share of the displacement's variance over the training cells that no linear map of the cell
  /// explains; of the finished map.
  double share = 0.0;
  Plan plan;
  LaotTrace trace;  // change: |A_x|_F
  bool converged = false;
  std::string stop_reason;
  int iterations = 0;
  double ridge = 0.0;
  std::size_t features = 0;  // kernel features that were kept
  double seconds = 0.0, seconds_transport = 0.0;
};

/// Goes on from a fitted linear map: minimises by turns
///   J(A, P) = sum_ij P_ij |y_j - z_i|^2 + r |A_x|_F^2 + ridge_share r |A_phi|_F^2,
///   z_i = x_i + A_x x_i + A_phi phi(x_i),
/// phi being the whitened kernels at the landmarks (Nystrom features, of mean 0 over the cells) and
/// r the ridge of `options`, found anew for each plan where it is automatic. The moved cells then
/// get the mean and the spread of y as `options.restore` says. Where r < 1e-10 a linear map
/// explains everything (the lifted system would be singular): the linear map stays.
///
/// coupling, x (k x n), y (k x m): those of the linear fit `linear`, whose warm start is used on.
/// Cost: one pass of O(n L (k + L)), then iterations x (one exact transport + O(n k (k + L) + (k +
/// L)^3)). Features of the cells are kept where they take up to kept_bytes, and else computed anew
/// by blocks of 512 cells at every pass, to the same bits: beside the copies of the cells
/// themselves that takes memory for a block and for (k + L)^2 numbers, however many cells there
/// are.
LiftResult lift(Coupling& coupling, const arma::mat& x, const arma::mat& y,
                const LaotResult& linear, const LaotOptions& options, const LiftOptions& lift,
                Context& context);

}  // namespace laot
