/* An integer of a formula: a known one, the bits of a number, or anything. */
#pragma once
#include <cstring>

#include "number.hpp"

namespace proof {

class Bits {
  public:
    enum Kind { KNOWN, OF_NUMBER, ANYTHING } kind = ANYTHING;
    int64_t value = 0;
    Number number;

    Bits() = default;
    Bits(long known) : kind(KNOWN), value(known) {}
    Bits(int known) : Bits(static_cast<long>(known)) {}
    explicit Bits(Number number) : kind(OF_NUMBER), number(number) {
        const Node &node = *number.node;
        if (!node.is_known) kind = ANYTHING;
        if (!node.is_point()) return;
        const double point = static_cast<double>(node.range.lo);
        kind = KNOWN;
        std::memcpy(&value, &point, sizeof value);
    }

    Number as_number() const {
        if (kind == OF_NUMBER) return number;
        if (kind == ANYTHING) return Number::unknown();
        double point;
        std::memcpy(&point, &value, sizeof point);
        return Number(Number::constant(point));
    }
};

constexpr int64_t sign_bit = INT64_MIN;

inline bool are_known(const Bits &a, const Bits &b) { return a.kind == Bits::KNOWN && b.kind == Bits::KNOWN; }

/* Arithmetic wraps around, as that of unsigned integers does. */
inline Bits operator+(const Bits &a, const Bits &b) {
    return are_known(a, b) ? Bits(static_cast<long>(static_cast<uint64_t>(a.value) + static_cast<uint64_t>(b.value)))
                           : Bits();
}
inline Bits operator-(const Bits &a, const Bits &b) {
    return are_known(a, b) ? Bits(static_cast<long>(static_cast<uint64_t>(a.value) - static_cast<uint64_t>(b.value)))
                           : Bits();
}
inline Bits operator*(const Bits &a, const Bits &b) {
    return are_known(a, b) ? Bits(static_cast<long>(static_cast<uint64_t>(a.value) * static_cast<uint64_t>(b.value)))
                           : Bits();
}
inline Bits operator-(const Bits &a) { return Bits(0) - a; }
inline Bits operator~(const Bits &a) { return a.kind == Bits::KNOWN ? Bits(static_cast<long>(~a.value)) : Bits(); }
inline Bits operator<<(const Bits &a, int by) {
    return a.kind == Bits::KNOWN ? Bits(static_cast<long>(static_cast<uint64_t>(a.value) << by)) : Bits();
}

/* With all bits, none of them, or the sign, which is that of the number; of 0 it may be either. */
inline Bits operator&(const Bits &a, const Bits &mask) {
    if (are_known(a, mask)) return Bits(static_cast<long>(a.value & mask.value));
    if (mask.kind != Bits::KNOWN) return a.kind == Bits::KNOWN ? mask & a : Bits();
    if (mask.value == 0) return Bits(0);
    if (mask.value == -1) return a;
    if (mask.value != sign_bit || a.kind != Bits::OF_NUMBER) return Bits();
    const Interval range = a.number.node->range;
    const bool negative = range.hi < 0 || (range.lo <= 0 && paths.choose(2) == 0);
    return negative ? mask : Bits(0);
}

/* With no bits, or with the sign. */
inline Bits operator|(const Bits &a, const Bits &b) {
    if (are_known(a, b)) return Bits(static_cast<long>(a.value | b.value));
    if (b.kind != Bits::KNOWN) return a.kind == Bits::KNOWN ? b | a : Bits();
    if (b.value == 0) return a;
    return b.value == sign_bit && a.kind == Bits::OF_NUMBER ? Bits(-absolute(a.number)) : Bits();
}

/* Numbers of the same sign, positive ones, have the order of their bits. */
inline bool operator<(const Bits &a, const Bits &b) {
    if (are_known(a, b)) return a.value < b.value;
    const Number p = a.as_number(), q = b.as_number();
    const bool positive = comparable(p, q) && p.node->range.lo >= 0 && q.node->range.lo >= 0;
    return positive ? p < q : paths.choose(2) == 0;
}

inline void copy_bits(Bits *to, const Number *from) { *to = Bits(*from); }
inline void copy_bits(Number *to, const Bits *from) { *to = from->as_number(); }

} // namespace proof
