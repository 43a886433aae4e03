#include "laot/parallel/tasks.hpp"

namespace laot {

void run_tasks(Context& context, const char* stage, std::size_t count,
               const std::function<void(std::size_t, Context&)>& task) {
  parallel_for(context, count, 1, [&](std::size_t number, std::size_t, int worker) {
    Context inner;
    inner.seed = context.seed;
    if (worker == 0) {
      context.poll(stage, static_cast<double>(number) / static_cast<double>(count));
      inner.cancel = [&context] {
        context.poll();
        return false;
      };
    } else {
      inner.cancel = [&context] { return context.stopping(); };
    }
    task(number, inner);
  });
  context.poll(stage, 1.0);
}

}  // namespace laot
