/* A bound of the error of an operation for all x of an interval. */
#pragma once
#include "cases.hpp"

namespace proof {

/* Near a root, as in fastact/_roots.py; the distance is over the root. */
constexpr wide near_distance = 0x1p-3L, near_size = 0x1p-6L, near_allowed = 0x1p-56L;

/* The part of an interval, as t, about where the spacing of the exact result changes; empty if it does not. */
struct Bend {
    wide from = 1, to = -1;
};

struct Piece {
    double low, high; /* of one sign and with the same spacing, or 0 */
    int in_range;
    int by_default;           /* the parameters */
    double from[2], to[2];    /* otherwise, between which they are */
    wide bound = infinity; /* in ULP */
    Bend bend = {};

    bool operator<(const Piece &other) const { return bound < other.bound; }
};

/* By a step of Newton's method, and what the polynomial differs by from a line. */
inline Bend bend(const Taylor &want) {
    const Interval range = want.range();
    if (range.has_zero() || !(range.magnitude() < overflow) || want.c[1] == 0) return {};
    const wide power = std::copysign(std::scalbn(1.0L, std::ilogb(range.magnitude())), range.lo);
    const wide slope = std::fabs(want.c[1]), t = static_cast<wide>(static_cast<quad>(power) - want.c0) / want.c[1];
    const wide around = 2 * (want.radius() - slope) / slope;
    return std::fabs(t) < 1 && around < 0.25L ? Bend{t - around, t + around} : Bend{};
}

inline Number argument(double low, double high, const Taylor &x) {
    if (low == high) return constant(low);
    Node *const node = memory.node();
    node->ideal = x;
    node->range = {low, high};
    node->grid = exponent_of_ulp(std::min(std::fabs(low), std::fabs(high)));
    node->is_known = node->has_exact_operands = true;
    return Number(node);
}

/* |got - want| in ULP where both are finite: what the formula differs by, and its roundings; or what the ranges allow.
 *
 * With E for all but the last rounding, and u for the smallest spacing of the exact results, let the last rounding come to
 * more than u / 2, which it does from a power of two on, but to u at most. If E < u, the error is nevertheless at most E +
 * u / 2 where the exact result is below that power: a sum below it is rounded by at most u / 2, and one above it, which is
 * less than u above it, to the power itself, whose distance from the exact result is less than that of the sum. Exact
 * results above have a spacing of 2 u, in which E + u is at most E / 2 + 1 / 2. */
inline wide finite_error(const Node &got, const Taylor &want) {
    const Interval exact = want.range(), apart = {got.range.lo - exact.hi, got.range.hi - exact.lo};
    const bool is_same = identities.are_same(got.ideal.identity(), want.identity());
    const Taylor by_formula = is_same ? Taylor(0) : got.ideal - want;
    const int exponent = exponent_of_ulp(want.least_magnitude());
    const wide whole = std::min(above(by_formula.magnitude() + uncertainty(got)), above(apart.magnitude()));
    if (whole == 0) return 0;
    const wide error = std::scalbn(whole, -exponent), last = std::scalbn(got.last_rounding, -exponent);
    if (!(last > 0.5L && last <= 1) || got.count == 0 || got.terms[got.count - 1].symbol != got.last_symbol)
        return error;
    Node before = got;
    before.count--;
    const wide rest = std::scalbn(above(by_formula.magnitude() + uncertainty(before)), -exponent);
    return rest < 1 ? std::min(error, rest + 0.5L) : error;
}

/* In the formulas of the exact result constants are rounded to quadruple precision, and arguments are clamped where it is
 * below 2^-10000. What has the digits of long double is no such constant, nor made of one. */
inline void allow_for_constants(Taylor *want) {
    if (want->rest == 0 && static_cast<quad>(want->first()) == want->c0) return;
    want->rest = above(want->rest + want->magnitude() * 0x1p-90L + 0x1p-1200L);
}

/* In ULP, and 0 where the absolute error counts and is allowed: next to a root. */
inline wide error(const Case &of, const Taylor &x, const Node &got, Taylor want) {
    allow_for_constants(&want);
    const Interval exact = want.range();
    if (!got.is_known) return infinity;
    const bool is_rounded = identities.are_same(got.ideal.identity(), want.identity()); /* or exact */
    if (!got.is_finite()) {
        return is_rounded || (got.range.lo > 0 ? exact.lo >= overflow : exact.hi <= -overflow) ? 0 : infinity;
    }
    if (!want.is_below(overflow) && !(is_rounded && got.has_exact_operands)) return infinity;
    const wide found = finite_error(got, want), root = root_of(of);
    const wide absolute = std::scalbn(found, exponent_of_ulp(want.least_magnitude()));
    const Interval distance = x.range() - Interval{root, root};
    const bool is_near = distance.magnitude() < near_distance * std::fabs(root) && exact.magnitude() < near_size;
    return is_near && absolute <= near_allowed ? 0 : found;
}

/* So many terms that what they leave out of functions such as e^x hardly counts. */
inline int degree_for(wide half_width) {
    if (half_width < 0x1p-30L) return 2;
    if (half_width < 0x1p-20L) return 4;
    return half_width < 0x1p-12L ? 6 : Taylor::highest_degree;
}

/* What the exact formulas take for a number that is known, or is anything from low to high. */
inline Taylor exact_argument(double low, double high, int id) {
    const quad from = low, to = high;
    Taylor y((from + to) / 2);
    y.rest = above(static_cast<wide>((to - from) / 2));
    y.id = low == high ? 0 : id;
    return y;
}

struct Found {
    wide error;
    Bend bend;
};

inline Found on_this_path(const Case &of, int fma, const Piece &piece, Taylor x) {
    memory.clear(), identities.clear();
    x.id = piece.low == piece.high ? 0 : identities.of('x', 1, 1);
    Number p[2];
    Taylor exact_p[2];
    for (int i = 0; i < of.parameters; i++) {
        exact_p[i] = exact_argument(piece.from[i], piece.to[i], identities.of('p', i + 1, 1));
        p[i] = piece.by_default ? Number(of.defaults[i]) : argument(piece.from[i], piece.to[i], exact_p[i]);
        if (piece.by_default) exact_p[i] = Taylor(of.defaults[i]);
    }
    try {
        const Number got = of.kernel[fma](argument(piece.low, piece.high, x), p, piece.in_range);
        const Taylor want = of.exact(x, exact_p);
        const wide found = error(of, x, *got.node, want);
        return {found < infinity ? found : infinity, bend(want)};
    } catch (const TooMuch &) {
        return {infinity, {}};
    } catch (const Impossible &) {
        return {0, {}};
    }
}

inline void evaluate(const Case &of, int fma, Piece *piece) {
    const quad low = piece->low, high = piece->high;
    Taylor x((low + high) / 2, up(static_cast<wide>((high - low) / 2)));
    identities.is_on = !piece->by_default;
    Taylor::degree = degree_for(x.c[1] == 0 ? 0 : x.c[1] / std::min(1.0L, x.first_magnitude()));
    piece->bound = 0;
    paths.begin();
    do {
        const Found found = on_this_path(of, fma, *piece, x);
        if (found.error > piece->bound) piece->bound = found.error, piece->bend = found.bend;
    } while (piece->bound < infinity && paths.advance());
}

} // namespace proof
