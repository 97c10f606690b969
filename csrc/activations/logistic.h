#define E(x) __builtin_exp(x)
FA_INLINE F(point) F(sigmoid)(real x) { double s = 1/(1+E(-x)); return POINT(.value = s, .grad = s/(1+E(x))); }
FA_INLINE F(point) F(swish)(real x, real b) { double z = (double)b*x, s = 1/(1+E(-z)), g = s/(1+E(z)); return POINT(.value = x*s, .grad = s + z*g, .by_p=(double)x*x*g); }
FA_INLINE F(point) F(silu)(real x) { return F(swish)(x, 1); }
FA_INLINE F(point) F(softplus)(real x, real b) { double z=(double)x*b; double y = (__builtin_fmax(z,0) + __builtin_log1p(E(-__builtin_fabs(z))))/b; double s=1/(1+E(-z)); return POINT(.value = y, .grad=s, .by_p = (x*s-y)/b); }
FA_INLINE F(point) F(log_sigmoid)(real x) { return POINT(.value = -F(softplus)(-x, 1).value, .grad = 1/(1+E(x))); }
FA_INLINE F(point) F(mish)(real x) { double e = E(x), n = e*(e+2), t = x > 20 ? 1 : n/(n+2); return POINT(.value=x*t, .grad = x > 20 ? 1 : t + 4*x*e*(1+e)/((n+2)*(n+2))); }
