/* Intervals of long double. Operations round to nearest, within 2^-64 of a result that is not subnormal; ends are moved
 * outward by 2^-62, and what is below `smallest` counts as anything below it. */
#pragma once
#include <algorithm>
#include <cfloat>
#include <cmath>

namespace proof {

using wide = long double;
static_assert(LDBL_MANT_DIG >= 64 && LDBL_MAX_EXP >= 16384);

constexpr wide margin = 0x1p-62L, smallest = 0x1p-16000L, infinity = INFINITY;

inline wide up(wide v) { return v + std::fabs(v) * margin; }
inline wide down(wide v) { return v - std::fabs(v) * margin; }

/* An upper bound of a sum or a product of a few terms that are not negative. */
inline wide above(wide v) { return v == 0 ? 0 : v * (1 + 0x1p-40L) + smallest; }

struct Interval {
    wide lo, hi;

    bool is_point() const { return lo == hi; }
    bool has_zero() const { return lo <= 0 && hi >= 0; }
    wide magnitude() const { return std::max(std::fabs(lo), std::fabs(hi)); }
    wide least_magnitude() const { return has_zero() ? 0 : std::min(std::fabs(lo), std::fabs(hi)); }
    Interval operator-() const { return {-hi, -lo}; }
};

inline Interval operator+(Interval a, Interval b) { return {down(a.lo + b.lo), up(a.hi + b.hi)}; }
inline Interval operator-(Interval a, Interval b) { return a + -b; }
inline Interval intersection(Interval a, Interval b) { return {std::max(a.lo, b.lo), std::min(a.hi, b.hi)}; }
inline Interval widened(Interval a, wide by) { return {down(a.lo - by), up(a.hi + by)}; }

inline Interval product(wide a, wide b) {
    const wide exact = a * b;
    if (a == 0 || b == 0) return {0, 0};
    return std::fabs(exact) < smallest ? Interval{-smallest, smallest} : Interval{down(exact), up(exact)};
}

inline Interval operator*(Interval a, Interval b) {
    const Interval ends[] = {product(a.lo, b.lo), product(a.lo, b.hi), product(a.hi, b.lo), product(a.hi, b.hi)};
    Interval hull = ends[0];
    for (const Interval &end : ends) hull = {std::min(hull.lo, end.lo), std::max(hull.hi, end.hi)};
    return hull;
}

/* 1 / b for a b without 0. */
inline Interval inverse(Interval b) { return {down(1 / b.hi), up(1 / b.lo)}; }

/* A number known to lie within `radius` of `middle`. */
struct Ball {
    wide middle, radius;

    wide magnitude() const { return above(std::fabs(middle) + radius); }
};

inline Ball ball(Interval a) {
    const wide middle = a.lo / 2 + a.hi / 2;
    return {middle, above(std::max(a.hi - middle, middle - a.lo) + std::fabs(middle) * margin)};
}
inline Ball operator+(Ball a, Ball b) {
    const wide middle = a.middle + b.middle;
    return {middle, above(a.radius + b.radius + std::fabs(middle) * margin)};
}
inline Ball operator*(Ball a, Ball b) {
    const wide middle = a.middle * b.middle;
    const wide rest = std::fabs(a.middle) * b.radius + a.radius * std::fabs(b.middle) + a.radius * b.radius;
    return {middle, above(rest + std::fabs(middle) * margin)};
}

} // namespace proof
