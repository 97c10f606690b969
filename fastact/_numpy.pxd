"""The part of NumPy's C API used here, with borrowed pointers instead of counted references.

NumPy's own declarations take and give Python objects; on a path of 70 ns the reference counting they bring shows.
Nothing here raises by itself: NULL or NPY_FAIL with an exception set is handed on by the caller.
"""
from cpython.object cimport PyObject

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        const char *tp_name
        Py_ssize_t tp_vectorcall_offset
    PyTypeObject *Py_TYPE(PyObject *) nogil
    void Py_INCREF(PyObject *)
    void Py_DECREF(PyObject *)
    void Py_XDECREF(PyObject *)
    PyObject *Py_None

    int PyErr_CheckSignals() noexcept
    PyObject *PyErr_Occurred()
    void PyErr_Clear()
    bint PyErr_ExceptionMatches(PyObject *exception)
    void PyErr_Fetch(PyObject **kind, PyObject **value, PyObject **traceback)
    void PyErr_Restore(PyObject *kind, PyObject *value, PyObject *traceback)
    PyObject *PyErr_NoMemory() noexcept
    PyObject *PyErr_Format(PyObject *exception, const char *format, ...) noexcept
    PyObject *PyExc_NotImplementedError
    PyObject *PyExc_OverflowError
    PyObject *PyExc_TypeError

    PyTypeObject PyFloat_Type
    double PyFloat_AS_DOUBLE(PyObject *)
    PyObject *PyFloat_FromDouble(double) noexcept
    PyTypeObject PyLong_Type
    double PyLong_AsDouble(PyObject *) noexcept

    PyTypeObject PyTuple_Type
    PyObject *PyTuple_New(Py_ssize_t) noexcept
    PyObject **PySequence_Fast_ITEMS(PyObject *)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)
    void PyTuple_SET_ITEM(PyObject *, Py_ssize_t, PyObject *)

    PyObject *PyUnicode_FromString(const char *) noexcept
    PyObject *PyUnicode_InternFromString(const char *) noexcept
    int PyUnicode_Compare(PyObject *, PyObject *) noexcept
    const char *PyUnicode_AsUTF8(PyObject *) noexcept

    PyObject *PyContextVar_Set(PyObject *variable, PyObject *value) noexcept
    int PyContextVar_Reset(PyObject *variable, PyObject *token) noexcept

    PyObject *_PyType_Lookup(PyTypeObject *, PyObject *name) noexcept
    PyObject *PyObject_CallFunctionObjArgs(PyObject *, ...) noexcept
    PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *) noexcept
    ctypedef PyObject *(*vectorcallfunc)(PyObject *, PyObject *const *, size_t, PyObject *) noexcept
    Py_ssize_t PyVectorcall_NARGS(size_t)

cdef extern from "numpy/arrayobject.h" nogil:
    ctypedef Py_ssize_t npy_intp
    ctypedef unsigned int npy_uint32

    ctypedef struct PyArrayObject:
        pass
    ctypedef struct PyArray_Descr:
        int type_num
        char byteorder

    enum NPY_TYPES:
        NPY_HALF
        NPY_FLOAT
        NPY_DOUBLE

    enum:
        NPY_ARRAY_C_CONTIGUOUS
        NPY_ARRAY_F_CONTIGUOUS
        NPY_ARRAY_ALIGNED

    enum NPY_ORDER:
        NPY_KEEPORDER

    enum NPY_CASTING:
        NPY_SAFE_CASTING

    PyTypeObject PyArray_Type
    PyTypeObject PyBoolArrType_Type
    PyTypeObject PyDoubleArrType_Type

    int PyArray_NDIM(PyArrayObject *)
    npy_intp *PyArray_DIMS(PyArrayObject *)
    npy_intp *PyArray_STRIDES(PyArrayObject *)
    char *PyArray_BYTES(PyArrayObject *)
    Py_ssize_t PyArray_ITEMSIZE(PyArrayObject *)
    int PyArray_FLAGS(PyArrayObject *)
    PyArray_Descr *PyArray_DESCR(PyArrayObject *)
    bint PyArray_ISNBO(char byteorder)
    bint PyTypeNum_ISINTEGER(int)
    bint PyArray_IsIntegerScalar(PyObject *)

cdef extern from "numpy/arrayobject.h":
    PyObject *PyArray_EMPTY(int nd, npy_intp *dims, int type_num, int fortran) noexcept
    int PyArray_FailUnlessWriteable(PyArrayObject *, const char *name) noexcept
    PyArray_Descr *PyArray_DescrFromType(int type_num) noexcept
    PyArray_Descr *PyArray_ResultType(
        npy_intp narrs, PyArrayObject **arrs, npy_intp ndescrs, PyArray_Descr **descrs) noexcept

    ctypedef struct PyDataMemAllocator:
        void *ctx
        void *(*malloc)(void *ctx, size_t size) noexcept
        void *(*calloc)(void *ctx, size_t count, size_t size) noexcept
        void *(*realloc)(void *ctx, void *memory, size_t size) noexcept
        void (*free)(void *ctx, void *memory, size_t size) noexcept
    ctypedef struct PyDataMem_Handler:
        char *name
        unsigned char version
        PyDataMemAllocator allocator
    PyObject *PyDataMem_DefaultHandler
    PyObject *PyDataMem_SetHandler(PyObject *handler) noexcept
    PyObject *PyDataMem_GetHandler() noexcept

    ctypedef struct PyArray_DTypeMeta:
        int type_num
    PyArray_DTypeMeta PyArray_BoolDType
    PyArray_DTypeMeta PyArray_HalfDType
    PyArray_DTypeMeta PyArray_FloatDType
    PyArray_DTypeMeta PyArray_DoubleDType
    PyArray_DTypeMeta PyArray_PyLongDType
    PyArray_DTypeMeta PyArray_PyFloatDType
    PyArray_DTypeMeta *PyArray_PromoteDTypeSequence(npy_intp, PyArray_DTypeMeta **) noexcept

cdef extern from "numpy/arrayobject.h" nogil:
    ctypedef struct NpyIter:
        pass
    ctypedef int (*IterNext "NpyIter_IterNextFunc *")(NpyIter *) noexcept nogil

    enum:
        NPY_SUCCEED
        NPY_ITER_BUFFERED
        NPY_ITER_RANGED
        NPY_ITER_EXTERNAL_LOOP
        NPY_ITER_GROWINNER
        NPY_ITER_DELAY_BUFALLOC
        NPY_ITER_COPY_IF_OVERLAP
        NPY_ITER_OVERLAP_ASSUME_ELEMENTWISE
        NPY_ITER_READONLY
        NPY_ITER_WRITEONLY
        NPY_ITER_ALIGNED
        NPY_ITER_NBO
        NPY_ITER_ALLOCATE
        NPY_ITER_NO_BROADCAST
        NPY_ITER_NO_SUBTYPE

    int NpyIter_ResetToIterIndexRange(NpyIter *, npy_intp begin, npy_intp end, char **errmsg) noexcept
    IterNext NpyIter_GetIterNext(NpyIter *, char **errmsg) noexcept
    char **NpyIter_GetDataPtrArray(NpyIter *) noexcept
    npy_intp *NpyIter_GetInnerStrideArray(NpyIter *) noexcept
    npy_intp *NpyIter_GetInnerLoopSizePtr(NpyIter *) noexcept

cdef extern from "numpy/arrayobject.h":
    NpyIter *NpyIter_MultiNew(
        int nop, PyArrayObject **op, npy_uint32 flags, NPY_ORDER order, NPY_CASTING casting, npy_uint32 *op_flags,
        PyArray_Descr **op_dtypes) noexcept
    npy_intp NpyIter_GetIterSize(NpyIter *) noexcept
    NpyIter *NpyIter_Copy(NpyIter *) noexcept
    int NpyIter_Deallocate(NpyIter *) noexcept
    PyArrayObject **NpyIter_GetOperandArray(NpyIter *) noexcept

cdef extern from "numpy/ufuncobject.h":
    ctypedef void (*PyUFuncGenericFunction)(
        char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil

    ctypedef struct PyUFuncObject:
        int nin
        int nargs
        void **data
        const char *name
        vectorcallfunc vectorcall

    enum:
        PyUFunc_None

    PyObject *PyUFunc_FromFuncAndDataAndSignature(
        PyUFuncGenericFunction *functions, void **data, const char *types, int ntypes, int nin, int nout, int identity,
        const char *name, const char *doc, int unused, const char *signature) noexcept
    ctypedef int (*PyArrayMethod_PromoterFunction)(
        PyObject *ufunc, PyArray_DTypeMeta *const *op_dtypes, PyArray_DTypeMeta *const *signature,
        PyArray_DTypeMeta **new_op_dtypes) except -1
    int PyUFunc_AddPromoter(object ufunc, object dtypes, object promoter) except -1
