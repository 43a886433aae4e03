#pragma once

#include "laot/models.hpp"

namespace laot {

Method conditional_laot_method();
Method conditional_gaussian_method();
Method regressed_shift_method();
Method nearest_shift_method();

}  // namespace laot
