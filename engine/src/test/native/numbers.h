// Elements of device memory in the emulator's libraries: float32 or bf16.
#pragma once
#include <stdint.h>
#include <string.h>
#include <algorithm>
#include <vector>

extern "C" bool cudahost_inside(const void *address, size_t bytes);

inline float get(const void *data, bool f32, long long i) {
    if (f32) {
        return ((const float *) data)[i];
    }
    uint32_t bits = (uint32_t) ((const uint16_t *) data)[i] << 16;
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

inline void put(void *data, bool f32, long long i, float v) {
    if (f32) {
        ((float *) data)[i] = v;
        return;
    }
    uint32_t bits;
    memcpy(&bits, &v, 4);
    ((uint16_t *) data)[i] = v != v ? (uint16_t) (bits >> 16 | 0x40)
            : (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
