#!/bin/sh
# Builds the host emulator's libraries into folder $1: libcuda.so.1, libnvrtc.so.12, libcublas.so.12, libcudnn.so.9,
# libnvToolsExt.so.1.
set -eu
from=$(cd "$(dirname "$0")" && pwd)
to=$1
mkdir -p "$to"
version() { printf '%s { global: *; };\n' "$1" > "$to/$1.map"; }
compile() { # library source [more]
    name=$1
    source=$2
    shift 2
    g++ -std=c++17 -O2 -fPIC -shared -fvisibility=hidden -Wall -I"$from" -Wl,-soname,"$name" -o "$to/$name" \
        "$from/$source" "$@"
}
compile libcuda.so.1 cudahost.cpp -ldl
compile libnvToolsExt.so.1 nvtx.cpp
for name in libnvrtc.so.12 libcublas.so.12 libcudnn.so.9; do version $name; done
compile libnvrtc.so.12 nvrtc.cpp -ldl -Wl,--version-script="$to/libnvrtc.so.12.map"
compile libcublas.so.12 cublas.cpp -Wl,--version-script="$to/libcublas.so.12.map" "$to/libcuda.so.1"
# sums may be taken in any order: the loops are for tests, but whole networks run through them
compile libcudnn.so.9 cudnn.cpp -O3 -march=native -fassociative-math -fno-signed-zeros -fno-trapping-math -Wl,--version-script="$to/libcudnn.so.9.map" "$to/libcuda.so.1"
rm -rf "$to/cache"             # compiled by an older emulator
cp "$from/half.h" "$from/cudahost.h" "$to/"
