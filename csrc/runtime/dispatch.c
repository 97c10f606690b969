/* The table of loops, and the ISA whose kernels it points to. */
#include <stddef.h>
#include <string.h>

#include "dispatch.h"
#include "kernels/loops.h"
#include "kernels/operations.h"
#include "kernels/platform.h"

#define ACTIVATION_0(name, ...) [FA_INDEX_##name] = {#name, 0, {{0, 0}}},
#define ACTIVATION_1(name, limits, cost, value, grad, p, p_default, by_p) \
    [FA_INDEX_##name] = {#name, 1, {{#p, p_default}}},
#define ACTIVATION_2(name, limits, cost, value, grad, p, p_default, by_p, q, q_default, by_q) \
    [FA_INDEX_##name] = {#name, 2, {{#p, p_default}, {#q, q_default}}},
#define GATED(name, f, ...) [FA_INDEX_##name] = {#name, 0, {{0, 0}}, #f},
static const fa_activation activations[FA_ACTIVATION_COUNT] = {
#include "functions.def"
};

typedef struct {
    double f32, f64, f32_without_fma, f64_without_fma;
} ulp;

/* The cost of the derivative, and the bounds that several operations share. */
typedef struct {
    unsigned cost; /* picoseconds */
    ulp bounds[FA_BOUND_own];
} measured;

/* The cost and the bound of an operation that has a row of its own. */
typedef struct {
    unsigned cost;
    ulp bound;
} measured_own;

#define PICOSECONDS(nanoseconds) (unsigned)(1000 * (nanoseconds))
#define ULP(...) {__VA_ARGS__}
#define ACTIVATION_0(name, limits, cost, value, grad) [FA_INDEX_##name] = {PICOSECONDS(cost), {value, grad}},
#define ACTIVATION_1(name, limits, cost, value, grad, p, p_default, by_p) \
    [FA_INDEX_##name] = {PICOSECONDS(cost), {value, grad, by_p}},
#define ACTIVATION_2(name, limits, cost, value, grad, p, p_default, by_p, q, q_default, by_q) \
    [FA_INDEX_##name] = {PICOSECONDS(cost), {value, grad, by_p, by_q}},
#define GATED(name, f, cost, value, grad) [FA_INDEX_##name] = {PICOSECONDS(cost), {value, grad}},
static const measured measurements[FA_ACTIVATION_COUNT] = {
#include "functions.def"
};

#define ADDED_0(name, index, operation, cost, ...) [FA_INDEX_##name][FA_##index] = {PICOSECONDS(cost), __VA_ARGS__},
#define ADDED_1 ADDED_0
static const measured_own own_measurements[FA_ACTIVATION_COUNT][FA_OPERATION_COUNT] = {
#include "functions.def"
};

static fa_loop loops[FA_ACTIVATION_COUNT][FA_OPERATION_COUNT][FA_TYPE_COUNT];
const fa_isa_table *fa_table;

/* __builtin_cpu_supports checks that the operating system saves the registers, too. */
static const fa_isa_table *runnable(size_t index) {
    const fa_isa_table *found[4];
    size_t count = 0;
#if FA_ARM64
    found[count++] = &fa_table__neon;
#else
#if FA_X86_TARGETS
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found[count++] = &fa_table__avx512;
    if (avx2) found[count++] = &fa_table__avx2;
#endif
    found[count++] = &fa_table__baseline;
#endif
    return index < count ? found[index] : NULL;
}

const char *fa_runnable_isa(size_t index) {
    const fa_isa_table *table = runnable(index);
    return table ? table->name : NULL;
}

static void fill(fa_loop *loop, size_t activation, fa_operation operation, fa_type type) {
    const fa_operation_row *row = fa_row_of(&activations[activation], operation);
    const measured *shared = &measurements[activation];
    const measured_own *own = &own_measurements[activation][operation];
    const int is_own = row->bound == FA_BOUND_own, parameters = activations[activation].parameter_count;
    const ulp *bound = is_own ? &own->bound : &shared->bounds[row->bound];
    loop->kernels = fa_table->kernels[activation][operation][type == FA_F64];
    loop->activation = &activations[activation];
    loop->operation = operation;
    loop->type = type;
    loop->inputs = row->input_count + parameters;
    loop->outputs = fa_output_count(row, parameters);
    loop->cost = (is_own ? own->cost : shared->cost) * (type == FA_F64 ? 2 : 1);
    loop->bound[0] = type == FA_F64 ? bound->f64 : bound->f32;
    loop->bound[1] = type == FA_F64 ? bound->f64_without_fma : bound->f32_without_fma;
}

static void use(const fa_isa_table *table) {
    fa_table = table;
    for (size_t a = 0; a < FA_ACTIVATION_COUNT; a++)
        for (int o = 0; o < FA_OPERATION_COUNT; o++)
            for (int t = 0; t < FA_TYPE_COUNT; t++) fill(&loops[a][o][t], a, (fa_operation)o, (fa_type)t);
}

/* Ahead of main and of other constructors: there is no first call for threads to race for. */
__attribute__((constructor(101))) static void use_best(void) { use(runnable(0)); }

int fa_select_isa(const char *name) {
    const fa_isa_table *table;
    for (size_t i = 0; (table = runnable(i)); i++)
        if (!name || strcmp(table->name, name) == 0) {
            use(table);
            return 0;
        }
    return -1;
}

const char *fa_isa(void) { return fa_table->name; }

const char *fa_version(void) { return FA_VERSION; }

size_t fa_activation_count(void) { return FA_ACTIVATION_COUNT; }

const fa_activation *fa_activation_at(size_t index) { return index < FA_ACTIVATION_COUNT ? &activations[index] : NULL; }

const fa_activation *fa_find(const char *name) {
    for (size_t i = 0; i < FA_ACTIVATION_COUNT; i++)
        if (strcmp(activations[i].name, name) == 0) return &activations[i];
    return NULL;
}

const fa_loop *fa_get_loop(const fa_activation *activation, fa_operation operation, fa_type type) {
    if (!activation || (unsigned)operation >= FA_OPERATION_COUNT || (unsigned)type >= FA_TYPE_COUNT) return NULL;
    const fa_loop *loop = &loops[activation - activations][operation][type];
    return loop->kernels.scalar ? loop : NULL;
}

int fa_loop_inputs(const fa_loop *loop) { return loop->inputs; }
int fa_loop_outputs(const fa_loop *loop) { return loop->outputs; }

double fa_error_bound(const fa_activation *activation, fa_operation operation, fa_type type) {
    const fa_loop *loop = fa_get_loop(activation, operation, type);
    return loop ? loop->bound[!fa_table->has_fma] : __builtin_nan("");
}
