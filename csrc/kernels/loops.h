/* Internal: loops, and the tables of them that kernels fill and all else reads. */
#ifndef FA_LOOPS_H
#define FA_LOOPS_H

#include "fastact.h"

/* A function whose constant arguments the compiler folds, such as the bytes of an element or the description of a loop.
 * Without optimisation it is a plain function, in which a debugger stops by name. */
#if defined(__OPTIMIZE__)
#define FA_INLINE static inline __attribute__((always_inline))
#else
#define FA_INLINE static __attribute__((unused))
#endif

/* The default of a parameter that has to be given; NaN, so that no value is taken for it. */
#define REQUIRED __builtin_nan("")

static inline size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static inline int min_int(int a, int b) { return a < b ? a : b; }
static inline int max_int(int a, int b) { return a > b ? a : b; }

enum { FA_BLOCK_BYTES = 64 }; /* kernels work on whole blocks: 16 float32 or 8 float64 elements */

/* operands as in fastact.h, all contiguous but for the parameters of a scalar kernel, which are one value each. */
typedef void (*fa_kernel)(void *const *operands, size_t blocks);

typedef struct {
    fa_kernel scalar; /* every parameter is one value */
    fa_kernel array;  /* every parameter is an array like x; NULL: there are none */
    fa_kernel biased; /* as scalar, with one more operand before the parameters: an array that is added to x; NULL but
                       * for FA_FORWARD and FA_BACKWARD of an activation */
} fa_kernels;

/* Doubles up to this size are added up as they are, larger ones apart. */
#define FA_SUMMABLE 0x1p900

/* Over contiguous elements of one type, as sums.h has them. */
typedef struct {
    double (*total)(const void *x, size_t n);
    void (*accumulate)(const void *x, double *sums, size_t n, size_t rows);
    int (*is_summable)(const void *x, size_t n);
    void (*add_bias)(const void *x, const void *bias, int shared, void *y, size_t n);
} fa_vectors;

/* Blocks of columns that are taken together: of every row 256 bytes, so that memory is read in runs. */
enum { FA_TILE_BLOCKS = 4 };

/* A reduction over rows of `length` entries, at least a block, and over up to a tile of neighbouring columns, in whole
 * blocks, whose entries lie `stride` apart. a, b and out as in fa_reduce. */
typedef struct {
    void (*rows)(const void *a, const void *b, void *out, size_t rows, size_t length);
    void (*columns)(const void *a, const void *b, void *out, size_t blocks, size_t length, size_t stride);
} fa_reduction_kernels;

FA_INLINE int fa_is_backward(int reduction) {
    return reduction == FA_SOFTMAX_BACKWARD || reduction == FA_LOG_SOFTMAX_BACKWARD;
}

enum {
#define ACTIVATION_0(name, ...) FA_INDEX_##name,
#define ACTIVATION_1(name, ...) FA_INDEX_##name,
#define ACTIVATION_2(name, ...) FA_INDEX_##name,
#define GATED(name, ...) FA_INDEX_##name,
#include "functions.def"
    FA_ACTIVATION_COUNT
};

typedef struct {
    const char *name;
    int has_fma;
    fa_kernels kernels[FA_ACTIVATION_COUNT][FA_OPERATION_COUNT][2]; /* [..][..][FA_F32, FA_F64]; NULL: none */
    fa_vectors vectors[2];                                          /* [FA_F32, FA_F64] */
    fa_reduction_kernels reductions[FA_REDUCTION_COUNT][2];                /* [..][FA_F32, FA_F64] */
    void (*half_to_float)(const unsigned short *half, float *single, size_t n);
    void (*float_to_half)(const float *single, unsigned short *half, size_t n);
    void (*double_to_float)(const double *wide, float *single, size_t n);
    void (*stream_blocks)(void *to, const void *from, size_t blocks); /* to: aligned to a block; NULL: there is none */
} fa_isa_table;

extern const fa_isa_table fa_table__baseline, fa_table__avx2, fa_table__avx512, fa_table__neon;

struct fa_loop {
    fa_kernels kernels; /* of the ISA in use */
    const fa_activation *activation;
    fa_operation operation;
    fa_type type;
    int inputs, outputs;
    unsigned cost; /* picoseconds per element */
    double bound[2]; /* ULP: with FMA, without */
};

#endif
