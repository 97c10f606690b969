/* AVX2 and FMA: 256-bit vectors. */
#include "kernels.h"
#if FA_X86_TARGETS
#define FA_ISA avx2
#define FA_HAS_FMA 1
#define FA_VECTOR __m256i
#define FA_STREAM _mm256_stream_si256
FA_TARGET_BEGIN("avx2,fma")
#include "kernels.inc.h"
FA_TARGET_END
#endif
