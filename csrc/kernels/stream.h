/* Non-temporal stores, the only intrinsics here. The caller must issue FA_STREAM_END, a store fence, after the last.
 * kernels_<isa>.c defines FA_VECTOR and FA_STREAM as its ISA has them. */
#if defined(FA_STREAM)
static void stream_blocks(void *to, const void *from, size_t blocks) {
    for (size_t i = 0; i < blocks * (FA_BLOCK_BYTES / sizeof(FA_VECTOR)); i++)
        FA_STREAM((FA_VECTOR *)to + i, ((const FA_VECTOR *)from)[i]);
}
#endif
