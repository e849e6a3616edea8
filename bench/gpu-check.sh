#!/bin/sh
# Checks and measures the GPU backend on this machine's GPU, in 9 minutes: bench/gpu-check.sh [--help] [OPTION …]
# Works in a checkout, which it builds first, and in an unpacked bundle, which needs no Java on the machine.
# With --quick a checkout runs it on the host emulator of the tests (g++ is needed), unless OSTEON_CUDA_LIBRARIES names
# other libraries.
set -eu
bench=$(cd "$(dirname "$0")" && pwd -P)
root=$(dirname "$bench")
if [ -f "$root/commit" ]; then
    OSTEON_COMMIT=$(cat "$root/commit")
else
    OSTEON_COMMIT=$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)
fi
export OSTEON_COMMIT
OSTEON_CHECK="bench/gpu-check.sh $*"
export OSTEON_CHECK
emulator=$root/engine/src/test/native
for argument; do
    if [ "$argument" = --quick ] && [ -d "$emulator" ] && [ -z "${OSTEON_CUDA_LIBRARIES:-}" ]; then
        OSTEON_CUDA_LIBRARIES=$root/bench/target/cuda-emulator
        [ -f "$OSTEON_CUDA_LIBRARIES/cudahost.h" ] || sh "$emulator/build.sh" "$OSTEON_CUDA_LIBRARIES"
        export OSTEON_CUDA_LIBRARIES
        OSTEON_OPTS="-Dosteon.cuda.workspace=1 -Dosteon.cuda.cache=$OSTEON_CUDA_LIBRARIES/cache ${OSTEON_OPTS:-}"
        export OSTEON_OPTS
    fi
done
exec "$bench/launch" gpu.GpuCheck --peer "$bench/gpu_peer.py" "$@"
