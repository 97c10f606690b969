/* What a kernels_<isa>.c needs ahead of its target region: system headers and the compiler's spelling of the region. */
#ifndef FA_KERNELS_H
#define FA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "loops.h"
#include "operations.h"
#include "platform.h"

#ifdef __FAST_MATH__
#error "the error bounds do not hold with -ffast-math"
#endif

#define FA_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define FA_TARGET_BEGIN(isa) FA_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define FA_TARGET_END _Pragma("clang attribute pop")
#define FA_PREFER_512 /* Clang takes it on the command line only */
#else
#define FA_TARGET_BEGIN(isa) _Pragma("GCC push_options") FA_PRAGMA(GCC target(isa))
#define FA_TARGET_END _Pragma("GCC pop_options")
#define FA_PREFER_512 ",prefer-vector-width=512"
#endif

#endif
