# The one list of core sources, in the order of the rooms. CMake and the R package both read it.
set(LAOT_CORE_SOURCES
  src/base/error.cpp
  src/base/random.cpp
  src/parallel/context.cpp
  src/parallel/parallel_for.cpp
  src/parallel/machine.cpp
  src/assignment/shortest_paths.cpp
  src/transport/exact_transport.cpp
  src/transport/coupling.cpp
  src/nets/kernels.cpp
  src/nets/parameters.cpp
  src/nets/icnn.cpp
  src/nets/icnn_pass.cpp
  src/nets/cellot_loss.cpp
)
set(LAOT_CAPI_SOURCES
)
