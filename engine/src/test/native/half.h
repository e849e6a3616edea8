// IEEE half precision in integers: what a GPU has an instruction for.
#pragma once
#include <stdint.h>
#include <string.h>

inline float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t) (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023, bits;
    if (exponent == 0) {
        float v = fraction * 0x1p-24f;
        return sign ? -v : v;
    }
    bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13;
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

// To nearest even; beyond 65 504 to infinity, NaN to 0x7fff as the GPU does.
inline uint16_t float_to_half(float v) {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    uint16_t sign = bits >> 16 & 0x8000;
    uint32_t size = bits & 0x7fffffff;
    if (size > 0x7f800000) {
        return 0x7fff;
    }
    if (size >= 0x47800000) {
        return sign | 0x7c00;
    }
    if (size < 0x38800000) {               // 2⁻¹⁴: multiples of 2⁻²⁴, which is the last place of what begins with 0.5
        float shifted;
        memcpy(&shifted, &size, 4);
        shifted += 0.5f;
        memcpy(&size, &shifted, 4);
        return sign | (size - 0x3f000000);
    }
    return sign | ((size + 0xfff + (size >> 13 & 1) - 0x38000000) >> 13);
}
