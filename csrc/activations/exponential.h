FA_INLINE F(point) F(elu)(real x, real a) { double m = __builtin_expm1(x); return POINT(.value = x>0?x:a*m, .grad = x>0?1:a*E(x), .by_p = x>0?0:m); }
FA_INLINE F(point) F(selu)(real x) { double a=1.6732632423543772848170429916717, s=1.0507009873554804934193349852946; return POINT(.value = s*(x>0?x:a*__builtin_expm1(x)), .grad = x>0?s:s*a*E(x)); }
FA_INLINE F(point) F(celu)(real x, real a) { double m = __builtin_expm1(x/a); return POINT(.value = x>0?x:a*m, .grad = x>0?1:E(x/a), .by_p = x>0?0:m - E(x/a)*x/a); }
