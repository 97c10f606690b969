/* The rows of operations.def, for dispatch and for the modules over the library. */
#ifndef FA_OPERATIONS_H
#define FA_OPERATIONS_H

#include <stddef.h>
#include <string.h>

#include "loops.h"

typedef enum { FA_BOUND_value, FA_BOUND_grad, FA_BOUND_by_p, FA_BOUND_by_q, FA_BOUND_own } fa_bound;

/* The columns as they are written, and how many arrays and outputs they name. */
typedef struct {
    const char *name, *who, *inputs, *outputs, *results;
    fa_bound bound;
    int input_count, output_count;
} fa_operation_row;

#define FA_FOURTH(a, b, c, count, ...) count
#define FA_COUNT(...) FA_FOURTH(__VA_ARGS__, 3, 2, 1, 0)
#define FA_ROW(index, name, who, inputs, outputs, results, bound) \
    [FA_##index] = {#name, #who, #inputs, #outputs, results, FA_BOUND_##bound, FA_COUNT inputs, FA_COUNT outputs},
#define OPERATION FA_ROW
static const fa_operation_row fa_activation_rows[FA_OPERATION_COUNT] = {
#include "operations.def"
};
#define GATED_OPERATION FA_ROW
static const fa_operation_row fa_pair_rows[FA_OPERATION_COUNT] = {
#include "operations.def"
};

/* The row of an operation; all zero where a pair has no such operation. */
FA_INLINE const fa_operation_row *fa_row(int is_pair, fa_operation operation) {
    return &(is_pair ? fa_pair_rows : fa_activation_rows)[operation];
}

FA_INLINE const fa_operation_row *fa_row_of(const fa_activation *activation, fa_operation operation) {
    return fa_row(activation->gate != NULL, operation);
}

/* How many outputs an operation has of an activation with so many parameters. */
FA_INLINE int fa_output_count(const fa_operation_row *row, int parameters) {
    return row->output_count + (row->who && strcmp(row->who, "PARAMETRIC") == 0 ? parameters : 0);
}

#endif
