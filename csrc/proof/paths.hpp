/* Decisions that an interval leaves open: a program that asks for them is run again for each combination of answers.
 * Whatever the operands are, what the kernel does is one of these paths, so that what holds on all of them holds. */
#pragma once
#include <vector>

namespace proof {

/* Thrown where an interval takes more paths, or memory, than there is: a smaller one will not. */
struct TooMuch {};

/* Thrown on a path that no number takes. */
struct Impossible {};

class Paths {
  public:
    /* One of 0 .. count - 1. */
    int choose(int count) {
        if (position == taken.size()) {
            if (taken.size() == most_open) throw TooMuch();
            taken.push_back({0, count});
        }
        return taken[position++].answer;
    }

    /* Whether a decision may be left open that need not be. */
    bool are_few() const { return position < 3; }

    void begin() { taken.clear(), position = 0; }

    /* Whether there is another path, which is next. */
    bool advance() {
        while (!taken.empty() && taken.back().answer == taken.back().count - 1) taken.pop_back();
        if (!taken.empty()) taken.back().answer++;
        position = 0;
        return !taken.empty();
    }

  private:
    struct Decision {
        int answer, count;
    };
    static constexpr size_t most_open = 6;
    std::vector<Decision> taken;
    size_t position = 0;
};

inline Paths paths;

} // namespace proof
