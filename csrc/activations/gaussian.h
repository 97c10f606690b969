FA_INLINE F(point) F(gelu)(real x) { double P = 0.5*__builtin_erfc(-x/1.41421356237309504880); return POINT(.value = x*P, .grad = P + x*E(-0.5*x*x)*0.398942280401432677940); }
FA_INLINE F(point) F(gelu_tanh)(real x) { double k = 0.79788456080286535588, u=k*(x+0.044715*x*x*x), s = 1/(1+E(-2*u)), g = s/(1+E(2*u)); return POINT(.value=x*s, .grad = s + 2*x*g*k*(1+3*0.044715*x*x)); }
