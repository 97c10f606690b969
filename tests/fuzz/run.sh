#!/usr/bin/env bash
# Fuzzes an entry point for some minutes, from its corpus and with Clang's coverage and its address and undefined-behaviour
# sanitizers, and puts a minimal corpus in its place. Exit status 0: nothing was found.
#
#   tests/fuzz/run.sh ENTRY MINUTES [FOLDER]
#
# ENTRY is c, or one of those in __init__.py, for which the environment of $PYTHON needs setuptools, Cython and the extras
# test and fuzz. What is built, found and kept goes to FOLDER, not into the source tree; what is built there is used again.
set -euo pipefail

python=${PYTHON:-python3}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -w)
instrumented=(-fsanitize=fuzzer-no-link "${sanitizers[@]}")

build_c() {
    make -s -C "$source" -f csrc/Makefile CC=clang CFLAGS="${instrumented[*]}" LDFLAGS="${sanitizers[*]}" \
        BUILD="$1" "$1/libfastact.a"
    clang -g -O1 -fsanitize=fuzzer "${sanitizers[@]}" -fopenmp -I"$source/csrc" "$source/tests/fuzz/fuzz_c.c" \
        "$1/libfastact.a" -lm -o "$1/fuzz_c"
}

# Not under the feet of another run.
build_python() {
    local files=(csrc fastact setup.py pyproject.toml README.md LICENSE)
    # shellcheck disable=SC2046
    [[ -e $1/built && -z $(cd "$source" && find $(git ls-files "${files[@]}") -newer "$1/built") ]] && return
    (cd "$source" && git ls-files -z "${files[@]}" | xargs -0 tar c) | tar x -C "$1"
    printf '%s\n' "${instrumented[@]}" >> "$1/csrc/compile_flags.txt" # not for setup.py's look for OpenMP, which links
    (cd "$1" && CC=clang LDSHARED="clang -shared" LDFLAGS="${sanitizers[*]}" "$python" setup.py -q build_ext --inplace)
    touch "$1/built"
}

fuzz_c() { "$1/fuzz_c" "${@:2}"; }

# Fastact's own paths would take most calls of "ufuncs", which is for NumPy's.
fuzz_python() {
    FASTACT_FAST_PATH=$([[ $entry == ufuncs ]] && echo 0 || echo 1) ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 \
        PYTHONPATH=$1:$source/tests LD_PRELOAD=$("$python" -c "import atheris; print(atheris.path())")/asan_with_fuzzer.so \
        "$python" -m fuzz "$entry" "${@:2}"
}

main() {
    local entry=$1 minutes=$2 folder kind build kept small limits
    folder=$(realpath -m "${3-${TMPDIR:-/tmp}/fastact-fuzz}")
    kind=$([[ $entry == c ]] && echo c || echo python)
    build=$folder/build-$kind kept=$folder/$entry/corpus small=$folder/$entry/small
    mkdir -p "$build" "$folder/$entry/found" "$kept"
    "build_$kind" "$build"

    # Threads wait without spinning; every object has memory of its exact size; sizes that nobody has give no memory.
    export KMP_BLOCKTIME=0 PYTHONMALLOC=malloc ASAN_OPTIONS=allocator_may_return_null=1:quarantine_size_mb=16
    limits=(-max_len=192 -len_control=0 -timeout=120 -rss_limit_mb=6000 -print_final_stats=1 "-artifact_prefix=$folder/$entry/found/")
    echo leak:libomp > "$folder/not-ours" # LLVM's OpenMP keeps some memory of its threads
    export LSAN_OPTIONS=suppressions=$folder/not-ours:print_suppressions=0
    cd "$folder"
    "$python" "$source/tests/fuzz/corpus.py" unpack "$entry" "$kept"
    "fuzz_$kind" "$build" "${limits[@]}" "-max_total_time=$((60 * minutes))" "$kept"
    rm -rf "$small" && mkdir "$small"
    "fuzz_$kind" "$build" "${limits[@]}" -merge=1 "$small" "$kept"
    "$python" "$source/tests/fuzz/corpus.py" pack "$entry" "$small"
}

main "$@"
exit
