/* Softmax and its like over an array of any shape: which kernel takes what, and how threads share it.
 *
 * Long rows of neighbours go to the row kernel, columns with enough neighbours to the column kernel. The others, short
 * rows, narrow columns and remainders, are gathered into a block of columns that lie side by side. float16 is converted
 * piece by piece. Results do not depend on what goes where.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"
#include "kernels/loops.h"
#include "runtime/dispatch.h"
#include "runtime/fpenv.h"
#include "runtime/parallel.h"

/* Rows up to this length are gathered: there the row kernel, which works on whole blocks and adds up their lanes, costs
 * more than the copies. */
enum { SHORT_ROW = 48 };
_Static_assert(SHORT_ROW * sizeof(float) >= FA_BLOCK_BYTES, "a row of the row kernel has a whole block");

/* Elements of float16 converted at a time, unless one row has more: 64 KiB as float32. */
enum { HALVES = 1 << 14 };

/* Entries of a column that are gathered before those of the next: 4 KiB for a block of columns. */
enum { SLAB_ENTRIES = 64 };

/* Picoseconds per float32 element, rounded up, for the grain of threads. */
static const unsigned costs[FA_REDUCTION_COUNT] = {
    [FA_SOFTMAX] = 400,          [FA_LOG_SOFTMAX] = 400,          [FA_LOGSUMEXP] = 300,
    [FA_SOFTMAX_BACKWARD] = 200, [FA_LOG_SOFTMAX_BACKWARD] = 400,
};

/* A call. Its pieces are rows, tiles of columns or blocks of gathered columns; parts are equal numbers of them, which
 * threads take in turn. */
typedef struct job job;
struct job {
    const fa_reduction_kernels *kernels;
    int backward, reduces; /* whether b is read; whether out has one entry for a row */
    size_t item, block;    /* bytes of an element, elements of a block */
    const char *a, *b;
    char *out;
    size_t outer, length, inner;
    int (*run)(const job *j, size_t begin, size_t end);
    size_t pieces, parts;
    atomic_int failed;
};

/* --- Gathered columns --- */

/* Elements from the start of the array to the first entry of a column. */
static size_t start_of(const job *j, size_t column) {
    return column / j->inner * j->length * j->inner + column % j->inner;
}

/* Between `count` columns of an array and a block that has them side by side. item: bytes of an element, a constant. */
FA_INLINE void gather_items(const job *j, size_t item, const char *from, size_t first, size_t count, char *block) {
    const size_t step = j->inner * item;
    for (size_t slab = 0; slab < j->length; slab += SLAB_ENTRIES)
        for (size_t c = 0; c < count; c++)
            copy_strided(item, block + slab * FA_BLOCK_BYTES + c * item, FA_BLOCK_BYTES,
                         from + start_of(j, first + c) * item + slab * step, (ptrdiff_t)step,
                         min_size(SLAB_ENTRIES, j->length - slab));
}

FA_INLINE void scatter_items(const job *j, size_t item, const char *block, size_t first, size_t count, char *to) {
    const size_t step = j->inner * item;
    for (size_t slab = 0; slab < j->length; slab += SLAB_ENTRIES)
        for (size_t c = 0; c < count; c++)
            copy_strided(item, to + start_of(j, first + c) * item + slab * step, (ptrdiff_t)step,
                         block + slab * FA_BLOCK_BYTES + c * item, FA_BLOCK_BYTES,
                         min_size(SLAB_ENTRIES, j->length - slab));
}

static void gather(const job *j, const char *from, size_t first, size_t count, char *block) {
    if (j->item == sizeof(float))
        gather_items(j, sizeof(float), from, first, count, block);
    else
        gather_items(j, sizeof(double), from, first, count, block);
}

static void scatter(const job *j, const char *block, size_t first, size_t count, char *to) {
    if (j->item == sizeof(float))
        scatter_items(j, sizeof(float), block, first, count, to);
    else
        scatter_items(j, sizeof(double), block, first, count, to);
}

/* Columns [begin, end) of the array, in room for a block of each input. */
static void run_block(const job *j, size_t begin, size_t end, char *room) {
    const size_t bytes = j->length * FA_BLOCK_BYTES;
    char *const a = room, *const b = j->backward ? room + bytes : room;
    _Alignas(FA_BLOCK_BYTES) char sums[FA_BLOCK_BYTES];
    gather(j, j->a, begin, end - begin, a);
    if (j->backward) gather(j, j->b, begin, end - begin, b);
    j->kernels->columns(a, b, j->reduces ? sums : a, 1, j->length, j->block);
    if (j->reduces)
        memcpy(j->out + begin * j->item, sums, (end - begin) * j->item);
    else
        scatter(j, a, begin, end - begin, j->out);
}

/* The room's columns that a block leaves free hold zeros, or what was there before. */
static char *make_room(const job *j) { return calloc((1 + (size_t)j->backward) * j->length, FA_BLOCK_BYTES); }

/* A piece is a block of columns. */
static int run_gathered(const job *j, size_t begin, size_t end) {
    const size_t count = j->outer * j->inner;
    char *const room = make_room(j);
    if (!room) return -1;
    for (size_t first = begin * j->block; first < end * j->block && first < count; first += j->block)
        run_block(j, first, min_size(count, first + j->block), room);
    free(room);
    return 0;
}

/* --- Rows and columns as they lie --- */

/* A piece is a row. */
static int run_rows(const job *j, size_t begin, size_t end) {
    const size_t at = begin * j->length * j->item;
    j->kernels->rows(j->a + at, j->b + at, j->out + (j->reduces ? begin * j->item : at), end - begin, j->length);
    return 0;
}

static size_t tiles_of(const job *j) { return (j->inner - 1) / (FA_TILE_BLOCKS * j->block) + 1; }

/* A piece is a tile of columns; the last one has what remains. */
static int run_columns(const job *j, size_t begin, size_t end) {
    const size_t tiles = tiles_of(j), tile = FA_TILE_BLOCKS * j->block;
    char *room = NULL;
    for (size_t piece = begin; piece < end; piece++) {
        const size_t o = piece / tiles, first = piece % tiles * tile;
        const size_t blocks = min_size(j->inner - first, tile) / j->block;
        const size_t column = o * j->inner + first, rest = column + blocks * j->block;
        const size_t at = start_of(j, column) * j->item;
        j->kernels->columns(j->a + at, j->b + at, j->out + (j->reduces ? column * j->item : at), blocks, j->length,
                            j->inner);
        if (piece % tiles < tiles - 1 || rest == (o + 1) * j->inner) continue;
        if (!room) room = make_room(j);
        if (!room) return -1;
        run_block(j, rest, (o + 1) * j->inner, room);
    }
    free(room);
    return 0;
}

/* --- The call --- */

static void run_part(void *context, int part, int worker) {
    job *const j = context;
    (void)worker;
    const size_t share = (j->pieces - 1) / j->parts + 1, begin = share * (size_t)part;
    if (begin >= j->pieces) return;
    const fa_environment environment = fa_enter();
    if (j->run(j, begin, min_size(j->pieces, begin + share)))
        atomic_store_explicit(&j->failed, 1, memory_order_relaxed);
    fa_leave(environment);
}

static int run(job *j, unsigned cost) {
    if (j->inner == 1 && j->length > SHORT_ROW) {
        j->run = run_rows;
        j->pieces = j->outer;
    } else if (j->inner >= j->block) {
        j->run = run_columns;
        j->pieces = j->outer * tiles_of(j);
    } else {
        j->run = run_gathered;
        j->pieces = (j->outer * j->inner - 1) / j->block + 1;
    }
    const int threads = fa_threads_now_of(cost, j->outer * j->length * j->inner, fa_get_num_threads());
    const int parts = fa_part_count(threads, j->pieces);
    j->parts = (size_t)parts;
    fa_share(threads, parts, run_part, j);
    return atomic_load_explicit(&j->failed, memory_order_relaxed) ? -1 : 0;
}

/* As many outer indices at a time as HALVES has room for, as float32. */
static int run_halves(fa_reduction reduction, int backward, int reduces, const unsigned short *a,
                      const unsigned short *b, unsigned short *out, size_t outer, size_t length, size_t inner) {
    const size_t row = length * inner, result = reduces ? inner : row;
    const size_t fitting = HALVES / row + (HALVES < row), group = min_size(fitting, outer);
    float *const room = malloc((1 + (size_t)backward) * group * row * sizeof(float));
    if (!room) return -1;
    float *const floats_b = backward ? room + group * row : room;
    int failed = 0;
    const fa_environment environment = fa_enter();
    for (size_t o = 0; o < outer && !failed; o += group) {
        const size_t now = min_size(outer - o, group);
        fa_table->half_to_float(a + o * row, room, now * row);
        if (backward) fa_table->half_to_float(b + o * row, floats_b, now * row);
        failed = fa_reduce(reduction, FA_F32, room, floats_b, room, now, length, inner);
        fa_table->float_to_half(room, out + o * result, now * result);
    }
    fa_leave(environment);
    free(room);
    return failed;
}

int fa_reduce(fa_reduction reduction, fa_type type, const void *a, const void *b, void *out, size_t outer,
              size_t length, size_t inner) {
    if ((unsigned)reduction >= FA_REDUCTION_COUNT || (unsigned)type >= FA_TYPE_COUNT) return -1;
    if (outer == 0 || length == 0 || inner == 0) return 0;
    const int backward = fa_is_backward(reduction);
    const int reduces = reduction == FA_LOGSUMEXP;
    if (type == FA_F16) return run_halves(reduction, backward, reduces, a, b, out, outer, length, inner);
    const size_t item = (size_t)item_size(type);
    job j = {
        .kernels = &fa_table->reductions[reduction][type == FA_F64],
        .backward = backward,
        .reduces = reduces,
        .item = item,
        .block = FA_BLOCK_BYTES / item,
        .a = a,
        .b = backward ? b : a,
        .out = out,
        .outer = outer,
        .length = length,
        .inner = inner,
    };
    return run(&j, costs[reduction] * (type == FA_F64 ? 2 : 1));
}
