/* Proves bounds of the errors of float64 results, with default parameters and with any from 0.2 to 5.
 *
 *   prove                                 names all functions
 *   prove EVALUATIONS NAME...             prints a line of JSON for each of their operations, without FMA and with it: a
 *                                         bound for all finite x; what is stated counts as reached
 *   prove at NAME OPERATION LOW HIGH      prints the two bounds for the x from LOW to HIGH
 *
 * The proofs rely on the formulas of csrc/exact, glibc's functions in quadruple precision as far as functions.hpp says,
 * rounding to nearest, and the compiler. Infinite x, NaN and the sign of 0 are not looked at. */
#include <cstdio>
#include <cstdlib>

#include "search.hpp"

using namespace proof;

namespace {

constexpr wide tolerance = 0.001L; /* ULP: bounds are stated to a thousandth, and proved to it */
constexpr long window = 40000; /* evaluations after which a bound that has fallen by less than a hundredth is final */

bool is_named(const char *name, int count, char **names) {
    for (int i = 0; i < count; i++)
        if (std::strcmp(names[i], name) == 0) return true;
    return false;
}

/* Until what is stated is reached, or nothing more is; with any parameters, where few bounds come out, that is soon. */
void refine(Search *search, wide stated, int by_default, long evaluations) {
    wide before = by_default ? infinity : largest;
    for (long next = window; search->worst().bound > stated + tolerance && search->evaluations() < evaluations;) {
        if (search->evaluations() >= next) {
            const wide bound = search->worst().bound;
            if (by_default ? bound > 0.99L * before && bound < 2 * stated : bound > before / 2) return;
            before = bound, next += window;
        }
        if (!search->refine()) return;
    }
}

void prove(const Case &of, int fma, int by_default, long evaluations) {
    Search search(of, fma, by_default);
    refine(&search, of.stated[fma], by_default, evaluations);
    const Piece worst = search.worst();
    const wide stated = of.stated[fma], found = std::ceil(worst.bound * 10000) / 10000;
    const wide bound = worst.bound > stated && worst.bound <= stated + tolerance ? stated : found;
    const char *const quote = bound < infinity ? "" : "\"";
    std::printf("{\"activation\": \"%s\", \"operation\": \"%s\", \"type\": \"float64\", \"fma\": %s, "
                "\"parameters\": \"%s\", \"bound_ulp\": %s%.4Lf%s, \"stated\": %Lg, \"from\": \"%a\", "
                "\"to\": \"%a\", \"in_range\": %d, \"evaluations\": %ld}\n",
                of.name, of.operation, fma ? "true" : "false", by_default ? "default" : "usual", quote, bound, quote,
                stated, worst.low, worst.high, worst.in_range, search.evaluations());
    std::fflush(stdout);
}

void print_at(const Case &of, double low, double high) {
    Piece without = {low, high, 0, 1, {}, {}}, with = without;
    evaluate(of, 0, &without), evaluate(of, 1, &with);
    std::printf("%.6Lf %.6Lf\n", without.bound, with.bound);
}

} // namespace

int main(int count, char **words) {
    const bool is_at = count == 6 && std::strcmp(words[1], "at") == 0;
    memory.keep();
    for (const Case &of : cases) {
        if (count == 1 && std::strcmp(of.operation, "forward") == 0) std::printf("%s\n", of.name);
        if (is_at && std::strcmp(of.name, words[2]) == 0 && std::strcmp(of.operation, words[3]) == 0)
            print_at(of, std::strtod(words[4], nullptr), std::strtod(words[5], nullptr));
        if (!is_at && count > 2 && is_named(of.name, count - 2, words + 2))
            for (int fma = 0; fma < 2; fma++)
                for (int by_default = 1; by_default >= (of.parameters == 0); by_default--)
                    prove(of, fma, by_default, std::atol(words[1]));
    }
}
