// One XLA handler for every operation of fastact's table, float and double. Operands are fastact's: inputs, then
// parameters; one that has a single element is shared by all.
#include <string>
#include <string_view>

#include "fastact.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

static ffi::Error run(std::string_view activation, int32_t operation, ffi::RemainingArgs inputs,
                      ffi::RemainingRets outputs) {
    if (outputs.size() == 0) return ffi::Error::InvalidArgument("fastact: no output");
    const ffi::AnyBuffer result = *outputs.get<ffi::AnyBuffer>(0).value();
    if (result.element_type() != ffi::F32 && result.element_type() != ffi::F64)
        return ffi::Error::InvalidArgument("fastact: float32 or float64 is needed");
    const fa_type type = result.element_type() == ffi::F64 ? FA_F64 : FA_F32;
    const size_t n = result.element_count(), item = ffi::ByteWidth(result.element_type());
    const fa_loop *loop =
        fa_get_loop(fa_find(std::string(activation).c_str()), static_cast<fa_operation>(operation), type);
    if (loop == nullptr) return ffi::Error::InvalidArgument("fastact: no such activation or operation");
    const size_t input_count = fa_loop_inputs(loop), output_count = fa_loop_outputs(loop);
    if (inputs.size() != input_count || outputs.size() != output_count)
        return ffi::Error::InvalidArgument("fastact: a wrong number of operands");

    char *operands[FA_MAX_OPERANDS];
    ptrdiff_t strides[FA_MAX_OPERANDS];
    for (size_t k = 0; k < input_count + output_count; k++) {
        const bool is_input = k < input_count;
        const ffi::AnyBuffer buffer =
            is_input ? inputs.get<ffi::AnyBuffer>(k).value() : *outputs.get<ffi::AnyBuffer>(k - input_count).value();
        const bool is_shared = is_input && buffer.element_count() == 1;
        if (buffer.element_type() != result.element_type() || (!is_shared && buffer.element_count() != n))
            return ffi::Error::InvalidArgument("fastact: operands of different types or sizes");
        operands[k] = static_cast<char *>(buffer.untyped_data());
        strides[k] = is_shared ? 0 : static_cast<ptrdiff_t>(item);
    }
    fa_run_parallel(loop, operands, strides, n);
    return ffi::Error::Success();
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(
    fastact_run, run,
    ffi::Ffi::Bind().Attr<std::string_view>("activation").Attr<int32_t>("operation").RemainingArgs().RemainingRets());
