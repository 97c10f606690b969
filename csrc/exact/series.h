/* Printed by csrc/coefficients/exact.py: roots in two words, derivatives about them, and series at 0. */
#ifndef FA_EXACT_SERIES_H
#define FA_EXACT_SERIES_H

static const double silu_root[] = {-0x1.474973c84120bp+0, -0x1.f8d74bc9ac154p-54};
static const double silu_slopes[] = {0x1.be1410460527fp-3,  0x1.2c563458cc0adp-3,  0x1.353eb573ca457p-6,
                                     -0x1.f2d0e32bc2994p-7, -0x1.b0f82c498fd2fp-8, 0x1.098e92b8f076dp-13,
                                     0x1.a2a7caf0ee747p-11, 0x1.8574d136d4cb4p-13, -0x1.57238dca12615p-15,
                                     -0x1.f2d8976600f6fp-16};
static const double mish_root[] = {-0x1.31432c0d12d84p+0, -0x1.bf319154da21p-55};
static const double mish_slopes[] = {
    0x1.115acb42500bbp-2,  0x1.a34a251d8ad7bp-3, 0x1.574f121a868dbp-5,  -0x1.4c222fe64d4fbp-6, -0x1.03369d4ac90fap-6,
    -0x1.b87ddfb51b745p-9, 0x1.1e5e184a0fep-10,  0x1.03799182b217fp-10, 0x1.0a7954e86867p-12,  -0x1.5fffa067220abp-15};
static const double gelu_root[] = {-0x1.80ead197f00b4p-1, 0x1.13e74c58cada8p-56};
static const double gelu_slopes[] = {
    0x1.b9d98fa5a3215p-2, 0x1.8d9a941de3ac5p-2, -0x1.2a2ef9bb865aep-6, -0x1.d2fa4c17c7e84p-4,  -0x1.e4088244f901dp-7,
    0x1.3e346def42057p-6, 0x1.297b9d6ffaacdp-8, -0x1.258a6d85633afp-9, -0x1.8680f74e6b6bap-11, 0x1.86c863b66083cp-13};
static const double gelu_tanh_root[] = {-0x1.81429f9e97e4dp-1, 0x1.4f523ed77dbdcp-55};
static const double gelu_tanh_slopes[] = {
    0x1.b8bacd2c96b91p-2, 0x1.8cd1a2b2fff33p-2, -0x1.029615edb077ap-6, -0x1.d2b77346470abp-4,  -0x1.104a83edc0ddcp-6,
    0x1.427996dc249cep-6, 0x1.58c9ed713486cp-8, -0x1.3d8d64170bb72p-9, -0x1.e63f294331885p-11, 0x1.14bf895a69517p-12};
static const real tanh_shrink_series[] = {
    REAL(3.33333333333333333333333333333333333e-1), REAL(-1.33333333333333333333333333333333333e-1),
    REAL(5.39682539682539682539682539682539683e-2), REAL(-2.18694885361552028218694885361552028e-2),
    REAL(8.86323552990219656886323552990219657e-3), REAL(-3.59212803657248101692546136990581435e-3),
    REAL(1.45583438705131826824948518070211192e-3), REAL(-5.90027440945585981378075993700021089e-4),
    REAL(2.39129114243552481485731458885112809e-4), REAL(-9.69153795692945032559587500038880938e-5)};
static const real selu_limit[] = {0x1.c212cc640f031p+0, REAL(1.41535193800844976045323985188731458e-17)};
static const real celu_grad_alpha_series[] = {REAL(-5.0e-1),
                                              REAL(-3.33333333333333333333333333333333333e-1),
                                              REAL(-1.25e-1),
                                              REAL(-3.33333333333333333333333333333333333e-2),
                                              REAL(-6.94444444444444444444444444444444444e-3),
                                              REAL(-1.19047619047619047619047619047619048e-3),
                                              REAL(-1.73611111111111111111111111111111111e-4),
                                              REAL(-2.20458553791887125220458553791887125e-5),
                                              REAL(-2.48015873015873015873015873015873016e-6),
                                              REAL(-2.50521083854417187750521083854417188e-7),
                                              REAL(-2.29644326866549088771310993533215755e-8),
                                              REAL(-1.92708526041859375192708526041859375e-9),
                                              REAL(-1.49119692770486421280072073722867374e-10),
                                              REAL(-1.07060292245477430662615847801032986e-11)};

#endif
