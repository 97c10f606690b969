/* A function of t in [-1, 1], where x = x0 + t h: a polynomial, and a bound of what the function differs by from it.
 * Its first coefficient has quadruple precision, the others, which are small where the interval of x is, long double's.
 * Errors of the coefficients count to the bound: 2^-111 of the first and 2^-60 of the others are more than the few
 * roundings of an operation. */
#pragma once
#include <cstring>

#include "identity.hpp"
#include "interval.hpp"

namespace proof {

using quad = __float128;

class Taylor {
  public:
    static constexpr int highest_degree = 8;
    static inline int degree = highest_degree; /* of the polynomials in use: small intervals need few terms */
    quad c0 = 0;
    wide c[highest_degree + 1] = {}; /* c[0] is c0 rounded */
    wide rest = 0;
    int id = 0; /* of the expression, if it has one */

    Taylor() = default;
    Taylor(quad value) : c0(value) { c[0] = static_cast<wide>(value); }
    Taylor(quad value, wide slope) : Taylor(value) { c[1] = slope; }
    Taylor(double value) : c0(value) { c[0] = value; }
    Taylor(float value) : Taylor(static_cast<double>(value)) {}
    Taylor(int value) : Taylor(static_cast<double>(value)) {}

    wide first() const { return c[0]; }
    /* The number of the expression, or of the double that it is. */
    int identity() const {
        if (id != 0 || !identities.is_on || c[1] != 0 || rest != 0) return id;
        const double value = static_cast<double>(c0) + 0.0; /* with one zero */
        if (static_cast<quad>(value) != c0) return 0;
        long bits;
        std::memcpy(&bits, &value, sizeof bits);
        return identities.of('0', bits == 0 ? 1 : bits, 1);
    }
    bool is_point() const { return c[1] == 0; } /* where nothing but rest is left, too */
    wide first_magnitude() const { return up(std::fabs(first())); }

    /* Of the function from the first coefficient. */
    wide radius() const {
        wide sum = rest;
        for (int k = 1; k <= degree; k++) sum += std::fabs(c[k]);
        return above(sum);
    }
    wide magnitude() const { return above(first_magnitude() + radius()); }

    Interval range() const {
        const bool is_exact = static_cast<quad>(first()) == c0;
        const Interval middle = is_exact ? Interval{first(), first()} : Interval{down(first()), up(first())};
        return radius() == 0 ? middle : widened(middle, radius());
    }

    /* Whether the magnitude is, to the digits of the first coefficient. */
    bool is_below(wide limit) const {
        return (c0 < 0 ? -c0 : c0) + static_cast<quad>(radius()) < static_cast<quad>(limit);
    }

    /* A lower bound of the magnitude, to the digits of the first coefficient. */
    wide least_magnitude() const {
        const quad size = (c0 < 0 ? -c0 : c0) - static_cast<quad>(radius());
        const wide nearest = static_cast<wide>(size);
        if (size <= 0) return 0;
        return static_cast<quad>(nearest) > size ? down(nearest) : nearest;
    }

    Taylor without_first() const {
        Taylor y = *this;
        y.c0 = y.c[0] = 0;
        y.id = 0;
        return y;
    }
    Taylor operator-() const {
        Taylor y = *this;
        y.c0 = -c0;
        y.id = identities.of('-', identity(), 1);
        for (wide &coefficient : y.c) coefficient = -coefficient;
        return y;
    }
};

inline wide rounding_of_first(const Taylor &y) { return std::fabs(y.first()) * 0x1p-111L; }

/* Whether the first coefficient of a result is exact, which counts, and is looked at, where an x is alone. The larger term
 * of an exact sum can be taken off again; a product of doubles has 106 digits. */
inline bool is_exact_sum(const Taylor &a, const Taylor &b, quad sum) {
    if (!a.is_point() || !b.is_point()) return false;
    return std::fabs(a.first()) >= std::fabs(b.first()) ? sum - a.c0 == b.c0 : sum - b.c0 == a.c0;
}
inline bool has_digits_of_double(quad a) { return static_cast<quad>(static_cast<double>(a)) == a; }
inline bool is_exact_product(const Taylor &a, const Taylor &b) {
    return a.is_point() && b.is_point() && has_digits_of_double(a.c0) && has_digits_of_double(b.c0);
}

/* The expression of a sum, whose neutral operand is 0, or of a product, whose is 1. */
inline int commuting(char operation, const Taylor &a, const Taylor &b) {
    if (!identities.is_on) return 0;
    const int p = a.identity(), q = b.identity(), neutral = Taylor(operation == '*').identity();
    if (p == neutral || q == neutral) return p == neutral ? q : p;
    return identities.of(operation, std::min(p, q), std::max(p, q));
}

inline Taylor operator+(const Taylor &a, const Taylor &b) {
    Taylor y(a.c0 + b.c0);
    wide rest = a.rest + b.rest + (is_exact_sum(a, b, y.c0) ? 0 : rounding_of_first(y));
    for (int k = 1; k <= Taylor::degree; k++) {
        y.c[k] = a.c[k] + b.c[k];
        if (a.c[k] != 0 && b.c[k] != 0) rest += std::fabs(y.c[k]) * 0x1p-60L;
    }
    y.rest = above(rest);
    y.id = commuting('+', a, b);
    return y;
}
inline Taylor operator-(const Taylor &a, const Taylor &b) { return a + -b; }

inline Taylor operator*(const Taylor &a, const Taylor &b) {
    const int degree = Taylor::degree;
    Taylor y(a.c0 * b.c0);
    wide rounded = 0, dropped = 0;
    for (int i = 0; i <= degree; i++) {
        if (a.c[i] == 0) continue;
        for (int k = 0; k <= degree; k++) {
            const wide term = a.c[i] * b.c[k];
            if (i + k > degree) dropped += std::fabs(term);
            if (i + k > 0 && i + k <= degree) y.c[i + k] += term, rounded += std::fabs(term);
        }
    }
    const wide crossed = a.rest * b.magnitude() + b.rest * a.magnitude();
    const wide first = is_exact_product(a, b) ? 0 : rounding_of_first(y);
    y.rest = above(dropped + rounded * 0x1p-60L + crossed + first);
    y.id = commuting('*', a, b);
    return y;
}

/* Any polynomial may be tried as a quotient: what times the divisor it lacks to the dividend bounds its error. */
inline Taylor operator/(const Taylor &a, const Taylor &b) {
    const Interval divisor = b.range();
    Taylor y(a.c0 / b.c0);
    if (!(divisor.least_magnitude() > 0)) {
        y.rest = infinity;
        return y;
    }
    for (int k = 1; k <= Taylor::degree; k++) {
        wide sum = a.c[k] - b.c[k] * y.first();
        for (int i = 1; i < k; i++) sum -= b.c[i] * y.c[k - i];
        y.c[k] = sum / b.first();
    }
    const Taylor residue = a - y * b;
    y.rest = above(residue.magnitude() / divisor.least_magnitude());
    return y;
}

/* a < b and a <= b, where a path decides what the ranges leave open. */
inline bool less_than(Interval a, Interval b, int id_a = 0, int id_b = 0) {
    if (a.hi < b.lo) return true;
    if (a.lo >= b.hi) return false;
    if (!(a.lo <= b.hi)) return false; /* NaN */
    return id_a != 0 && id_b != 0 ? identities.order(id_a, id_b) < 0 : paths.choose(2) == 0;
}
inline bool at_most_as(Interval a, Interval b, int id_a = 0, int id_b = 0) {
    if (a.hi <= b.lo) return true;
    if (a.lo > b.hi) return false;
    if (!(a.lo <= b.hi)) return false;
    return id_a != 0 && id_b != 0 ? identities.order(id_a, id_b) <= 0 : paths.choose(2) == 0;
}

/* Ranges of a known x overlap less by their difference; with parameters they are decided as numbers' are. */
inline bool operator<(const Taylor &a, const Taylor &b) {
    if (identities.is_on) return less_than(a.range(), b.range(), a.identity(), b.identity());
    return less_than((a - b).range(), {0, 0});
}
inline bool operator<=(const Taylor &a, const Taylor &b) {
    if (identities.is_on) return at_most_as(a.range(), b.range(), a.identity(), b.identity());
    return at_most_as((a - b).range(), {0, 0});
}
inline bool operator>(const Taylor &a, const Taylor &b) { return b < a; }
inline bool operator>=(const Taylor &a, const Taylor &b) { return b <= a; }
inline bool operator==(const Taylor &a, const Taylor &b) { return a <= b && b <= a; }

} // namespace proof
