// Independent tasks on the threads of a context.
#pragma once

#include <functional>

#include "laot/parallel.hpp"

namespace laot {

/// Runs task(number, context) for 0 .. count-1 on the context's threads. Each has a context of its
/// own with one thread and the same seed, which stops when the host wants to.
void run_tasks(Context& context, const char* stage, std::size_t count,
               const std::function<void(std::size_t task, Context& inner)>& task);

}  // namespace laot
