// The space in which every method sees the cells: centred, optionally reduced to principal
// components, scaled; fitted on training cells only, and undone exactly on the way back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "laot/data.hpp"

namespace laot {

enum class Center { own, joint, none };
enum class Scale { automatic, feature, common, none };
enum class Side { control, treated };

struct FeatureSpaceOptions {
  static constexpr int kAutomatic = -1;
  Center center = Center::own;
  Scale scale = Scale::automatic;  // feature without components, common with them
  int components = kAutomatic;     // 0: none
};

struct OuterProducts;

/// Work shared by the feature spaces of fits that begin with the same population, centred on its
/// own mean: made by the fit that asks first, while others wait.
class SharedOuterProducts {
 public:
  std::shared_ptr<const OuterProducts> get(const std::function<OuterProducts()>& make);

 private:
  std::mutex mutex_;
  std::shared_ptr<const OuterProducts> products_;
};

/// A population that a feature space is fitted on. What it points to must outlive the fit.
struct SpacePopulation {
  const Cells* cells;
  const arma::vec* weights;  // sum to 1
  const Moments* moments;    // with these weights
  double share;              // how much it weighs among the populations
  std::string name;          // in messages
  /// Of the first population of two, where other fits have it too with these weights; else NULL.
  SharedOuterProducts* shared = nullptr;
};

/// Working memory for blocks of cells on their way into a feature space and back: whoever takes
/// block after block keeps it from one to the next.
struct BlockRoom {
  arma::mat z, moved;               // the block in the space, and where a map sends it
  arma::mat centred, step, change;  // what encoding and decoding need between
};

/// Cells of two populations in a feature space [dimension x n] and [dimension x m].
struct EncodedPair {
  arma::mat control, treated;
};

/// z = S^-1 V' (x - m), with m the mean of the population that x belongs to (center own), one mean
/// of both, each weighing one half (joint), or 0 (none); V the leading principal components of the
/// centred cells, or I; S a diagonal scale.
///
/// A map f of the space predicts, for a control cell x,
///   x + (m_y - m_x) + V S (f(z) - z):
/// what the components leave out of a cell is kept, and where x is m_x, x + (m_y - m_x) is m_y to
/// the bit. A feature that is the same in all cells of a population has its value for a mean; one
/// that is so in all populations tells a map nothing, and the last term, whatever the map, is 0 in
/// it.
class FeatureSpace {
 public:
  /// Fits on training cells (features x n and features x m) with weights that sum to 1 each. The
  /// two populations weigh one half each in the components and in the scales. Components are exact
  /// (LAPACK) where min(features, cells) <= 1500, else by block subspace iteration to 1e-10.
  /// `encoded` (may be NULL) receives the cells as encode() has them, which the scales of
  /// components need anyway.
  static FeatureSpace fit(const Cells& control, const Cells& treated, const arma::vec& weights_x,
                          const arma::vec& weights_y, const FeatureSpaceOptions& options,
                          Context& context, EncodedPair* encoded = nullptr);

  /// As fit(), along known directions, the leading components of a larger set of cells: of them as
  /// many as this fit would have, or all. Means and scales are of the cells given.
  static FeatureSpace fit_along(const arma::mat& directions, const Cells& control,
                                const Cells& treated, const arma::vec& weights_x,
                                const arma::vec& weights_y, const FeatureSpaceOptions& options,
                                Context& context, EncodedPair* encoded = nullptr);

  /// As the first, the moments being known.
  static FeatureSpace fit(const SpacePopulation& control, const SpacePopulation& treated,
                          const FeatureSpaceOptions& options, Context& context,
                          EncodedPair* encoded = nullptr);

  /// One space for many populations, the first `controls` of them controls, whose shares sum to 1.
  /// All are encoded about one mean, m_x = m_y = the mean of the populations' means by share
  /// (center none: 0). The components are of cells about their own means (center own), or about
  /// the common one; their number is that of two populations of the controls' and the others'
  /// sizes.
  static FeatureSpace fit(const std::vector<SpacePopulation>& populations, std::size_t controls,
                          const FeatureSpaceOptions& options, Context& context);

  /// The same space, in which a prediction moves by `shift` [features] beside f(z) - z; empty: 0.
  FeatureSpace shifted(const arma::vec& shift) const;

  /// The space in which nothing is done (for `identity`).
  static FeatureSpace trivial(std::size_t features);
  /// The same, of cells whose constant features are to be known to maps beside it.
  static FeatureSpace trivial(const SpacePopulation& control, const SpacePopulation& treated);

  std::size_t features() const { return mean_control.n_elem; }
  std::size_t dimension() const { return scale.n_elem; }
  bool has_components() const { return !basis.is_empty(); }

  /// dimension x cells.
  arma::mat encode(const Cells& cells, Side side, Context& context) const;
  void encode_block(const arma::mat& block, Side side, arma::mat& z, BlockRoom& room) const;
  /// `block` holds control cells (features x count) and becomes the prediction, given z and f(z).
  void decode_block(const arma::mat& z, const arma::mat& moved, arma::mat& block,
                    BlockRoom& room) const;

  /// The factors, as they are stored with a model.
  arma::vec mean_control, mean_treated;  // m_x, m_y [features]
  arma::mat basis;                       // V [features x dimension], empty: I
  arma::vec scale;                       // S [dimension]
  /// Features, in order, in which a prediction is x + (m_y - m_x): those that are the same in all
  /// cells of each population and, but for two populations about their own means, the same in all.
  std::vector<std::int32_t> constant;

 private:
  void encode_block_about(const arma::mat& block, const arma::vec& mean, arma::mat& z,
                          BlockRoom& room) const;
  arma::mat encode_about(const Cells& cells, const arma::vec& mean, Context& context) const;
  void divide_by_scale(arma::mat& z) const;
  void find_constant(const std::vector<SpacePopulation>& populations, bool own_values);
  void fit_basis(const std::vector<SpacePopulation>& populations,
                 const std::vector<arma::vec>& means, Center center, std::size_t components,
                 Context& context);
  void fit_scale(const std::vector<SpacePopulation>& populations,
                 const std::vector<arma::vec>& means, Scale scale, Context& context,
                 EncodedPair* encoded = nullptr);
};

}  // namespace laot
