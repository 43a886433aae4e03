// Scores of predicted against observed cells: how far two clouds of cells are from each other, and
// in which sense. Matrices are features x cells, in the units in which the score is wanted.
// Undefined scores (one cell, constant vectors, no positive distance) are NaN; each header says
// when.
#pragma once

#include "laot/metrics/distances.hpp"
#include "laot/metrics/features.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/metrics/registry.hpp"
#include "laot/metrics/weighted.hpp"
