/* Which expressions are the same, where parameters are not known: a number for each, and what is decided of their order.
 * On a path two expressions are in the same order wherever they are compared, in the kernel and in the exact formula. */
#pragma once
#include <algorithm>
#include <array>
#include <map>

#include "paths.hpp"

namespace proof {

class Identities {
  public:
    bool is_on = false; /* with known parameters, polynomials tell more */

    void clear() { numbers.clear(), orders.clear(); }

    /* Of an operation on expressions; 0, which is none, if one of these has none. */
    int of(char operation, long a, long b) {
        if (!is_on || a == 0 || b == 0) return 0;
        return numbers.try_emplace({operation, a, b}, static_cast<int>(numbers.size()) + 1).first->second;
    }

    /* -1, 0 or 1: whether a is less than b, the same, or greater. */
    int order(int a, int b) {
        if (a == b) return 0;
        const int sign = a < b ? 1 : -1;
        const auto known = orders.find({std::min(a, b), std::max(a, b)});
        if (known != orders.end()) return sign * known->second;
        const int found = sign * (paths.choose(3) - 1);
        for (int c = 1; c <= static_cast<int>(numbers.size()); c++)
            if (contradicts(found, a, b, c)) throw Impossible();
        orders[{std::min(a, b), std::max(a, b)}] = sign * found;
        return found;
    }

    bool are_same(int a, int b) const {
        if (a == 0 || b == 0) return false;
        const auto known = orders.find({std::min(a, b), std::max(a, b)});
        return a == b || (known != orders.end() && known->second == 0);
    }

  private:
    /* Whether a third expression is known to lie so that the order of two cannot be what was found. */
    bool contradicts(int found, int a, int b, int c) const {
        const auto first = orders.find({std::min(a, c), std::max(a, c)});
        const auto second = orders.find({std::min(c, b), std::max(c, b)});
        if (first == orders.end() || second == orders.end()) return false;
        const int from_a = a < c ? first->second : -first->second, to_b = c < b ? second->second : -second->second;
        return (from_a == to_b || to_b == 0) ? found != from_a : from_a == 0 && found != to_b;
    }

    std::map<std::array<long, 3>, int> numbers;
    std::map<std::array<int, 2>, int> orders;
};

inline Identities identities;

} // namespace proof
