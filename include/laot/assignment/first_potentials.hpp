// Column potentials of a cold start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/assignment/candidate_rows.hpp"
#include "laot/assignment/stratified_sample.hpp"
#include "laot/parallel.hpp"
#include "laot/vector_path.hpp"

namespace laot::detail {

struct FirstPotentials {
  std::vector<double> of_columns;
  /// By how much they are off, in the mean square; infinite: unknown.
  double error;
};

/// Potentials of the columns for the costs -2 <x, y> of the framed clouds, close to those of an
/// optimum: a twelfth of the points of the smaller cloud, 2000 at most, is solved exactly, twice
/// (see first_potentials.cpp). They decide how long a search takes, not what it finds. The same
/// bits on each vector path and for each number of threads.
FirstPotentials first_potentials(const Masses& rows, const Masses& columns, VectorPath path,
                                 Context& context);

/// Typical share of their time in that of a solve.
constexpr double kFirstPotentialsDone = 0.1;

/// Gives them to the columns of `rows`, as the first part, kFirstPotentialsDone, of the caller's
/// progress; returns their error. The units are those of Masses.
double begin_at_first_potentials(CandidateRows& rows, const std::vector<std::int64_t>* supply,
                                 const std::vector<std::int64_t>* demand, VectorPath path,
                                 Context& context);

/// Bytes that this takes for so many rows and columns, without the potentials themselves.
double memory_of_first_potentials(std::size_t rows, std::size_t columns, std::size_t dimension);

}  // namespace laot::detail
