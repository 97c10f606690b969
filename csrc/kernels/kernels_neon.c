/* AArch64: Advanced SIMD and FMA are part of the architecture. */
#include "kernels.h"
#if FA_ARM64
#define FA_ISA neon
#define FA_HAS_FMA 1
#include "kernels.inc.h"
#endif
