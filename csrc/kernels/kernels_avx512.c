/* AVX-512 (F, CD, BW, DQ, VL): 512-bit vectors. */
#include "kernels.h"
#if FA_X86_TARGETS
#define FA_ISA avx512
#define FA_HAS_FMA 1
#define FA_VECTOR __m512i
#define FA_STREAM _mm512_stream_si512
FA_TARGET_BEGIN("avx2,fma,avx512f,avx512cd,avx512bw,avx512dq,avx512vl" FA_PREFER_512)
#include "kernels.inc.h"
FA_TARGET_END
#endif
