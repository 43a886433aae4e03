// Products of sources with all targets, approximately: the costs of points are made of them.
#pragma once

#include <cstdint>
#include <vector>

#include "buffer.hpp"
#include "kernels.hpp"
#include "laot/assignment/scaled_cloud.hpp"

namespace laot::detail {

constexpr double kUnit = 0x1p-24;  // half a unit in the last place of single precision

/// Sources side by side, as kernels read them: in one of both precisions.
struct PackedSources {
  FloatBuffer single;
  Buffer<std::int16_t> whole;
  std::vector<float> unit;  // of a row's whole products
  std::size_t lanes = 1;    // rows of a block
  std::size_t blocks = 0;
};

/// -2 <x, y> in single precision, from packed targets. Where the machine multiplies them faster,
/// coordinates are whole numbers of 16 bits: x is rounded to steps of |x| / 32766, y to steps of
/// max|y| / 32766, and sums of their products are exact. Else, and where pairs differ by less than
/// that, both are in single precision.
class PanelProducts {
 public:
  void set_kernels(const Kernels& kernels) { kernels_ = &kernels; }
  /// Packs them, as whole numbers where the machine has products of these. The memory behind the
  /// cloud has to outlive the use.
  void set_targets(FramedCloud targets);
  /// Packs the targets again if need be.
  void choose(bool whole);
  bool can_be_whole() const { return kernels_->whole_block_products != nullptr; }
  bool is_whole() const { return is_whole_; }

  std::size_t panels() const { return panels_; }
  double target_norm() const { return target_norm_; }  // the largest
  /// Bytes of the targets of a panel.
  std::size_t panel_bytes() const;

  /// Rows of the sources, whose norms are given, in blocks; one row stays alone.
  void pack(const FramedCloud& sources, const std::vector<double>& norms, const std::uint32_t* rows,
            std::size_t count, PackedSources& out) const;
  /// Of a block's rows and some panels: out[r * stride + c].
  void multiply(const PackedSources& sources, std::size_t block, std::size_t first_panel,
                std::size_t panels, float* out, std::size_t stride) const;
  /// By how much a product with a source of this norm can be off.
  double error(double source_norm) const;

 private:
  void find_error();

  const Kernels* kernels_ = nullptr;
  FramedCloud targets_;
  std::size_t d_ = 0, panels_ = 0;
  double target_norm_ = 0.0;
  double relative_error_ = 0.0, underflow_ = 0.0;
  bool is_whole_ = false;
  FloatBuffer single_;
  Buffer<std::int16_t> whole_;
};

}  // namespace laot::detail
