/* Internal: the bytes of an element, and a copy of elements that lie any number of bytes apart. */
#ifndef FA_COPIES_H
#define FA_COPIES_H

#include <stddef.h>
#include <string.h>

#include "kernels/loops.h"

static inline ptrdiff_t item_size(fa_type type) { return type == FA_F64 ? 8 : type == FA_F32 ? 4 : 2; }

/* item: bytes of an element. It has to be a constant; otherwise each copy becomes a call of memcpy. */
FA_INLINE void copy_strided(size_t item, void *to, ptrdiff_t to_stride, const void *from, ptrdiff_t from_stride,
                            size_t n) {
    for (size_t i = 0; i < n; i++)
        memcpy((char *)to + (ptrdiff_t)i * to_stride, (const char *)from + (ptrdiff_t)i * from_stride, item);
}

#endif
