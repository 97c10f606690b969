/* Conversions between types: of float16 in integer arithmetic, which any ISA vectorises. */

/* float16 -> float32 */
static void half_to_float(const unsigned short *half, float *single, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = (uint32_t)(half[i] & 0x7fff) << 13, sign = (uint32_t)(half[i] & 0x8000) << 16;
        /* 2^112 moves the exponent from float16's bias to float32's and makes subnormals normal. */
        union {
            uint32_t bits;
            float number;
        } scaled = {magnitude}, result;
        scaled.number *= 0x1p112f;
        result.bits = (magnitude >= 0x0f800000 ? magnitude | 0x7f800000 : scaled.bits) | sign;
        single[i] = result.number;
    }
}

/* float32 -> float16, to nearest even */
static void float_to_half(const float *single, unsigned short *half, size_t n) {
    for (size_t i = 0; i < n; i++) {
        union {
            float number;
            uint32_t bits;
        } in = {single[i]}, subnormal;
        const uint32_t magnitude = in.bits & 0x7fffffff, sign = in.bits >> 16 & 0x8000;
        /* Below 2^-14, adding 1/2 leaves the rounded multiple of 2^-24 in the low bits. */
        subnormal.bits = magnitude;
        subnormal.number += 0.5f;
        const uint32_t small = subnormal.bits - 0x3f000000;
        const uint32_t normal = (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
        const uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x1ff);
        const uint32_t finite = magnitude < 0x38800000 ? small : normal;
        const uint32_t above = magnitude > 0x7f800000 ? nan : 0x7c00;
        half[i] = (unsigned short)((magnitude >= 0x477ff000 ? above : finite) | sign);
    }
}

static void double_to_float(const double *wide, float *single, size_t n) {
    for (size_t i = 0; i < n; i++) single[i] = (float)wide[i];
}
