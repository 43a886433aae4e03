#include "panel_products.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace laot::detail {

namespace {

// The largest length in steps. With half a step more in each coordinate, |<x, y>| <= |x| |y| stays
// below 2^31, also of the first features only.
constexpr double kReach = 32766.0;
// Shorter ones are as good as zero, and products of two steps are normal numbers.
constexpr double kShortest = 0x1p-40;

double steps_per_unit(double norm) {
  return kReach / std::max(norm, kShortest);
}

// Half a step in each coordinate, and the rounding of the multiplication.
double rounding_norm(double norm, std::size_t d) {
  return 0.5001 * std::sqrt(static_cast<double>(d)) / steps_per_unit(norm);
}

// To the nearest, by cutting off what a shift has made positive.
std::int16_t whole_number(double x) {
  constexpr int kShift = 32768;
  return static_cast<std::int16_t>(static_cast<int>(x + (kShift + 0.5)) - kShift);
}

}  // namespace

void PanelProducts::set_targets(FramedCloud targets) {
  targets_ = std::move(targets);
  d_ = targets_.dimension();
  panels_ = (targets_.size() + kPanel - 1) / kPanel;
  target_norm_ = 0.0;
  for (std::size_t j = 0; j < targets_.size(); ++j)
    target_norm_ = std::max(target_norm_, targets_.squared_norm(j));
  target_norm_ = std::sqrt(target_norm_);
  is_whole_ = !can_be_whole();
  choose(can_be_whole());
}

void PanelProducts::choose(bool whole) {
  if (whole == is_whole_) return;
  is_whole_ = whole;
  find_error();
  const std::size_t m = targets_.size(), width = panels_ * kPanel;
  if (!whole) {
    single_.reserve(width * d_);
    std::fill(single_.data(), single_.data() + width * d_, 0.0f);
    for (std::size_t j = 0; j < m; ++j) {
      const FramedPoint y = targets_[j];
      float* panel = single_.data() + (j / kPanel) * d_ * kPanel + j % kPanel;
      for (std::size_t k = 0; k < d_; ++k) panel[k * kPanel] = static_cast<float>(y[k]);
    }
    return;
  }
  const std::size_t pairs = (d_ + 1) / 2;
  const double scale = steps_per_unit(target_norm_);
  whole_.reserve(2 * width * pairs);
  std::fill(whole_.data(), whole_.data() + 2 * width * pairs, std::int16_t{0});
  for (std::size_t j = 0; j < m; ++j) {
    const FramedPoint y = targets_[j];
    std::int16_t* panel = whole_.data() + 2 * ((j / kPanel) * pairs * kPanel + j % kPanel);
    for (std::size_t k = 0; k < d_; ++k)
      panel[k / 2 * 2 * kPanel + k % 2] = whole_number(scale * y[k]);
  }
}

std::size_t PanelProducts::panel_bytes() const {
  return kPanel * (is_whole_ ? 4 * ((d_ + 1) / 2) : 4 * d_);
}

void PanelProducts::pack(const FramedCloud& sources, const std::vector<double>& norms,
                         const std::uint32_t* rows, std::size_t count, PackedSources& out) const {
  const std::size_t lanes = count == 1 ? 1 : kernels_->row_block;
  out.lanes = lanes;
  out.blocks = (count + lanes - 1) / lanes;
  const std::size_t padded = out.blocks * lanes;
  if (!is_whole_) {
    out.single.reserve(padded * std::max<std::size_t>(d_, 1));
    for (std::size_t r = 0; r < padded; ++r) {
      const FramedPoint x = sources[rows[std::min(r, count - 1)]];
      float* to = out.single.data() + (r / lanes) * lanes * d_ + r % lanes;
      for (std::size_t k = 0; k < d_; ++k) to[k * lanes] = static_cast<float>(-2.0 * x[k]);
    }
    return;
  }
  const std::size_t pairs = (d_ + 1) / 2;
  const double target_scale = steps_per_unit(target_norm_);
  out.whole.reserve(2 * padded * std::max<std::size_t>(pairs, 1));
  out.unit.resize(padded);
  for (std::size_t r = 0; r < padded; ++r) {
    const std::uint32_t row = rows[std::min(r, count - 1)];
    const FramedPoint x = sources[row];
    const double scale = steps_per_unit(norms[row]);
    out.unit[r] = static_cast<float>(-2.0 / (scale * target_scale));
    std::int16_t* to = out.whole.data() + 2 * ((r / lanes) * lanes * pairs + r % lanes);
    for (std::size_t k = 0; k < d_; ++k) to[k / 2 * 2 * lanes + k % 2] = whole_number(scale * x[k]);
    if (d_ % 2 == 1) to[d_ / 2 * 2 * lanes + 1] = 0;
  }
}

void PanelProducts::multiply(const PackedSources& sources, std::size_t block,
                             std::size_t first_panel, std::size_t panels, float* out,
                             std::size_t stride) const {
  const std::size_t lanes = sources.lanes;
  if (is_whole_) {
    const std::size_t pairs = (d_ + 1) / 2;
    const std::int16_t* x = sources.whole.data() + 2 * block * lanes * pairs;
    const std::int16_t* y = whole_.data() + 2 * first_panel * pairs * kPanel;
    const float* unit = sources.unit.data() + block * lanes;
    if (lanes == 1)
      kernels_->whole_row_products(x, y, pairs, panels, *unit, out);
    else
      kernels_->whole_block_products(x, y, pairs, panels, unit, out, stride);
    return;
  }
  const float* x = sources.single.data() + block * lanes * d_;
  const float* y = single_.data() + first_panel * d_ * kPanel;
  if (lanes == 1)
    kernels_->row_products(x, y, d_, panels, out);
  else
    kernels_->block_products(x, y, d_, panels, out, stride);
}

// Single precision, in the worst case: both are rounded in conversion, in each of d multiplications
// and in the sum, in any order and with or without fused operations (Higham, Accuracy and Stability
// of Numerical Algorithms, 3.1). Whole numbers x' and y':
//   |<x, y> - <x', y'>| <= |x| |y - y'| + |x - x'| |y'|,
// and the sum is rounded to single precision, with its unit and their product.
void PanelProducts::find_error() {
  const double pair = 2.0 * target_norm_;
  if (is_whole_) {
    const double of_target = rounding_norm(target_norm_, d_), of_source = rounding_norm(1.0, d_);
    const double moved = 2.0 * (of_target + of_source * (target_norm_ + of_target));
    relative_error_ = moved + 4.0 * kUnit * (pair + moved);
  } else {
    const double terms = static_cast<double>(d_ + 4);
    relative_error_ = terms * kUnit / std::max(1.0 - terms * kUnit, 0.5) * pair;
  }
  underflow_ = 0x1p-120 * static_cast<double>(d_ + 1);
}

double PanelProducts::error(double source_norm) const {
  return relative_error_ * std::max(source_norm, kShortest) + underflow_;
}

}  // namespace laot::detail
