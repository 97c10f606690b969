FA_INLINE double F(EXP)(double x) { return __builtin_exp(x); }
