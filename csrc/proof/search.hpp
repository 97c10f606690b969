/* Every finite x is in a piece whose bound holds for it. The piece with the largest bound is cut, again and again. */
#pragma once
#include <cstring>
#include <queue>

#include "piece.hpp"

namespace proof {

/* Of numbers that are not negative. */
inline int64_t order(double x) {
    int64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline double with_order(int64_t bits) {
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

constexpr double lowest_parameter = 0.2, highest_parameter = 5;

class Search {
  public:
    /* With default parameters, or any from lowest_parameter to highest_parameter. */
    Search(const Case &of, int fma, int by_default) : of(of), fma(fma) {
        Piece piece = {};
        piece.by_default = by_default;
        for (int i = 0; i < of.parameters; i++) piece.from[i] = lowest_parameter, piece.to[i] = highest_parameter;
        for (piece.in_range = 0; piece.in_range <= (of.limit > 0);
             piece.in_range++) /* of |p x|, too: more than there need be */
            for (int negative = 0; negative < 2; negative++) {
                const double end = piece.in_range ? of.limit : static_cast<double>(largest);
                add(0, 0, negative, piece);
                add(0x1p-1074, 0x1p-1022 - 0x1p-1074, negative, piece);
                for (int power = -1022; power < 1024 && std::ldexp(1, power) <= end; power++) {
                    const double low = std::ldexp(1, power), next = low + low * (1 - 0x1p-52);
                    add(low, std::min(next, end), negative, piece);
                }
            }
    }

    const Piece &worst() const { return pieces.top(); }
    long evaluations() const { return evaluated; }

    /* Cuts the worst piece in two, or a small part about the bend from the rest; false if it is one number. */
    bool refine() {
        const Piece piece = pieces.top();
        const int negative = std::signbit(piece.low);
        const double low = negative ? -piece.high : piece.low, high = negative ? -piece.low : piece.high;
        if (!piece.by_default && halve_a_parameter(piece, high / low)) return true;
        if (low == high) return false;
        pieces.pop();
        const int64_t first = order(low), last = order(high), half = (last - first) / 2;
        int64_t from = first + half, to = from;
        if (piece.bend.from <= piece.bend.to) {
            const wide middle = from, sign = negative ? -1 : 1;
            const wide a = sign * piece.bend.from * half, b = sign * piece.bend.to * half;
            from = std::clamp(static_cast<int64_t>(middle + std::min(a, b)) - 2, first, last - 1);
            to = std::min(static_cast<int64_t>(middle + std::max(a, b)) + 2, last - 1);
        }
        add(low, with_order(from), negative, piece);
        add(with_order(from + 1), with_order(to), negative, piece);
        add(with_order(std::max(from, to) + 1), high, negative, piece);
        return true;
    }

  private:
    const Case &of;
    int fma;
    std::priority_queue<Piece> pieces;
    long evaluated = 0;

    /* For |x| from low to high, which may be none. */
    void add(double low, double high, int negative, Piece like) {
        if (low > high) return;
        like.low = negative ? -high : low, like.high = negative ? -low : high;
        add(like);
    }

    void add(Piece piece) {
        evaluate(of, fma, &piece);
        evaluated++;
        pieces.push(piece);
    }

    /* If the ends of one are further apart than those of x. */
    bool halve_a_parameter(Piece piece, double ratio) {
        int widest = 0;
        for (int i = 1; i < of.parameters; i++)
            if (piece.to[i] / piece.from[i] > piece.to[widest] / piece.from[widest]) widest = i;
        const double low = piece.from[widest], high = piece.to[widest], middle = std::sqrt(low * high);
        if (of.parameters == 0 || low == high || !(high / low > ratio || ratio != ratio)) return false;
        pieces.pop();
        piece.to[widest] = std::min(middle, std::nextafter(high, 0.0));
        add(piece);
        piece.from[widest] = std::nextafter(piece.to[widest], high), piece.to[widest] = high;
        add(piece);
        return true;
    }
};

} // namespace proof
