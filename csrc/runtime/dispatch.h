/* Internal: the loops of the instruction set in use. */
#ifndef FA_DISPATCH_H
#define FA_DISPATCH_H

#include "kernels/loops.h"

extern const fa_isa_table *fa_table;

#endif
