/* Which kernels this compiler and architecture can build. */
#ifndef FA_PLATFORM_H
#define FA_PLATFORM_H

#if defined(__aarch64__) || defined(_M_ARM64)
#define FA_ARM64 1
#else
#define FA_ARM64 0
#endif

/* GCC and Clang know target regions. */
#if defined(__x86_64__) && defined(__GNUC__)
#define FA_X86_TARGETS 1
#include <immintrin.h>
#define FA_STREAM_END() _mm_sfence()
#else
#define FA_X86_TARGETS 0
#define FA_STREAM_END() (void)0
#endif

#endif
