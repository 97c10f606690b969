FA_INLINE F(point) F(tanh)(real x) { double t = __builtin_tanh(x), c = __builtin_cosh(x); return POINT(.value = t, .grad = 1/(c*c)); }
FA_INLINE F(point) F(tanh_shrink)(real x) { double t = __builtin_tanh(x); return POINT(.value = x-t, .grad = t*t); }
FA_INLINE F(point) F(softsign)(real x) { double r = 1/(1+__builtin_fabs(x)); return POINT(.value = x*r, .grad = r*r); }
