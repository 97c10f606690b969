/* The mathematics is written once for both types: include with FA_REAL 32 or 64. No include guard: each inclusion
 * changes the type. */
#undef real
#undef integer
#undef unsigned_integer
#undef F
#undef FMA
#undef POLYNOMIAL

#if FA_REAL == 32
#define real float
#define integer int32_t
#define unsigned_integer uint32_t
#define F(name) name##_f32
#else
#define real double
#define integer int64_t
#define unsigned_integer uint64_t
#define F(name) name##_f64
#endif

/* a b + c, rounded once where the ISA can. */
#if !FA_HAS_FMA
#define FMA(a, b, c) ((a) * (b) + (c))
#elif FA_REAL == 32
#define FMA(a, b, c) __builtin_fmaf(a, b, c)
#else
#define FMA(a, b, c) __builtin_fma(a, b, c)
#endif

#define POLYNOMIAL(x, coefficients) F(polynomial)(x, coefficients, sizeof(coefficients) / sizeof(real))
