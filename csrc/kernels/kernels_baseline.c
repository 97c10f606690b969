/* The ISA every machine of the architecture has: SSE2 without FMA on x86-64. */
#include "kernels.h"
#if !FA_ARM64
#define FA_ISA baseline
#define FA_HAS_FMA 0
#if FA_X86_TARGETS
#define FA_VECTOR __m128i
#define FA_STREAM _mm_stream_si128
#endif
#include "kernels.inc.h"
#endif
