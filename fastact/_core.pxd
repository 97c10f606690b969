"""The C core, as csrc/fastact.h declares it, and what the modules over it share."""

cdef extern from "fastact.h" nogil:
    enum:
        FA_MAX_PARAMETERS
        FA_MAX_OPERANDS

    # C enumerations are ints that index arrays here.
    ctypedef int fa_type
    enum:
        FA_F32
        FA_F64
        FA_F16
        FA_TYPE_COUNT

    ctypedef int fa_operation
    enum:  # those that layers are made of
        FA_FORWARD
        FA_BACKWARD
        FA_BACKWARD_PARAMETERS
        FA_OPERATION_COUNT

    ctypedef int fa_reduction
    enum:
        FA_SOFTMAX
        FA_LOG_SOFTMAX
        FA_LOGSUMEXP
        FA_SOFTMAX_BACKWARD
        FA_LOG_SOFTMAX_BACKWARD

    ctypedef struct fa_parameter:
        const char *name
        double value

    ctypedef struct fa_activation:
        const char *name
        int parameter_count
        fa_parameter *parameters
        const char *gate

    ctypedef struct fa_loop:
        pass

    const char *fa_version()

    size_t fa_activation_count()
    const fa_activation *fa_activation_at(size_t index)
    const fa_activation *fa_find(const char *name)
    double fa_error_bound(const fa_activation *activation, fa_operation operation, fa_type type)
    const fa_loop *fa_get_loop(const fa_activation *activation, fa_operation operation, fa_type type)
    int fa_loop_inputs(const fa_loop *loop)
    int fa_loop_outputs(const fa_loop *loop)

    void fa_run(const fa_loop *loop, char **operands, const Py_ssize_t *strides, size_t n)
    void fa_run_parallel(const fa_loop *loop, char **operands, const Py_ssize_t *strides, size_t n)
    void fa_run_threads(const fa_loop *loop, char **operands, const Py_ssize_t *strides, size_t n, int num_threads)
    int fa_reduce(fa_reduction reduction, fa_type type, const void *a, const void *b, void *out, size_t outer,
                  size_t length, size_t inner)
    void fa_run_contiguous(const fa_loop *loop, char **operands, size_t n)
    float fa_nearest_float(double x)
    void fa_nearest_floats(const double *x, float *y, size_t n)

    enum:
        FA_POOLED
    void *fa_pool_allocate(size_t size)
    void fa_pool_free(void *memory)
    size_t fa_pool_size_of(void *memory)
    size_t fa_get_pool_limit()
    void fa_set_pool_limit(size_t bytes)
    ctypedef struct fa_channels:
        size_t outer
        size_t channels
        size_t inner
    int fa_run_channels(const fa_loop *loop, const fa_channels *shape, char **operands,
                        const Py_ssize_t *parameter_strides, const void *bias, double **sums)

    const char *fa_isa()
    int fa_select_isa(const char *name)
    const char *fa_runnable_isa(size_t index)

    int fa_get_num_threads()
    int fa_set_num_threads(int count)
    int fa_default_num_threads(const char **bad_variable)
    int fa_has_openmp()
    int fa_threads_now(const fa_loop *loop, size_t n)
    int fa_part_count(int threads, size_t units)
    void fa_share(int threads, int parts, void (*body)(void *context, int part, int worker) noexcept nogil,
                  void *context)

cdef extern from "kernels/operations.h" nogil:
    ctypedef struct fa_operation_row:
        const char *name
        const char *who
        const char *inputs
        const char *outputs
        const char *results

    const fa_operation_row *fa_activation_rows
    const fa_operation_row *fa_row_of(const fa_activation *activation, fa_operation operation)


cdef inline tuple names_in(const char *column):
    """The names that a column of operations.def lists."""
    return tuple(column.decode().strip("()").split(", "))


cdef enum:
    # Elements from which the interpreter lock is released, as NumPy does. Below, releasing costs more than computing,
    # and there is too little to share among threads.
    MANY = 500

cdef union Number:
    float f32
    double f64
