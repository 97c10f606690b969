/* The formulas of the kernels, as they are compiled with FMA and without, for numbers that stand for all x of
 * an interval. */
#pragma once
#include <stdint.h>

#include "bits.hpp"

#define float proof::Number /* of float32's formulas only the words are read */
#define double proof::Number
#define int64_t proof::Bits
#define uint64_t proof::Bits
#define FA_REAL 64
#define FA_INLINE static inline
#define FA_UNROLL
#define __builtin_fabs(x) proof::absolute(x)
#define __builtin_fabsf(x) proof::absolute(x)
#define __builtin_fma(a, b, c) proof::fma(a, b, c)
#define __builtin_memcpy(to, from, size) proof::copy_bits(to, from)
#define __builtin_constant_p(a) proof::is_constant(a)

#define FA_HAS_FMA 1
namespace with_fma {
#include "kernels/formulas.inc.h"
}
#undef FA_HAS_FMA
#undef POINT
#undef ANY_RANGE

#define FA_HAS_FMA 0
#define FA_EXACT_ERROR(a, b, product) proof::dekker_error(a, b, product)
namespace without_fma {
#include "kernels/formulas.inc.h"
}
#undef FA_EXACT_ERROR
#undef FA_HAS_FMA

#undef float
#undef double
#undef int64_t
#undef uint64_t
#undef __builtin_fabs
#undef __builtin_fabsf
#undef __builtin_fma
#undef __builtin_memcpy
#undef __builtin_constant_p
#undef real
#undef integer
#undef unsigned_integer
#undef F
#undef FMA
#undef POLYNOMIAL
#undef POINT
#undef ANY_RANGE
#undef IS_ONE
#undef IS_POSITIVE
#undef NO_LOW
