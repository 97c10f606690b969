/* Stores past the cache, for which C has no word: the one place with intrinsics, and not in the mathematics. Whoever
 * stores so ends with FA_STREAM_END. kernels_<isa>.c says by FA_VECTOR and FA_STREAM what its ISA has. */
#if defined(FA_STREAM)
static void stream_blocks(void *to, const void *from, size_t blocks) {
    for (size_t i = 0; i < blocks * (FA_BLOCK_BYTES / sizeof(FA_VECTOR)); i++)
        FA_STREAM((FA_VECTOR *)to + i, ((const FA_VECTOR *)from)[i]);
}
#endif
