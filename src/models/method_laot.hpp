#pragma once

#include "laot/models.hpp"

namespace laot {
Method laot_method();
}  // namespace laot
