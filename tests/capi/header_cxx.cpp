// The header alone, from strict C++; whatever it declares has C linkage and can be overloaded on.
#include "laot.h"

extern "C" int laot_header_in_c99(void);

int main() {
  const laot_cancel_fn cancel = nullptr;
  laot_method_info info = {};
  info.struct_size = sizeof info;
  return laot_header_in_c99() + (cancel ? 1 : 0) +
         (laot_method_describe(0, &info) == LAOT_OK ? 0 : 1);
}
