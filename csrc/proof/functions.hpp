/* The functions of the C library for Taylor polynomials. At x0 they are glibc's in quadruple precision, whose errors are
 * some 2^-112; 2^-100 are allowed. */
#pragma once
#define __STDC_WANT_IEC_60559_TYPES_EXT__ /* expf128 and its like */
#include <math.h>

#include "taylor.hpp"

namespace proof {

constexpr int terms = 12;

inline Taylor from_library(quad value) {
    Taylor y(value);
    y.rest = above(y.first_magnitude() * 0x1p-100L);
    return y;
}

inline Taylor unbounded() {
    Taylor y;
    y.rest = infinity;
    return y;
}

/* expm1(d) for |d| <= 1: the terms left out come to less than twice the first of them. */
inline Taylor expm1_near(const Taylor &d) {
    const wide size = d.magnitude();
    if (!(size <= 1)) return unbounded();
    Taylor sum(1);
    wide left_out = size;
    for (int k = terms; k > 1; k--) sum = Taylor(1) + sum * d / Taylor(k), left_out *= size / k;
    sum = sum * d;
    sum.rest = above(sum.rest + left_out * size / (terms + 1) * 2);
    return sum;
}

/* Positive and at most the value at the end. */
inline Taylor exp_far(const Taylor &a) {
    Taylor y;
    y.rest = above(std::exp(a.range().hi) * 2);
    return y;
}

inline Taylor exp(const Taylor &a) {
    if (!(a.radius() <= 1)) return exp_far(a);
    const Taylor first = from_library(expf128(a.c0));
    return first + first * expm1_near(a.without_first());
}

inline Taylor expm1(const Taylor &a) {
    if (!(a.radius() <= 1)) return exp_far(a) - Taylor(1);
    const Taylor first = from_library(expm1f128(a.c0));
    return first + (first + Taylor(1)) * expm1_near(a.without_first());
}

/* log1p(a) = log1p(a0) + log1p(u), u = (a - a0) / (1 + a0) with |u| <= 1/4: the terms left out come to less than twice
 * the first of them. */
inline Taylor log1p(const Taylor &a) {
    const Taylor u = a.without_first() / (Taylor(a.c0) + Taylor(1));
    const wide size = u.magnitude();
    if (!(size <= 0.25L)) return unbounded();
    Taylor sum;
    for (int k = terms; k > 0; k--) sum = (k % 2 ? Taylor(1) : Taylor(-1)) / Taylor(k) + sum * u;
    sum = sum * u;
    sum.rest = above(sum.rest + std::pow(size, static_cast<wide>(terms + 1)) * 2);
    return from_library(log1pf128(a.c0)) + sum;
}

inline Taylor fabs(const Taylor &a) { return a < Taylor(0) ? -a : a; }

inline Taylor tanh(const Taylor &a) {
    const bool negative = a < Taylor(0);
    const Taylor m = expm1(Taylor(-2) * (negative ? -a : a)), y = m / (Taylor(2) + m);
    return negative ? y : -y;
}

/* The derivative is -2 / sqrt(pi) e^(-a^2) a'(t). */
inline Taylor erfc(const Taylor &a) {
    Taylor exact = a, slope, y;
    exact.rest = 0;
    for (int k = 1; k <= Taylor::degree; k++) {
        const wide derivative = k * a.c[k];
        if (k == 1) slope.c0 = derivative;
        slope.c[k - 1] = derivative;
        slope.rest += std::fabs(derivative) * margin;
    }
    const quad factor = -1.128379167095512573896158903121545172Q; /* -2 / sqrt(pi) */
    const Taylor density = from_library(factor) * exp(-exact * exact), derivative = density * slope;
    wide rounded = 0;
    y.c[1] = derivative.first();
    for (int k = 2; k <= Taylor::degree; k++) y.c[k] = derivative.c[k - 1] / k;
    for (int k = 1; k <= Taylor::degree; k++) rounded += std::fabs(y.c[k]);
    const wide last = std::fabs(derivative.c[Taylor::degree]); /* its integral is dropped */
    /* a.rest: a differs by that at most from the polynomial, and the density hardly over such a distance */
    const wide by_rest = a.rest < 0x1p-20L ? a.rest * density.magnitude() * 2 : infinity;
    y.rest = above(derivative.rest + last + rounded * margin + by_rest);
    return from_library(erfcf128(a.c0)) + y;
}

} // namespace proof
