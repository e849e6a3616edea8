// What every kernel file begins with; the backend puts this text in front of each before it is compiled. Only what
// NVRTC knows without CUDA's include folder is used, and only what the host emulator (src/test/native) understands.

typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// Storage types. bf16 is the upper half of a float32, f16 IEEE's half precision.
struct bf16 { u16 bits; };
struct f16 { u16 bits; };
struct bool8 { u8 bits; };

#ifndef CUDAHOST                           // the emulator has these two of its own
__device__ inline float half_to_float(u16 half) {
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(half));
    return v;
}
__device__ inline u16 float_to_half(float v) {
    u16 half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(v));
    return half;
}
#endif

// Whether a warp multiplies matrices of 16-bit numbers; the emulator does.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define TENSOR_CORES
#endif

#define INFINITE __int_as_float(0x7f800000)
#define NOT_A_NUMBER __int_as_float(0x7fffffff)

// A grid of any size visits 0 … n − 1.
#define EACH(i, n) \
    for (i64 i = blockIdx.x * (i64) blockDim.x + threadIdx.x; i < (n); i += (i64) gridDim.x * blockDim.x)

// The type that a storage type is computed in.
template <class T> struct wide { typedef i64 type; };
template <> struct wide<float> { typedef float type; };
template <> struct wide<bf16> { typedef float type; };
template <> struct wide<f16> { typedef float type; };

__device__ inline float widen(float v) { return v; }
__device__ inline float widen(bf16 v) { return __int_as_float((int) ((u32) v.bits << 16)); }
__device__ inline float widen(f16 v) { return half_to_float(v.bits); }
__device__ inline i64 widen(i64 v) { return v; }
__device__ inline i64 widen(int v) { return v; }
__device__ inline i64 widen(u16 v) { return v; }
__device__ inline i64 widen(u8 v) { return v; }
__device__ inline i64 widen(bool8 v) { return v.bits != 0; }

// Towards zero, NaN to 0, out of range to the nearest, as Java converts.
__device__ inline i64 truncate(float v) {
    return v != v ? 0 : v >= 9223372036854775808.0f ? 0x7fffffffffffffffLL
            : v < -9223372036854775808.0f ? -0x7fffffffffffffffLL - 1 : (i64) v;
}

template <class T> struct narrow {};
template <> struct narrow<float> {
    static __device__ inline float of(float v) { return v; }
    static __device__ inline float of(i64 v) { return (float) v; }
};
template <> struct narrow<bf16> {          // to nearest even; NaN stays NaN
    static __device__ inline bf16 of(float v) {
        bf16 r;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r.bits) : "f"(v));
        return r;
#endif
        u32 b = (u32) __float_as_int(v);
        r.bits = v != v ? (u16) (b >> 16 | 0x40) : (u16) ((b + 0x7fff + (b >> 16 & 1)) >> 16);
        return r;
    }
    static __device__ inline bf16 of(i64 v) { return of((float) v); }
};
template <> struct narrow<f16> {           // to nearest even; beyond 65 504 to infinity
    static __device__ inline f16 of(float v) {
        f16 r;
        r.bits = float_to_half(v);
        return r;
    }
    static __device__ inline f16 of(i64 v) { return of((float) v); }
};
template <> struct narrow<i64> {
    static __device__ inline i64 of(float v) { return truncate(v); }
    static __device__ inline i64 of(i64 v) { return v; }
};
template <> struct narrow<int> {
    static __device__ inline int of(float v) {
        i64 t = truncate(v);
        return t > 2147483647LL ? 2147483647 : t < -2147483648LL ? (int) -2147483648LL : (int) t;
    }
    static __device__ inline int of(i64 v) { return (int) v; }
};
template <> struct narrow<u16> {
    static __device__ inline u16 of(float v) { return (u16) narrow<int>::of(v); }
    static __device__ inline u16 of(i64 v) { return (u16) v; }
};
template <> struct narrow<u8> {
    static __device__ inline u8 of(float v) { return (u8) narrow<int>::of(v); }
    static __device__ inline u8 of(i64 v) { return (u8) v; }
};
template <> struct narrow<bool8> {
    static __device__ inline bool8 of(float v) { bool8 r; r.bits = v != 0; return r; }
    static __device__ inline bool8 of(i64 v) { bool8 r; r.bits = v != 0; return r; }
};

// Neighbouring elements that a thread reads or writes at once: 16 bytes, the most that one instruction moves, where
// nothing else is said.
template <class T, int V = 16 / sizeof(T)> struct alignas(V * sizeof(T)) pack { T v[V]; };

#ifdef TENSOR_CORES
// Products of small matrices of bf16 or f16, a register of a lane holding two of a matrix's numbers, the lower half
// first. In all of them, lane = 4·group + pair.

// Two numbers in a register, rounded to nearest even.
template <class T> __device__ u32 both(float low, float high);

#ifdef CUDAHOST
template <class T> u32 both(float low, float high) {
    return narrow<T>::of(low).bits | (u32) narrow<T>::of(high).bits << 16;
}
#else                                      // the emulator has the next four of its own
// c += a·b for a [16, 16], b [16, 8]. (i, j …) is an element and its right neighbour, (i …, j) and the one below. A lane
// has of c (group, 2·pair …) and (group + 8, 2·pair …); of a the same two, and both again 8 to the right; of b
// (2·pair …, group) and (2·pair + 8 …, group).
template <class T> __device__ void mma(float *c, const u32 *a, const u32 *b);

#define TENSOR_CORE(T, TYPE) \
    template <> __device__ inline void mma<T>(float *c, const u32 *a, const u32 *b) { \
        asm("mma.sync.aligned.m16n8k16.row.col.f32." TYPE "." TYPE ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, " \
                "{%8, %9}, {%0, %1, %2, %3};" : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) \
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1])); \
    } \
    template <> __device__ inline u32 both<T>(float low, float high) { \
        u32 r; \
        asm("cvt.rn." TYPE "x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low)); \
        return r; \
    }
TENSOR_CORE(bf16, "bf16")
TENSOR_CORE(f16, "f16")

// Four matrices [8, 8] from shared memory; lane 8·m + i says where row i of matrix m is. Of each matrix a lane gets
// (group, 2·pair …), or transposed (2·pair …, group).
__device__ inline void matrices(u32 *to, const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "l"(row) : "memory");
}
__device__ inline void transposed_matrices(u32 *to, const void *row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "l"(row) : "memory");
}

// 2^v to 22 bits in one instruction; below 2⁻¹²⁶ it is 0.
__device__ inline float power_of_two(float v) {
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v));
    return r;
}
#endif
#endif

// A division by what many threads divide by, as a multiplication: for numbers below 2³¹.
struct Divisor { int by; u32 factor; int shift; };

// i modulo d; i becomes the quotient.
__device__ inline int take(i64 &i, const Divisor &d) {
    i64 quotient = i <= 0x7fffffff ? (__umulhi((u32) i, d.factor) + (u32) i) >> d.shift : i / d.by;
    int rest = (int) (i - quotient * d.by);
    i = quotient;
    return rest;
}

// What a block takes of one of many tensors that a kernel goes over: elements from … from + count − 1.
struct Piece { i64 from; int count, tensor; };

// A nest of loops, outermost first, and where three operands lie along it (element strides; 0 repeats).
struct Walk {
    int rank;
    int dims[8];
    i64 a[8];
    i64 b[8];
    i64 c[8];
};

struct Place { i64 a, b, c; };

__device__ inline Place place(const Walk &w, i64 i) {
    Place p = {0, 0, 0};
    if (i <= 0x7fffffff) {                 // 32-bit divisions are several times cheaper
        u32 rest = (u32) i;
        for (int d = w.rank - 1; d >= 0; d--) {
            u32 next = rest / (u32) w.dims[d];
            i64 at = rest - next * (u32) w.dims[d];
            rest = next;
            p.a += at * w.a[d];
            p.b += at * w.b[d];
            p.c += at * w.c[d];
        }
    } else {
        for (int d = w.rank - 1; d >= 0; d--) {
            i64 next = i / w.dims[d];
            i64 at = i - next * w.dims[d];
            i = next;
            p.a += at * w.a[d];
            p.b += at * w.b[d];
            p.c += at * w.c[d];
        }
    }
    return p;
}

// What a kernel found wrong with its operands' values; read by the host when it waits for results anyway.
struct Fault { int kind; int position; i64 value; i64 bound; };

__device__ inline void report(Fault *fault, int kind, i64 position, i64 value, i64 bound) {
    if (atomicCAS(&fault->kind, 0, kind) == 0) {
        fault->position = (int) position;
        fault->value = value;
        fault->bound = bound;
    }
}

// Sums over a block of up to 32 warps in a fixed order: over the lanes of each warp, then over the warps. Every thread
// gets the result; all threads must call it, and the block must be whole warps.
template <class T> __device__ inline T warp_sum(T v) {
    for (int step = 16; step > 0; step >>= 1) {
        v = v + __shfl_xor_sync(0xffffffff, v, step);
    }
    return v;
}

template <class T> __device__ inline T block_sum(T v) {
    __shared__ T part[32];
    int t = threadIdx.x + threadIdx.y * blockDim.x;
    int warps = blockDim.x * blockDim.y / 32;
    v = warp_sum(v);
    __syncthreads();                       // part may still be read for the call before
    if (t % 32 == 0) {
        part[t / 32] = v;
    }
    __syncthreads();
    return warp_sum(t % 32 < warps ? part[t % 32] : (T) 0);
}

// NaN wins.
__device__ inline float larger(float a, float b) { return a != a ? a : b != b ? b : a > b ? a : b; }
__device__ inline float smaller(float a, float b) { return a != a ? a : b != b ? b : a < b ? a : b; }
__device__ inline i64 larger(i64 a, i64 b) { return a > b ? a : b; }
__device__ inline i64 smaller(i64 a, i64 b) { return a < b ? a : b; }

template <class T> __device__ inline T warp_max(T v) {
    for (int step = 16; step > 0; step >>= 1) {
        v = larger(v, __shfl_xor_sync(0xffffffff, v, step));
    }
    return v;
}

template <class T> __device__ inline T block_max(T v) {
    __shared__ T part[32];
    int t = threadIdx.x + threadIdx.y * blockDim.x;
    int warps = blockDim.x * blockDim.y / 32;
    v = warp_max(v);
    __syncthreads();
    if (t % 32 == 0) {
        part[t / 32] = v;
    }
    __syncthreads();
    return warp_max(part[t % 32 < warps ? t % 32 : 0]);
}

#define HELD 16                            // elements of a row that a thread keeps in registers

// The column of a thread's u-th element: PACK neighbours, then the other threads' ones.
template <int PACK> __device__ inline int column_of(int u) {
    return PACK * (u / PACK * blockDim.x + threadIdx.x) + u % PACK;
}

// A row of up to HELD elements for each thread along x; what is behind its end is fill.
template <int PACK, class T> __device__ inline void load_row(const T *row, int size, float *v, float fill) {
    #pragma unroll
    for (int u = 0; u < HELD; u += PACK) {
        int j = column_of<PACK>(u);
        if (j < size) {
            pack<T, PACK> p = *(const pack<T, PACK> *) (row + j);
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                v[u + e] = widen(p.v[e]);
            }
        } else {
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                v[u + e] = fill;
            }
        }
    }
}

template <int PACK, class T> __device__ inline void store_row(T *row, int size, const float *v) {
    #pragma unroll
    for (int u = 0; u < HELD; u += PACK) {
        int j = column_of<PACK>(u);
        if (j < size) {
            pack<T, PACK> p;
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                p.v[e] = narrow<T>::of(v[u + e]);
            }
            *(pack<T, PACK> *) (row + j) = p;
        }
    }
}

// Rows that registers hold, each of a block's rows of threads for itself.
#define EACH_ROW(row, n) \
    for (i64 row = blockIdx.x * (i64) blockDim.y + threadIdx.y; row < (n); row += (i64) gridDim.x * blockDim.y)

// Over a row of a block: all of its threads, or in a block of several rows of threads, which are warps, one of those.
template <class T> __device__ inline T row_sum(T v) { return blockDim.y > 1 ? warp_sum(v) : block_sum(v); }
template <class T> __device__ inline T row_max(T v) { return blockDim.y > 1 ? warp_max(v) : block_max(v); }
