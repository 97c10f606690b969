/* The mathematics is written once for both types: include with FA_REAL 32 or 64. real is the type, integer the signed
 * integer of its size, F(name) the name with the type's suffix. No include guard: each inclusion changes the type. */
#undef real
#undef integer
#undef F
#undef FMA
#undef FA_FMA_BUILTIN

#if FA_REAL == 32
#define real float
#define integer int32_t
#define F(name) name##_f32
#define FA_FMA_BUILTIN __builtin_fmaf
#else
#define real double
#define integer int64_t
#define F(name) name##_f64
#define FA_FMA_BUILTIN __builtin_fma
#endif
