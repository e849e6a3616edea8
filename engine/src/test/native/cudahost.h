// The host emulator's side of a kernel file: what CUDA C++ has and C++ has not, for g++. libnvrtc.so.12 of this folder
// puts it in front of a .cu file; the threads of a block are fibers that libcuda.so.1 runs one after the other.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "half.h"

#define CUDAHOST

#define __global__ __attribute__((used))
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ static
#define __launch_bounds__(...)

struct uint3 { unsigned x, y, z; };

namespace cudahost {

// One thread of the running block, and what it waits for.
enum class Wait : uint8_t { nothing, block, warp, over };
struct Thread { uint3 thread, block, threads, blocks; Wait wait; unsigned mask; uint64_t slot; };

// A kernel of a module: its name, how it is called with the arguments of cuLaunchKernel, which of them are pointers, and
// how long each is.
struct Kernel {
    const char *name;
    void (*call)(void **arguments);
    unsigned count;
    uint64_t pointers;
    const size_t *sizes;
};

template <class... A> struct signature;

template <class T> struct is_pointer { static constexpr bool value = false; };
template <class T> struct is_pointer<T *> { static constexpr bool value = true; };

template <size_t... I> struct indices {};
template <size_t N, size_t... I> struct count_to : count_to<N - 1, N - 1, I...> {};
template <size_t... I> struct count_to<0, I...> { typedef indices<I...> type; };

template <class T> struct plain { typedef T type; };
template <class T> struct plain<const T> { typedef T type; };

template <class... A> struct signature<void (*)(A...)> {
    static constexpr unsigned count = sizeof...(A);
    static constexpr uint64_t pointers() {
        bool is[] = {is_pointer<typename plain<A>::type>::value..., false};
        uint64_t bits = 0;
        for (unsigned i = 0; i < count; i++) {
            bits |= (uint64_t) is[i] << i;
        }
        return bits;
    }
    static const size_t *sizes() {
        static const size_t of[] = {sizeof(A)..., 0};
        return of;
    }
    template <void (*K)(A...), size_t... I> static void call(void **p, indices<I...>) {
        K(*(typename plain<A>::type *) p[I]...);
    }
    template <void (*K)(A...)> static void run(void **p) { call<K>(p, typename count_to<count>::type()); }
};

}

extern "C" cudahost::Thread *cudahost_current;
extern "C" void cudahost_wait(cudahost::Wait what, unsigned mask);
extern "C" uint64_t cudahost_exchange(unsigned mask, uint64_t value, unsigned lane);

#define CUDAHOST_KERNEL(k) {#k, cudahost::signature<decltype(&k)>::run<&k>, cudahost::signature<decltype(&k)>::count, \
        cudahost::signature<decltype(&k)>::pointers(), cudahost::signature<decltype(&k)>::sizes()}

#define threadIdx (cudahost_current->thread)
#define blockIdx (cudahost_current->block)
#define blockDim (cudahost_current->threads)
#define gridDim (cudahost_current->blocks)

inline void __syncthreads() { cudahost_wait(cudahost::Wait::block, 0); }
inline void __syncwarp(unsigned mask = ~0u) { cudahost_wait(cudahost::Wait::warp, mask); }

inline unsigned cudahost_lane() {
    return (threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) & 31;
}
template <class T> inline T cudahost_shuffle(unsigned mask, T v, unsigned lane) {
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof v);
    bits = cudahost_exchange(mask, bits, lane);
    memcpy(&v, &bits, sizeof v);
    return v;
}
template <class T> inline T __shfl_sync(unsigned mask, T v, int lane) { return cudahost_shuffle(mask, v, lane & 31); }
template <class T> inline T __shfl_xor_sync(unsigned mask, T v, int bits) {
    return cudahost_shuffle(mask, v, cudahost_lane() ^ bits);
}
template <class T> inline T __shfl_down_sync(unsigned mask, T v, unsigned by) {
    return cudahost_shuffle(mask, v, cudahost_lane() + by < 32 ? cudahost_lane() + by : cudahost_lane());
}

// common.cuh's products of matrices in registers. What a lane multiplies is fetched from the lanes that have it by
// PTX's layout: a kernel that has it elsewhere gets wrong results here as well.
template <class T> inline float cudahost_half(unsigned pair, int which) {
    T v;
    v.bits = pair >> 16 * which & 0xffff;
    return widen(v);
}
template <class T> inline void mma(float *c, const unsigned *a, const unsigned *b) {
    unsigned group = cudahost_lane() / 4, pair = cudahost_lane() % 4;
    float left[2][16], right[2][16];       // rows group and group + 8 of a, columns 2·pair and 2·pair + 1 of b
    for (unsigned p = 0; p < 4; p++) {
        for (int i = 0; i < 4; i++) {
            unsigned both = cudahost_shuffle(~0u, a[i], 4 * group + p);
            for (int h = 0; h < 2; h++) {
                left[i % 2][2 * p + 8 * (i / 2) + h] = cudahost_half<T>(both, h);
            }
        }
        for (int column = 0; column < 2; column++) {
            for (int i = 0; i < 2; i++) {
                unsigned both = cudahost_shuffle(~0u, b[i], 4 * (2 * pair + column) + p);
                for (int h = 0; h < 2; h++) {
                    right[column][2 * p + 8 * i + h] = cudahost_half<T>(both, h);
                }
            }
        }
    }
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 16; k++) {
            c[i] += left[i / 2][k] * right[i % 2][k];
        }
    }
}
inline void matrices(unsigned *to, const void *row) {
    for (unsigned m = 0; m < 4; m++) {
        memcpy(&to[m], (const unsigned *) cudahost_shuffle(~0u, row, 8 * m + cudahost_lane() / 4)
                + cudahost_lane() % 4, sizeof to[m]);
    }
}
inline void transposed_matrices(unsigned *to, const void *row) {
    for (unsigned m = 0; m < 4; m++) {
        to[m] = 0;
        for (unsigned h = 0; h < 2; h++) {
            const void *from = cudahost_shuffle(~0u, row, 8 * m + 2 * (cudahost_lane() % 4) + h);
            to[m] |= (unsigned) ((const uint16_t *) from)[cudahost_lane() / 4] << 16 * h;
        }
    }
}
inline float power_of_two(float v) { return exp2f(v); }

inline unsigned __ballot_sync(unsigned mask, int predicate) {
    unsigned lanes = 0;
    for (unsigned lane = 0; lane < 32; lane++) {
        if (mask >> lane & 1) {
            lanes |= (unsigned) (cudahost_shuffle(mask, predicate, lane) != 0) << lane;
        }
    }
    return lanes;
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

inline int atomicCAS(int *at, int expected, int value) {
    int before = *at;
    if (before == expected) {
        *at = value;
    }
    return before;
}

inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned) ((uint64_t) a * b >> 32); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return sqrt(a); }
inline int __double2hiint(double v) { int64_t bits; memcpy(&bits, &v, sizeof bits); return (int) (bits >> 32); }
inline double __hiloint2double(int high, int low) {
    uint64_t bits = (uint64_t) (uint32_t) high << 32 | (uint32_t) low;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
inline float __int_as_float(int bits) { float v; memcpy(&v, &bits, sizeof v); return v; }
inline int __float_as_int(float v) { int bits; memcpy(&bits, &v, sizeof v); return bits; }
