/* The header alone, as the strictest C99 program would include it, and twice. */
#include "laot.h"

int laot_header_in_c99(void);

int laot_header_in_c99(void) {
  /* Every macro is usable in the preprocessor, and an enum fits an int. */
#if LAOT_ABI_VERSION < 1
#error "LAOT_ABI_VERSION must count from 1"
#endif
  return LAOT_OK + (int)sizeof(laot_status) - (int)sizeof(int);
}
