/* A float64 number of a formula, for all x of an interval at once: number = ideal + sum of coefficient * symbol + rest.
 *
 * ideal   what the formula gives with exact arithmetic, once it is known which way it takes: a Taylor polynomial in x.
 * symbols the rounding of one operation each, in [-1, 1]. The coefficients are enclosed for all x and for all values of
 *         the other symbols: sums, products and quotients of two such numbers have exact rules, nothing is linearised.
 * rest    bounds what is too small to be followed.
 * range   encloses the computed number, grid is such that the number is a multiple of 2^grid.
 *
 * A result that is the same number for all x becomes its own ideal. */
#pragma once
#include <climits>
#include <cstdint>
#include <type_traits>

#include "taylor.hpp"

namespace proof {

constexpr int digits = 53, lowest_exponent = -1074;
constexpr wide largest = 0x1.fffffffffffffp1023L, overflow = 0x1.fffffffffffff8p1023L; /* from there on, infinity */
constexpr int any_grid = 100000; /* of zero */

struct Term {
    int symbol;
    Ball coefficient;
};

struct Node {
    Taylor ideal;
    Interval range;
    wide rest;
    Term *terms;
    wide last_rounding; /* the coefficient of the operation that made the number, and its symbol; 0: it is exact */
    int last_symbol, count, grid;
    bool is_known; /* otherwise the number may be anything, NaN included */
    bool is_literal; /* a constant that the compiler folds */
    bool is_exact, has_exact_operands; /* of the operation that made the number */
    mutable const Node *minuend, *subtrahend; /* whose difference this is, exactly */

    bool is_point() const { return is_known && range.is_point(); }
    /* Of the expression that the number is exactly; 0 for others. */
    int identity() const { return is_finite() && count == 0 && rest == 0 ? ideal.identity() : 0; }
    bool is_finite() const { return is_known && range.magnitude() <= largest; }
};

/* What a path has computed; literals, of which tables are made before, stay. */
class Memory {
  public:
    Node *node() {
        if (used_nodes == max_nodes) throw TooMuch();
        nodes[used_nodes] = Node();
        return &nodes[used_nodes++];
    }
    Term *terms(size_t count) {
        if (count > max_terms - used_terms) throw TooMuch();
        used_terms += count;
        return all_terms + (used_terms - count);
    }
    void give_back(int count) { used_terms -= count; }
    int symbol() { return symbols++; }
    void clear() { used_nodes = kept_nodes, used_terms = symbols = 0; }
    void keep() { kept_nodes = used_nodes; }

  private:
    static constexpr size_t max_nodes = 1 << 15, max_terms = 1 << 20;
    Node *const nodes = new Node[max_nodes];
    Term *const all_terms = new Term[max_terms];
    size_t used_nodes = 0, used_terms = 0, kept_nodes = 0;
    int symbols = 0;
};

inline Memory memory;

inline int exponent(wide v) { return v == 0 ? lowest_exponent : std::max(std::ilogb(v), lowest_exponent); }

/* The exponent of the spacing at v. */
inline int exponent_of_ulp(wide v) { return std::max(exponent(v) - (digits - 1), lowest_exponent); }

inline int grid_of(double v) {
    if (v == 0) return any_grid;
    int power;
    double mantissa = std::frexp(v, &power);
    long long whole = static_cast<long long>(std::ldexp(mantissa, digits));
    return power - digits + __builtin_ctzll(static_cast<unsigned long long>(whole < 0 ? -whole : whole));
}

class Number {
  public:
    const Node *node = nullptr;

    Number() = default;
    explicit Number(const Node *node) : node(node) {}
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>> Number(T literal) {
        Node *const y = constant(static_cast<double>(literal));
        y->is_literal = true;
        node = y;
    }

    explicit operator int() const {
        if (!node->is_point()) throw TooMuch();
        return static_cast<int>(node->range.lo);
    }

    static Node *constant(double value) {
        Node *const y = memory.node();
        const bool finite = std::fabs(value) <= largest;
        y->ideal = Taylor(finite ? value : 0.0);
        y->range = {value, value};
        y->grid = finite ? grid_of(value) : 0;
        y->is_known = value == value;
        y->has_exact_operands = true;
        return y;
    }
    static Number unknown() {
        Node *const y = memory.node();
        y->range = {-infinity, infinity};
        return Number(y);
    }
};

/* The terms of a times `by_a`, of b times `by_b`, and room for one more at the end. */
inline Term *combined(const Node &a, const Ball *by_a, const Node &b, const Ball *by_b, int *count) {
    Term *const terms = memory.terms(a.count + b.count + 1);
    int i = 0, k = 0, n = 0;
    while (i < a.count || k < b.count) {
        const int of_a = i < a.count ? a.terms[i].symbol : INT_MAX, of_b = k < b.count ? b.terms[k].symbol : INT_MAX;
        Ball sum = {0, 0};
        if (of_a <= of_b) sum = by_a ? a.terms[i].coefficient * *by_a : a.terms[i].coefficient, i++;
        if (of_b <= of_a) {
            const Ball part = by_b ? b.terms[k].coefficient * *by_b : b.terms[k].coefficient;
            sum = of_a == of_b ? sum + part : part, k++;
        }
        terms[n++] = {std::min(of_a, of_b), sum};
    }
    memory.give_back(a.count + b.count - n);
    *count = n;
    return terms;
}

inline wide uncertainty(const Node &y) {
    wide sum = y.rest;
    for (int k = 0; k < y.count; k++) sum += y.terms[k].coefficient.magnitude();
    return above(sum);
}

/* What overflows, with the expression that it is the rounded value of. */
inline Number infinite(const Node &exact, bool negative) {
    Node *const y = Number::constant(negative ? -INFINITY : INFINITY);
    y->ideal.id = exact.count == 0 && exact.rest == 0 ? exact.ideal.identity() : 0;
    return Number(y);
}

/* The node of an exact result, its range known from the operands' too, as the operation rounds it, by `most` at most. */
inline Number rounded(Node *y, Interval of_operands, wide most = infinity) {
    const Interval exact = intersection(widened(y->ideal.range(), uncertainty(*y)), of_operands);
    if (!(exact.magnitude() < infinity) || !(exact.lo <= exact.hi)) return Number::unknown();
    const bool may_overflow = exact.magnitude() >= overflow, overflows = exact.least_magnitude() >= overflow;
    if (may_overflow && !overflows && (!identities.is_on || exact.has_zero())) return Number::unknown();
    if (overflows || (may_overflow && paths.choose(2) == 0)) return infinite(*y, exact.hi < 0);

    const double low = static_cast<double>(std::max(exact.lo, -largest));
    const double high = static_cast<double>(std::min(exact.hi, largest));
    if (low == high) return Number(Number::constant(low)); /* rounding is monotonic */
    /* Integers, such as the exponent of an exponential: where there are few, each has a path. */
    if (low >= 0x1p52 && high < 0x1p53 && high - low <= 3)
        return Number(Number::constant(low + paths.choose(static_cast<int>(high - low) + 1)));
    /* What is half-way between two numbers, as far as is known, is one of the two. */
    if (high == std::nextafter(low, high) && (exact.hi - exact.lo) * 32 < static_cast<wide>(high) - low &&
        paths.are_few())
        return Number(Number::constant(paths.choose(2) ? low : high));

    y->is_known = true;
    y->range = {low, high};
    y->has_exact_operands = y->count == 0 && y->rest == 0;
    const int coarsest = exponent_of_ulp(exact.magnitude());
    y->is_exact =
        y->grid >= lowest_exponent && exact.magnitude() <= std::scalbn(1.0L, std::min(y->grid, 2000) + digits);
    if (!y->is_exact) {
        y->last_rounding = std::min(most, std::scalbn(1.0L, coarsest - 1));
        y->last_symbol = memory.symbol();
        y->terms[y->count++] = {y->last_symbol, {y->last_rounding, 0}};
        y->grid = std::max(y->grid, exponent_of_ulp(exact.least_magnitude()));
    }
    /* What cannot matter is no longer followed. */
    const wide negligible = std::max(exact.magnitude(), smallest) * 0x1p-90L;
    int n = 0;
    for (int k = 0; k < y->count; k++) {
        const wide size = y->terms[k].coefficient.magnitude();
        if (size < negligible)
            y->rest = above(y->rest + size);
        else
            y->terms[n++] = y->terms[k];
    }
    y->count = n;
    return Number(y);
}

inline bool computable(const Number &a, const Number &b) { return a.node->is_finite() && b.node->is_finite(); }

/* a + b exactly. */
inline Node *sum_node(const Node &a, const Node &b) {
    Node *const y = memory.node();
    y->ideal = a.ideal + b.ideal;
    y->terms = combined(a, nullptr, b, nullptr, &y->count);
    y->rest = above(a.rest + b.rest);
    y->grid = std::min(a.grid, b.grid);
    return y;
}

/* a b exactly: a b - a* b* = a* (b - b*) + b (a - a*), where * marks the ideal. */
inline Node *product_node(const Node &a, const Node &b) {
    Node *const y = memory.node();
    const Interval other = a.ideal.range();
    const Ball by_a = ball(b.range), by_b = ball(other);
    y->ideal = a.ideal * b.ideal;
    y->terms = combined(a, &by_a, b, &by_b, &y->count);
    y->rest = above(a.rest * b.range.magnitude() + b.rest * other.magnitude());
    y->grid = std::min(a.grid + b.grid, any_grid);
    return y;
}

/* Of numbers that are the same for all x the result is known to its last bit, also where it is close to half-way. */
inline bool are_points(Number a, Number b) { return a.node->range.is_point() && b.node->range.is_point(); }
inline double point(Number a) { return static_cast<double>(a.node->range.lo); }
inline Number constant(double value) { return Number(Number::constant(value)); }

inline bool is_point(Number a, double value) { return a.node->is_point() && a.node->range.lo == value; }

inline Number operator+(Number a, Number b) {
    if (!computable(a, b)) return Number::unknown();
    if (is_point(a, 0) || is_point(b, 0)) return is_point(a, 0) ? b : a;
    if (are_points(a, b)) return constant(point(a) + point(b));
    const wide most = std::min(a.node->range.magnitude(), b.node->range.magnitude()); /* the other is a candidate */
    return rounded(sum_node(*a.node, *b.node), a.node->range + b.node->range, most);
}

inline Number operator-(Number a) {
    Node *const y = memory.node();
    const Ball minus = {-1, 0}, none = {0, 0};
    const Node zero = Node();
    *y = *a.node;
    y->ideal = -a.node->ideal;
    y->range = -a.node->range;
    y->minuend = y->subtrahend = nullptr;
    y->terms = combined(*a.node, &minus, zero, &none, &y->count);
    return Number(y);
}

/* a - (a - b) is b, where the inner difference is exact. */
inline Number operator-(Number a, Number b) {
    if (!computable(a, b)) return Number::unknown();
    if (b.node->minuend == a.node) return Number(b.node->subtrahend);
    const Number y = a + -b;
    if (y.node->is_exact) y.node->minuend = a.node, y.node->subtrahend = b.node;
    return y;
}

inline Number operator*(Number a, Number b) {
    if (!computable(a, b)) return Number::unknown();
    if (is_point(a, 1) || is_point(b, 1)) return is_point(a, 1) ? b : a;
    if (are_points(a, b)) return constant(point(a) * point(b));
    return rounded(product_node(*a.node, *b.node), a.node->range * b.node->range);
}

inline Number fma(Number a, Number b, Number c) {
    if (!computable(a, b) || !computable(c, c)) return Number::unknown();
    if (are_points(a, b) && are_points(c, c)) return constant(std::fma(point(a), point(b), point(c)));
    Node *const product = product_node(*a.node, *b.node);
    const Interval of_product = a.node->range * b.node->range;
    return rounded(sum_node(*product, *c.node), of_product + c.node->range, of_product.magnitude());
}

/* Dekker's a b - product, where product is a b rounded. Its sums are below 2^-20 |a b|, so that their roundings do not
 * come to 2^-70 |a b|. Near the subnormal numbers each of its four products may lose half of the smallest one. */
inline Number dekker_error(Number a, Number b, Number product) {
    const Number y = fma(a, b, -product);
    if (!y.node->is_finite()) return y;
    const wide size = (a.node->range * b.node->range).magnitude();
    const wide rest = size * 0x1p-70L + (size < 0x1p-900L && size > 0 ? 0x1p-1073L : 0);
    Node *const rough = memory.node();
    *rough = *y.node;
    rough->rest = above(rough->rest + rest);
    rough->range = {static_cast<double>(down(y.node->range.lo - rest)),
                    static_cast<double>(up(y.node->range.hi + rest))};
    rough->grid = lowest_exponent;
    rough->is_literal = rough->is_exact = false;
    rough->last_rounding = 0;
    return Number(rough);
}

/* a / b - a* / b* = ((a - a*) - (a* / b*) (b - b*)) / b. */
inline Number operator/(Number a, Number b) {
    if (!computable(a, b) || b.node->range.has_zero()) return Number::unknown();
    if (are_points(a, b)) return constant(point(a) / point(b));
    Node *const y = memory.node();
    y->ideal = a.node->ideal / b.node->ideal;
    const Interval inverse_range = inverse(b.node->range), quotient = y->ideal.range();
    if (!(quotient.magnitude() < infinity)) return Number::unknown();
    const Ball by_a = ball(inverse_range), by_b = ball(-quotient * inverse_range);
    y->terms = combined(*a.node, &by_a, *b.node, &by_b, &y->count);
    y->rest = above((a.node->rest + b.node->rest * quotient.magnitude()) * inverse_range.magnitude());
    y->grid = INT_MIN / 2;
    return rounded(y, a.node->range * inverse_range);
}

inline Number &operator*=(Number &a, Number b) { return a = a * b; }

/* Comparisons: of what may be NaN, or is not decided, paths have both answers. */
inline bool comparable(Number a, Number b) { return a.node->is_known && b.node->is_known; }
inline bool operator<(Number a, Number b) {
    if (!comparable(a, b)) return paths.choose(2) == 0;
    return less_than(a.node->range, b.node->range, a.node->identity(), b.node->identity());
}
inline bool operator<=(Number a, Number b) {
    if (!comparable(a, b)) return paths.choose(2) == 0;
    return at_most_as(a.node->range, b.node->range, a.node->identity(), b.node->identity());
}
inline bool operator>(Number a, Number b) { return b < a; }
inline bool operator>=(Number a, Number b) { return b <= a; }
inline bool operator==(Number a, Number b) {
    if (a.node == b.node && a.node->is_known) return true;
    if (!comparable(a, b)) return paths.choose(2) == 0;
    const Interval p = a.node->range, q = b.node->range;
    if (p.lo > q.hi || p.hi < q.lo) return false;
    const int id_a = a.node->identity(), id_b = b.node->identity();
    if (id_a != 0 && id_b != 0 && !(p.is_point() && q.is_point())) return identities.order(id_a, id_b) == 0;
    return (p.is_point() && q.is_point()) || paths.choose(2) == 0;
}
inline bool operator!=(Number a, Number b) { return !(a == b); }

inline Number absolute(Number x) { return x < Number(0) ? -x : x; }

/* Whether the compiler knows a value: of parameters that are their defaults, and of the low word of one number. */
inline bool is_constant(Number a) { return a.node->is_literal; }

} // namespace proof
