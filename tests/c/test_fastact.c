/* The C interface as a C program uses it: the table, every operation against the C library's functions (csrc/exact),
 * instruction sets, threads, in place, by name. Prints what is wrong; exit status 1 if anything.
 *
 *   test_fastact [elements of the largest arrays]
 */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact/exact.h"
#include "fastact.h"

static int failures;

#define CHECK(condition, ...)                              \
    do {                                                   \
        if (!(condition)) {                                \
            fprintf(stderr, "line %d: ", __LINE__);        \
            fprintf(stderr, __VA_ARGS__);                  \
            fprintf(stderr, ": not so: %s\n", #condition); \
            if (++failures > 20) exit(EXIT_FAILURE);       \
        }                                                  \
    } while (0)

enum { MANY = 500009, FEW = 997 };

static size_t many = MANY; /* elements: enough for threads, and no multiple of a block */

/* Arrays of either type: one for each operand, and two for results to compare with. */
static void *memory[FA_MAX_OPERANDS + 2];

static size_t item(fa_type type) { return type == FA_F64 ? sizeof(double) : sizeof(float); }

static double get(fa_type type, const void *array, size_t i) {
    return type == FA_F64 ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static void set(fa_type type, void *array, size_t i, double value) {
    if (type == FA_F64)
        ((double *)array)[i] = value;
    else
        ((float *)array)[i] = (float)value;
}

/* One operation, with the operands that it is tested on. */
typedef struct {
    const fa_activation *activation;
    fa_operation operation;
    fa_type type;
    const fa_loop *loop;
    int arrays, inputs, count; /* operands: arrays that are inputs, all inputs, all */
    char *operands[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    double parameters[FA_MAX_PARAMETERS];
} call;

static const double required = 0.5; /* for a parameter without a default */

/* x covers [-12, 12] without meeting a kink, dy consists of powers of two. */
static call make_call(const fa_activation *activation, fa_operation operation, fa_type type, size_t n) {
    call c = {activation, operation, type, fa_get_loop(activation, operation, type), 0, 0, 0, {0}, {0}, {0}};
    c.inputs = fa_loop_inputs(c.loop);
    c.arrays = c.inputs - activation->parameter_count;
    c.count = c.inputs + fa_loop_outputs(c.loop);
    for (int k = 0; k < c.count; k++) {
        c.operands[k] = memory[k];
        c.strides[k] = (ptrdiff_t)item(type);
    }
    for (int p = 0; p < activation->parameter_count; p++) {
        const double value = activation->parameters[p].value;
        c.parameters[p] = isnan(value) ? required : (double)(float)value;
        c.strides[c.arrays + p] = 0;
        set(type, c.operands[c.arrays + p], 0, c.parameters[p]);
    }
    for (size_t i = 0; i < n; i++) {
        set(type, memory[c.arrays - 1], i, (float)(24 * (((double)i + 0.37) / (double)n) - 12));
        if (c.arrays > 1) set(type, memory[0], i, ldexp(i % 3 ? -1 : 1, (int)(i % 5) - 2));
    }
    return c;
}

static void forget(const call *c, size_t n) {
    for (int k = c->inputs; k < c->count; k++) memset(c->operands[k], 0xff, n * item(c->type));
}

/* Whether a row of its own gives an activation this operation. */
static int is_added(const fa_activation *activation, int operation) {
    static const struct {
        const char *name;
        int operation;
    } rows[] = {
#define ADDED_0(name, index, ...) {#name, FA_##index},
#define ADDED_1 ADDED_0
#include "functions.def"
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].operation == operation && strcmp(rows[i].name, activation->name) == 0) return 1;
    return 0;
}

/* Operations whose exact results are known: all but those of gated pairs and the sums of parameters. */
static int elementwise(const fa_activation *activation, int operation) {
    if (activation->gate) return 0;
    return (operation >= 0 && operation < FA_GRAD_P + activation->parameter_count) || is_added(activation, operation);
}

static int has(const fa_activation *activation, int operation) {
    if (activation->gate) return operation == FA_FORWARD || operation == FA_BACKWARD;
    return elementwise(activation, operation) ||
        (operation == FA_BACKWARD_PARAMETERS && activation->parameter_count > 0);
}

/* FOR_EACH_CALL(n) { ... c ... } */
#define FOR_EACH_CALL(n)                                                                                       \
    for (size_t index = 0; index < fa_activation_count(); index++)                                             \
        for (int operation = 0; operation < FA_OPERATION_COUNT; operation++)                                   \
            for (int type = FA_F32; type <= FA_F64 && elementwise(fa_activation_at(index), operation); type++) \
                for (call c = make_call(fa_activation_at(index), (fa_operation)operation, (fa_type)type, n),   \
                          *once = &c;                                                                          \
                     once; once = NULL)

#define WHAT "%s, operation %d, type %d, %s"
#define OF(c) (c).activation->name, (int)(c).operation, (int)(c).type, fa_isa()

/* The spacing of a type's numbers at a value. */
static double ulp(fa_type type, double value) {
    const int digits = type == FA_F64 ? 53 : 24, least = type == FA_F64 ? -1074 : -149;
    const int exponent = value == 0 ? least : ilogb(value) - digits + 1;
    return ldexp(1, exponent < least ? least : exponent);
}

/* What an output may be off. Near a derivative's root the error is absolute, and dy is at most 4. */
static double allowed(const call *c, int out, double exact) {
    const int is_value = c->operation == FA_FORWARD || (c->operation == FA_VALUE_AND_GRAD && out == 0);
    const fa_operation bounded = is_value ? FA_FORWARD : c->operation;
    const double near_root = is_value ? 0 : 4 * (c->type == FA_F64 ? 0x1p-56 : 0x1p-27);
    return fa_error_bound(c->activation, bounded, c->type) * ulp(c->type, exact) + near_root;
}

/* Runs a call on one thread and keeps its outputs, for others to be compared with. */
static void keep(const call *c, size_t n) {
    fa_run(c->loop, c->operands, c->strides, n);
    for (int k = c->inputs; k < c->count; k++)
        memcpy(memory[FA_MAX_OPERANDS + k - c->inputs], c->operands[k], n * item(c->type));
}

static int same_as_kept(const call *c, size_t n) {
    int same = 1;
    for (int k = c->inputs; k < c->count; k++)
        same &= memcmp(memory[FA_MAX_OPERANDS + k - c->inputs], c->operands[k], n * item(c->type)) == 0;
    return same;
}

static void test_table(void) {
    CHECK(strcmp(fa_version(), FA_VERSION) == 0, "%s", fa_version());
    CHECK(fa_activation_count() > 20, "%d activations", (int)fa_activation_count());
    CHECK(!fa_activation_at(fa_activation_count()), "past the end");
    CHECK(!fa_find("no such activation") && !fa_find(""), "unknown name");
    for (size_t i = 0; i < fa_activation_count(); i++) {
        const fa_activation *activation = fa_activation_at(i);
        CHECK(fa_find(activation->name) == activation, "%s", activation->name);
        CHECK(activation->parameter_count >= 0 && activation->parameter_count <= FA_MAX_PARAMETERS, "%s",
              activation->name);
        for (int p = 0; p < activation->parameter_count; p++)
            CHECK(activation->parameters[p].name && *activation->parameters[p].name, "%s", activation->name);
        for (int operation = -1; operation <= FA_OPERATION_COUNT; operation++)
            for (int type = -1; type <= FA_TYPE_COUNT; type++) {
                const int there = has(activation, operation) && type >= 0 && type < FA_TYPE_COUNT;
                const int arrays = activation->gate ? 2 : 1,
                          dy = operation == FA_BACKWARD || operation == FA_BACKWARD_PARAMETERS ||
                    operation == FA_BACKWARD_FROM_OUTPUT;
                int outputs = operation == FA_VALUE_AND_GRAD ? 2 : 1;
                if (operation == FA_BACKWARD) outputs = arrays;
                if (operation == FA_BACKWARD_PARAMETERS) outputs = 1 + activation->parameter_count;
                const fa_loop *loop = fa_get_loop(activation, (fa_operation)operation, (fa_type)type);
                const double bound = fa_error_bound(activation, (fa_operation)operation, (fa_type)type);
                CHECK(!loop == !there, "%s, operation %d, type %d", activation->name, operation, type);
                CHECK(there ? bound >= 0 && bound < 6 : isnan(bound), "%s, operation %d", activation->name, operation);
                if (!there) continue;
                CHECK(fa_loop_inputs(loop) == arrays + dy + activation->parameter_count, "inputs");
                CHECK(fa_loop_outputs(loop) == outputs, "outputs");
            }
    }
    CHECK(!fa_get_loop(NULL, FA_FORWARD, FA_F32) && isnan(fa_error_bound(NULL, FA_FORWARD, FA_F32)), "no activation");

    const fa_activation *swish = fa_find("swish"), *threshold = fa_find("threshold");
    CHECK(swish->parameter_count == 1 && strcmp(swish->parameters[0].name, "beta") == 0, "swish");
    CHECK(swish->parameters[0].value == 1, "swish");
    CHECK(threshold->parameter_count == 2 && isnan(threshold->parameters[1].value), "threshold");
    CHECK(fa_error_bound(fa_find("relu"), FA_GRAD, FA_F64) == 0, "relu");
    CHECK(fa_error_bound(fa_find("gelu"), FA_FORWARD, FA_F32) >= 0.5, "gelu");
}

/* The operation whose exact results are those of an output, but for dy. */
static fa_operation single(fa_operation operation, int out) {
    if (operation == FA_VALUE_AND_GRAD) return out ? FA_GRAD : FA_FORWARD;
    return operation == FA_BACKWARD ? FA_GRAD : operation;
}

/* Exact results for the operands of a call: of its first output, and of the second. */
static void find_exact(const call *c, size_t n, double *want[2]) {
    static float x[FEW];
    for (size_t i = 0; i < n; i++) x[i] = (float)get(c->type, memory[c->arrays - 1], i);
    for (int out = 0; out < c->count - c->inputs; out++) {
        exact_loop *exact = exact_find(c->activation->name, single(c->operation, out));
        CHECK(exact, WHAT, OF(*c));
        exact(x, n, c->parameters[0], c->parameters[1], want[out]);
        if (c->arrays > 1)
            for (size_t i = 0; i < n; i++) want[out][i] *= get(c->type, memory[0], i);
    }
}

/* What is called exact is right to 2^-40: in float that holds the bound itself, in double it finds mistakes. */
static void test_values(void) {
    static double first[FEW], second[FEW];
    double *want[2] = {first, second};
    FOR_EACH_CALL(FEW) {
        forget(&c, FEW);
        fa_run(c.loop, c.operands, c.strides, FEW);
        find_exact(&c, FEW, want);
        for (int out = 0; out < c.count - c.inputs; out++)
            for (size_t i = 0; i < FEW; i++) {
                const double exact = want[out][i], got = get(c.type, c.operands[c.inputs + out], i);
                CHECK(fabs(got - exact) <= allowed(&c, out, exact) + 0x1p-38 * fabs(exact),
                      WHAT " [%d]: %.9g, exact %.9g", OF(c), (int)i, got, exact);
            }
    }
}

/* The results of another ISA are as exact. */
static void test_isas(void) {
    const char *best = fa_isa();
    CHECK(strcmp(best, fa_runnable_isa(0)) == 0, "%s", best);
    CHECK(fa_select_isa("no such ISA") == -1 && fa_select_isa("") == -1, "unknown ISA");
    CHECK(strcmp(best, fa_isa()) == 0, "%s", fa_isa());
    for (size_t other = 0; fa_runnable_isa(other); other++) {
        CHECK(fa_select_isa(fa_runnable_isa(other)) == 0, "%s", fa_runnable_isa(other));
        CHECK(strcmp(fa_isa(), fa_runnable_isa(other)) == 0, "%s", fa_isa());
        test_values();
        FOR_EACH_CALL(FEW) {
            fa_select_isa(best);
            keep(&c, FEW);
            fa_select_isa(fa_runnable_isa(other));
            fa_run(c.loop, c.operands, c.strides, FEW);
            for (int out = 0; out < c.count - c.inputs; out++)
                for (size_t i = 0; i < FEW; i++) {
                    const double a = get(c.type, c.operands[c.inputs + out], i);
                    const double b = get(c.type, memory[FA_MAX_OPERANDS + out], i);
                    fa_select_isa(best);
                    const double b_allowed = allowed(&c, out, b);
                    fa_select_isa(fa_runnable_isa(other));
                    CHECK(fabs(a - b) <= allowed(&c, out, a) + b_allowed, WHAT " [%d]: %.17g, %s %.17g", OF(c), (int)i,
                          a, best, b);
                }
        }
    }
    CHECK(fa_select_isa(NULL) == 0 && strcmp(best, fa_isa()) == 0, "%s", fa_isa());
}

static void test_threads(void) {
    CHECK(fa_get_num_threads() == fa_default_num_threads(NULL), "%d threads", fa_get_num_threads());
    CHECK(fa_set_num_threads(0) == -1 && fa_set_num_threads(-1) == -1, "bad number of threads");
    CHECK(fa_get_num_threads() == fa_default_num_threads(NULL), "%d threads", fa_get_num_threads());
    FOR_EACH_CALL(many) {
        keep(&c, many);
        for (int threads = 1; threads <= 3; threads++) {
            CHECK(fa_set_num_threads(threads) == 0 && fa_get_num_threads() == threads, "%d threads", threads);
            CHECK(fa_threads_for(c.loop, many) <= threads && fa_threads_for(c.loop, 1) == 1, WHAT, OF(c));
            if (many == MANY && fa_has_openmp()) CHECK(fa_threads_for(c.loop, many) == threads, WHAT, OF(c));
            forget(&c, many);
            fa_run_parallel(c.loop, c.operands, c.strides, many);
            CHECK(same_as_kept(&c, many), WHAT ", %d threads", OF(c), threads);
        }
    }
}

static void mark(void *context, int part) { ((int *)context)[part]++; }

enum { WORKERS = 3 };

/* Marks the part; a worker has one part at a time. */
static void mark_as_worker(void *context, int part, int worker) {
    static int busy[WORKERS];
    CHECK(worker >= 0 && worker < WORKERS && busy[worker]++ == 0, "worker %d", worker);
    mark(context, part);
    busy[worker]--;
}

static void test_parallel(void) {
    int marks[6] = {0}, shared[2 * WORKERS + 1] = {0};
    fa_share(WORKERS, 2 * WORKERS, mark_as_worker, shared);
    for (int part = 0; part <= 2 * WORKERS; part++) CHECK(shared[part] == (part < 2 * WORKERS), "part %d", part);
    CHECK(fa_part_count(1, MANY) == 1 && fa_part_count(2, 1) == 1 && fa_part_count(2, MANY) > 2, "number of parts");
    fa_parallel(5, mark, marks);
    fa_parallel(1, mark, marks);
    fa_parallel(0, mark, marks);
    CHECK(marks[0] == 2 && marks[1] == 1 && marks[4] == 1 && marks[5] == 0, "parts");
}

/* An element's result depends on nothing around it: any n, in place, parameters as arrays, reversed. */
static void test_layouts(void) {
    static const size_t sizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 255, 256, 257, FEW};
    FOR_EACH_CALL(FEW) {
        const ptrdiff_t size = (ptrdiff_t)item(c.type);
        keep(&c, FEW);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            forget(&c, FEW);
            fa_run_parallel(c.loop, c.operands, c.strides, sizes[s]);
            CHECK(same_as_kept(&c, sizes[s]), WHAT ", n = %d", OF(c), (int)sizes[s]);
            for (size_t i = sizes[s] * (size_t)size; i < FEW * (size_t)size; i++)
                if ((unsigned char)c.operands[c.inputs][i] != 0xff) {
                    CHECK(0, WHAT ", n = %d: written past the end", OF(c), (int)sizes[s]);
                    break;
                }
        }

        call reversed = c;
        for (int k = 0; k < c.count; k++)
            if (c.strides[k]) {
                reversed.operands[k] += (FEW - 1) * size;
                reversed.strides[k] = -size;
            }
        forget(&c, FEW);
        fa_run(c.loop, reversed.operands, reversed.strides, FEW);
        CHECK(same_as_kept(&c, FEW), WHAT ", reversed", OF(c));

        call arrays = c;
        for (int p = 0; p < c.activation->parameter_count; p++) {
            arrays.strides[c.arrays + p] = size;
            for (size_t i = 0; i < FEW; i++) set(c.type, c.operands[c.arrays + p], i, c.parameters[p]);
        }
        forget(&c, FEW);
        fa_run(c.loop, arrays.operands, arrays.strides, FEW);
        CHECK(same_as_kept(&c, FEW), WHAT ", parameters as arrays", OF(c));

        call in_place = c;
        in_place.operands[c.inputs] = c.operands[c.arrays - 1];
        fa_run(c.loop, in_place.operands, in_place.strides, FEW);
        CHECK(same_as_kept(&in_place, FEW), WHAT ", in place", OF(c));

        char *nothing[FA_MAX_OPERANDS] = {0};
        fa_run(c.loop, nothing, c.strides, 0);
        fa_run_parallel(c.loop, nothing, c.strides, 0);
    }
}

/* What the caller set changes no bit, and is as it was afterwards. */
static void test_environment(void) {
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    fa_set_num_threads(2);
    FOR_EACH_CALL(FEW) {
        keep(&c, FEW);
        for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
            forget(&c, FEW);
            feclearexcept(FE_ALL_EXCEPT);
            feraiseexcept(FE_DIVBYZERO);
            fesetround(modes[m]);
            const int flags = fetestexcept(FE_ALL_EXCEPT);
            fa_run_parallel(c.loop, c.operands, c.strides, FEW);
            const int flags_after = fetestexcept(FE_ALL_EXCEPT), mode_after = fegetround();
            fesetround(FE_TONEAREST);
            CHECK(flags_after == flags && mode_after == modes[m], WHAT, OF(c));
            CHECK(same_as_kept(&c, FEW), WHAT ", rounding mode %d", OF(c), modes[m]);
        }
    }
}

/* Around every power of two that is a float and some that are not: ties, their neighbours, and what is rounded up to the
 * next power, whatever the rounding mode. */
static void test_nearest_float(void) {
    const double low[] = {0,         0x1p-53,   0x1p-25, 0x1p-24,     0x1.000001p-24,
                          0x1.8p-23, 0x1.4p-22, 0.1,     1 - 0x1p-25, 1 - 0x1p-53};
    for (int exponent = -155; exponent < 132; exponent++) {
        for (size_t k = 0; k < 2 * sizeof low / sizeof *low; k++) {
            const double x = (k % 2 ? -1 : 1) * ldexp(1 + low[k / 2], exponent);
            const volatile float expected = (float)x;
            feclearexcept(FE_ALL_EXCEPT);
            fesetround(FE_UPWARD);
            const float nearest = fa_nearest_float(x);
            fesetround(FE_TONEAREST);
            CHECK(nearest == expected && fetestexcept(FE_ALL_EXCEPT) == 0, "%a: %a", x, (double)nearest);
        }
    }
    CHECK(signbit(fa_nearest_float(-0.0)) && isnan(fa_nearest_float(NAN)), "zero and NaN");
}

/* Every function by its name, against the table. */

static call begin_by_name(const char *name, int operation, fa_type type, double p, double q, size_t n) {
    call c = make_call(fa_find(name), (fa_operation)operation, type, n);
    const double given[] = {p, q};
    for (int k = 0; k < c.activation->parameter_count; k++) set(type, c.operands[c.arrays + k], 0, given[k]);
    keep(&c, n);
    forget(&c, n);
    return c;
}

#define TEST_CALL(name, suffix, operation, TYPE, real, p, q, ...)                                              \
    do {                                                                                                       \
        const call c = begin_by_name(#name, operation, TYPE, (double)(p), (double)(q), n);                     \
        const real *const dy = (const real *)c.operands[0], *const x = (const real *)c.operands[c.arrays - 1]; \
        real *const out = (real *)c.operands[c.inputs], *const second = (real *)c.operands[c.count - 1];       \
        (void)dy, (void)second;                                                                                \
        fa_##name##suffix(__VA_ARGS__, n);                                                                     \
        CHECK(same_as_kept(&c, n), WHAT ", by name, n = %d", OF(c), (int)n);                                   \
    } while (0)
#define TEST_TYPE(name, suffix, TYPE, real, p, q, ...)                                          \
    TEST_CALL(name, _##suffix, FA_FORWARD, TYPE, real, p, q, x, __VA_ARGS__ out);               \
    TEST_CALL(name, _grad_##suffix, FA_GRAD, TYPE, real, p, q, x, __VA_ARGS__ out);             \
    TEST_CALL(name, _backward_##suffix, FA_BACKWARD, TYPE, real, p, q, dy, x, __VA_ARGS__ out); \
    TEST_CALL(name, _value_and_grad_##suffix, FA_VALUE_AND_GRAD, TYPE, real, p, q, x, __VA_ARGS__ out, second);
#define TEST_BY(name, by, operation, suffix, TYPE, real, p, q, ...) \
    TEST_CALL(name, _grad_##by##_##suffix, operation, TYPE, real, p, q, x, __VA_ARGS__ out);

#define P 0.75 /* the parameters: exact in float, and no defaults */
#define Q 2.5
#define ACTIVATION_0(name, ...) TEST_TYPE(name, f32, FA_F32, float, 0, 0, ) TEST_TYPE(name, f64, FA_F64, double, 0, 0, )
#define ACTIVATION_1(name, limits, cost, value, grad, p, ...)         \
    TEST_TYPE(name, f32, FA_F32, float, P, 0, (float)P, )             \
    TEST_TYPE(name, f64, FA_F64, double, P, 0, P, )                   \
    TEST_BY(name, p, FA_GRAD_P, f32, FA_F32, float, P, 0, (float)P, ) \
    TEST_BY(name, p, FA_GRAD_P, f64, FA_F64, double, P, 0, P, )
#define ACTIVATION_2(name, limits, cost, value, grad, p, p_default, by_p, q, ...) \
    TEST_TYPE(name, f32, FA_F32, float, P, Q, (float)P, (float)Q, )               \
    TEST_TYPE(name, f64, FA_F64, double, P, Q, P, Q, )                            \
    TEST_BY(name, p, FA_GRAD_P, f32, FA_F32, float, P, Q, (float)P, (float)Q, )   \
    TEST_BY(name, p, FA_GRAD_P, f64, FA_F64, double, P, Q, P, Q, )                \
    TEST_BY(name, q, FA_GRAD_Q, f32, FA_F32, float, P, Q, (float)P, (float)Q, )   \
    TEST_BY(name, q, FA_GRAD_Q, f64, FA_F64, double, P, Q, P, Q, )
#define FROM_OUTPUT(name, suffix, TYPE, real, p, ...) \
    TEST_CALL(name, _backward_from_output_##suffix, FA_BACKWARD_FROM_OUTPUT, TYPE, real, p, 0, dy, x, __VA_ARGS__ out);
#define FROM_OUTPUT_0(name, ...) FROM_OUTPUT(name, f32, FA_F32, float, 0, ) FROM_OUTPUT(name, f64, FA_F64, double, 0, )
#define FROM_OUTPUT_1(name, ...) \
    FROM_OUTPUT(name, f32, FA_F32, float, P, (float)P, ) FROM_OUTPUT(name, f64, FA_F64, double, P, P, )

static void test_names(size_t n) {
#include "functions.def"
    fa_silu_f32(NULL, NULL, 0);
    fa_threshold_value_and_grad_f64(NULL, P, Q, NULL, NULL, 0);
}

/* Gated pairs, against the two steps that they join. */
static void test_gated(size_t n) {
    float *const gate = (float *)memory[0], *const up = (float *)memory[1], *const dy = (float *)memory[2];
    float *const y = (float *)memory[3], *const dgate = (float *)memory[4], *const dup = (float *)memory[5];
    for (size_t i = 0; i < n; i++) {
        gate[i] = 24 * (float)(i + 1) / (float)(n + 1) - 12;
        up[i] = (float)(i % 7) - 3;
        dy[i] = (float)(i % 5) - 2;
    }
    fa_swiglu_f32(gate, up, y, n);
    fa_swiglu_backward_f32(dy, gate, up, dgate, dup, n);
    for (size_t i = 0; i < n; i++) {
        float value, grad;
        fa_silu_value_and_grad_f32(gate + i, &value, &grad, 1);
        CHECK(y[i] == value * up[i], "swiglu [%d]", (int)i);
        CHECK(dgate[i] == dy[i] * up[i] * grad && dup[i] == dy[i] * value, "swiglu.backward [%d]", (int)i);
    }
}

/* What is not in the enumerations, and halves where there are no kernels for them, is refused before anything is read. */
static void test_unknown_types(void) {
    const fa_activation *silu = fa_find("silu");
    const fa_channels shape = {1, 1, FEW};
    char *const operands[] = {memory[0], memory[1]};
    memset(memory[1], 0, FEW * sizeof(double));
    CHECK(!fa_get_loop(silu, FA_FORWARD, FA_TYPE_COUNT), "a loop of no type");
    CHECK(!fa_get_loop(silu, FA_FORWARD, (fa_type)-1), "a loop of type -1");
    CHECK(fa_reduce(FA_SOFTMAX, FA_TYPE_COUNT, memory[0], NULL, memory[1], 1, FEW, 1) == -1, "a reduction of no type");
    CHECK(fa_reduce(FA_REDUCTION_COUNT, FA_F32, memory[0], NULL, memory[1], 1, FEW, 1) == -1, "no reduction");
    CHECK(fa_run_channels(fa_get_loop(silu, FA_FORWARD, FA_F16), &shape, operands, NULL, NULL, NULL) == -1, "halves");
    CHECK(fa_run_channels(NULL, &shape, operands, NULL, NULL, NULL) == -1, "channels of no loop");
    for (size_t i = 0; i < FEW; i++) CHECK(((double *)memory[1])[i] == 0, "untouched [%d]", (int)i);
}

int main(int argc, char **argv) {
    if (argc > 1) many = strtoul(argv[1], NULL, 10);
    if (many < FEW || many > MANY) {
        fprintf(stderr, "elements: from %d to %d\n", FEW, MANY);
        return 2;
    }
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) {
        memory[k] = malloc(many * sizeof(double));
        if (!memory[k]) return 2;
    }
    test_table();
    test_isas();
    test_threads();
    test_parallel();
    test_layouts();
    test_environment();
    test_nearest_float();
    test_names(1);
    test_names(17);
    test_names(many);
    test_gated(33);
    test_unknown_types();
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) free(memory[k]);
    printf("%s, %s, OpenMP: %d\n", failures ? "failed" : "passed", fa_isa(), fa_has_openmp());
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
