// The kernels in plain C++, for every machine.
#include <algorithm>
#include <limits>

#include "kernels.hpp"

namespace laot::detail {

namespace {

// 4 x 8 sums fill half of the 16 registers of the smallest vector sets; compilers keep them there.
constexpr int kTileRows = 4, kTileColumns = 8;
constexpr std::size_t kRowBlock = 2 * kTileRows;

void tile_products(const float* block, const float* panel, std::size_t d, float* out,
                   std::size_t stride) {
  float sum[kTileRows][kTileColumns] = {};
  for (std::size_t k = 0; k < d; ++k, block += kRowBlock, panel += kPanel)
    for (int r = 0; r < kTileRows; ++r)
      for (int c = 0; c < kTileColumns; ++c) sum[r][c] += block[r] * panel[c];
  for (int r = 0; r < kTileRows; ++r)
    for (int c = 0; c < kTileColumns; ++c) out[r * stride + c] = sum[r][c];
}

void block_products(const float* block, const float* panel, std::size_t d, std::size_t panels,
                    float* out, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p, panel += kPanel * d, out += kPanel)
    for (std::size_t r = 0; r < kRowBlock; r += kTileRows)
      for (std::size_t c = 0; c < kPanel; c += kTileColumns)
        tile_products(block + r, panel + c, d, out + r * stride + c, stride);
}

void row_products(const float* row, const float* panel, std::size_t d, std::size_t panels,
                  float* out) {
  for (std::size_t p = 0; p < panels; ++p, out += kPanel) {
    float sum[kPanel] = {};
    for (std::size_t k = 0; k < d; ++k, panel += kPanel)
      for (std::size_t c = 0; c < kPanel; ++c) sum[c] += row[k] * panel[c];
    std::copy(sum, sum + kPanel, out);
  }
}

// A shift makes them positive, so that they can be rounded by cutting off.
void narrow(const float* raw, std::size_t columns, float scale, std::int16_t* code) {
  constexpr int kShift = 32768;
  for (std::size_t j = 0; j < columns; ++j)
    code[j] =
        static_cast<std::int16_t>(static_cast<int>(raw[j] * scale + (kShift + 0.5F)) - kShift);
}

void widen(const std::int16_t* code, std::size_t columns, float step, float* raw) {
  for (std::size_t j = 0; j < columns; ++j) raw[j] = static_cast<float>(code[j]) * step;
}

void group_minima(const float* raw, const float* minus_v, std::size_t columns, float* minima) {
  std::fill(minima, minima + kMinima, kHuge);
  for (std::size_t p = 0; p < columns; p += kPanel) {
    float* group = minima + (p / kPanel % 2) * kPanel;
    for (std::size_t c = 0; c < kPanel; ++c)
      group[c] = std::min(group[c], raw[p + c] + minus_v[p + c]);
  }
}

std::size_t collect(const float* raw, const float* minus_v, std::size_t columns, float limit,
                    std::uint32_t first, float* value, std::uint32_t* column) {
  std::size_t count = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const float sum = raw[j] + minus_v[j];
    value[count] = sum;  // kept only where it counts, so that nothing depends on a branch
    column[count] = first + static_cast<std::uint32_t>(j);
    count += sum <= limit ? 1 : 0;
  }
  return count;
}

double dot(FramedPoint a, FramedPoint b, std::size_t d) {
  double sum[kDotLanes] = {};
  std::size_t k = 0;
  for (; k + kDotLanes <= d; k += kDotLanes)
    for (std::size_t q = 0; q < kDotLanes; ++q) sum[q] += a.moved(k + q) * b.moved(k + q);
  for (std::size_t q = 0; k < d; ++k, ++q) sum[q] += a.moved(k) * b.moved(k);
  return sum_of_lanes(sum) * a.scale * b.scale;
}

void dots(FramedPoint a, const FramedPoint* b, std::size_t d, double* out) {
  for (std::size_t q = 0; q < kDots; ++q) out[q] = dot(a, b[q], d);
}

ListMinimum list_minimum(const double* cost, const std::uint32_t* column, const double* v) {
  ListMinimum out{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(),
                  0};
  for (std::size_t t = 0; t < kListLength; ++t) {
    const double reduced = cost[t] - v[column[t]];
    if (reduced < out.least) {
      out.second = out.least;
      out.least = reduced;
      out.position = t;
    } else if (reduced < out.second) {
      out.second = reduced;
    }
  }
  return out;
}

double offer(const Offer& offer, const double* price, std::size_t columns, double* distance,
             std::uint32_t* by) {
  double least[kOfferLanes];
  std::fill(least, least + kOfferLanes, std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < columns; ++j) offer_one(offer, price, j, distance, by, least);
  return *std::min_element(least, least + kOfferLanes);
}

}  // namespace

const Kernels portable_kernels = {kRowBlock, block_products, row_products, nullptr, nullptr,
                                  narrow,    widen,          group_minima, collect, dot,
                                  dots,      stable_places,  list_minimum, offer};

}  // namespace laot::detail
