// Elements of device memory in the emulator's libraries: float32, bf16 or fp16.
#pragma once
#include "half.h"
#include <algorithm>
#include <functional>
#include <vector>

extern "C" bool cudahost_inside(const void *address, size_t bytes);
extern "C" bool cudahost_broken();
// Notes the work down when its stream is recorded; otherwise false, and it is to be done.
extern "C" bool cudahost_recorded(void *stream, const std::function<int()> *work);
// Memory that a library was given to work with: kernels have no business there.
extern "C" void cudahost_lent(void *address);

enum class Element { f32, bf16, f16 };

inline size_t bytes_of(Element e) { return e == Element::f32 ? 4 : 2; }

inline float get(const void *data, Element e, long long i) {
    if (e == Element::f32) {
        return ((const float *) data)[i];
    }
    uint16_t stored = ((const uint16_t *) data)[i];
    if (e == Element::f16) {
        return half_to_float(stored);
    }
    uint32_t bits = (uint32_t) stored << 16;
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

inline void put(void *data, Element e, long long i, float v) {
    if (e == Element::f32) {
        ((float *) data)[i] = v;
        return;
    }
    if (e == Element::f16) {
        ((uint16_t *) data)[i] = float_to_half(v);
        return;
    }
    uint32_t bits;
    memcpy(&bits, &v, 4);
    ((uint16_t *) data)[i] = v != v ? (uint16_t) (bits >> 16 | 0x40)
            : (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// A tensor core keeps ten digits of a float32.
inline float tf32(float v) {
    unsigned b;
    memcpy(&b, &v, 4);
    b = (b + 0x1000) & ~0x1fffu;
    memcpy(&v, &b, 4);
    return v;
}
