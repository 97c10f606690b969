/* The exact results, by the formulas of csrc/exact in Taylor polynomials. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "functions.hpp"

#define FA_EXACT_H /* its loops are not read */
#define FA_EXACT_LIBRARY_H /* the type and its functions are those of functions.hpp */
#define EXACT_FORMULAS
#define EXACT_WIDE
#define EXACT_QUAD
#define REAL(literal) literal##Q
#define real proof::Taylor

namespace exact {
#include "exact/exact.c"
}

#undef real
#undef REAL
#undef POLYNOMIAL
