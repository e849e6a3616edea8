// Sums, means, maxima over any axes, and the place of the largest element.
//
// Naive version: a thread for each result runs through all of its elements: a sum of everything is one thread's work.
// Here: either the lanes of a block go along the elements of one result (rows), or along neighbouring results
// (columns), whichever memory likes, in packs of 16 bytes, four of them on their way at a time; long sums are cut into
// parts, as many as fill a GPU and depending on the shape alone, which a second launch adds up in their order. Short
// rows take a warp each. No atomic additions: results repeat bit for bit. Accumulation is in float32, integers in 64
// bits.
// Bytes: n·size read, the results written. FLOPs: n.
//
// "out" walks over the results (a: operand), "in" over what one result combines (a: operand); one of them goes in
// steps of P elements, which is then the number of its groups. MODE: 0 sum, 1 maximum. Without parts the first launch
// writes y, and divides a mean.

template <int MODE, class W> __device__ inline W combine(W x, W y) { return MODE == 0 ? x + y : larger(x, y); }
template <int MODE> __device__ inline float start(float) { return MODE == 0 ? 0.0f : -INFINITE; }
template <int MODE> __device__ inline i64 start(i64) { return MODE == 0 ? 0 : -0x7fffffffffffffffLL - 1; }

__device__ inline float mean(float sum, i64 count) { return sum / count; }
__device__ inline i64 mean(i64 sum, i64 count) { return count == 0 ? 0 : sum / count; }

#define UNDER_WAY 4                        // groups that a thread reads before it needs the first

__device__ inline i64 offset(const Walk &w, i64 i) { return w.rank <= 1 ? i * w.a[0] : place(w, i).a; }

template <class T, class W> __device__ inline void store(T *y, i64 o, W value, i64 divisor) {
    y[o] = narrow<T>::of(divisor == 1 ? value : mean(value, divisor));
}

struct Cut { i64 results, count, piece, parts, divisor; };

// A block of one row of threads for each result, or a warp for each; part p of result o goes to partial[o·parts + p].
template <class T, class W, int P, int MODE> __device__ inline void rows(const Walk &out, const Walk &in, const T *x,
        W *partial, T *y, Cut cut) {
    i64 groups = cut.count / P;
    for (i64 o = blockIdx.x * (i64) blockDim.y + threadIdx.y; o < cut.results; o += (i64) gridDim.x * blockDim.y) {
        const T *at = x + offset(out, o);
        for (i64 part = blockIdx.y; part < cut.parts; part += gridDim.y) {
            i64 end = (part + 1) * cut.piece < groups ? (part + 1) * cut.piece : groups;
            i64 r = part * cut.piece + threadIdx.x;
            W value = start<MODE>(W());
            for (; r < end; r += UNDER_WAY * (i64) blockDim.x) {
                pack<T, P> v[UNDER_WAY];
                #pragma unroll
                for (int u = 0; u < UNDER_WAY; u++) {
                    if (r + u * (i64) blockDim.x < end) {
                        v[u] = *(const pack<T, P> *) (at + offset(in, r + u * (i64) blockDim.x));
                    }
                }
                #pragma unroll
                for (int u = 0; u < UNDER_WAY; u++) {
                    #pragma unroll
                    for (int e = 0; e < P && r + u * (i64) blockDim.x < end; e++) {
                        value = combine<MODE>(value, (W) widen(v[u].v[e]));
                    }
                }
            }
            if (blockDim.y > 1) {
                value = MODE == 0 ? warp_sum(value) : warp_max(value);
            } else {
                value = MODE == 0 ? block_sum(value) : block_max(value);
            }
            if (threadIdx.x == 0 && cut.parts == 1) {
                store(y, o, value, cut.divisor);
            } else if (threadIdx.x == 0) {
                partial[o * cut.parts + part] = value;
            }
        }
    }
}

// Lanes along the results, P each, rows of threads along what they combine; part p of result o goes to
// partial[p·results + o].
template <class T, class W, int P, int MODE> __device__ inline void columns(const Walk &out, const Walk &in,
        const T *x, W *partial, T *y, Cut cut) {
    __shared__ W others[P][256];
    int t = threadIdx.x + threadIdx.y * blockDim.x;
    i64 groups = cut.results / P;
    for (i64 first = blockIdx.x * (i64) blockDim.x; first < groups; first += (i64) gridDim.x * blockDim.x) {
        i64 o = first + threadIdx.x;
        const T *at = x + (o < groups ? offset(out, o) : 0);
        for (i64 part = blockIdx.y; part < cut.parts; part += gridDim.y) {
            i64 end = (part + 1) * cut.piece < cut.count ? (part + 1) * cut.piece : cut.count;
            i64 r = o < groups ? part * cut.piece + threadIdx.y : end;
            W value[P];
            #pragma unroll
            for (int e = 0; e < P; e++) {
                value[e] = start<MODE>(W());
            }
            for (; r < end; r += UNDER_WAY * (i64) blockDim.y) {
                pack<T, P> v[UNDER_WAY];
                #pragma unroll
                for (int u = 0; u < UNDER_WAY; u++) {
                    if (r + u * (i64) blockDim.y < end) {
                        v[u] = *(const pack<T, P> *) (at + offset(in, r + u * (i64) blockDim.y));
                    }
                }
                #pragma unroll
                for (int u = 0; u < UNDER_WAY; u++) {
                    #pragma unroll
                    for (int e = 0; e < P && r + u * (i64) blockDim.y < end; e++) {
                        value[e] = combine<MODE>(value[e], (W) widen(v[u].v[e]));
                    }
                }
            }
            if (blockDim.y > 1) {
                #pragma unroll
                for (int e = 0; e < P; e++) {
                    others[e][t] = value[e];
                }
                __syncthreads();
                for (int k = 1; threadIdx.y == 0 && k < blockDim.y; k++) {
                    #pragma unroll
                    for (int e = 0; e < P; e++) {
                        value[e] = combine<MODE>(value[e], others[e][t + k * blockDim.x]);
                    }
                }
                __syncthreads();
            }
            #pragma unroll
            for (int e = 0; e < P; e++) {
                if (o < groups && threadIdx.y == 0 && cut.parts == 1) {
                    store(y, o * P + e, value[e], cut.divisor);
                } else if (o < groups && threadIdx.y == 0) {
                    partial[part * cut.results + o * P + e] = value[e];
                }
            }
        }
    }
}

// The parts of rows: a block for each result.
template <class T, class W, int MODE> __device__ inline void finish_rows(const W *partial, T *y, Cut cut) {
    for (i64 o = blockIdx.x; o < cut.results; o += gridDim.x) {
        W value = start<MODE>(W());
        for (i64 p = threadIdx.x; p < cut.parts; p += blockDim.x) {
            value = combine<MODE>(value, partial[o * cut.parts + p]);
        }
        value = MODE == 0 ? block_sum(value) : block_max(value);
        if (threadIdx.x == 0) {
            store(y, o, value, cut.divisor);
        }
    }
}

// The parts of columns: blocks of 32 results, whose 32 warps take the parts in turn.
template <class T, class W, int MODE> __device__ inline void finish_columns(const W *partial, T *y, Cut cut) {
    __shared__ W others[32][32];
    for (i64 first = blockIdx.x * 32LL; first < cut.results; first += gridDim.x * 32LL) {
        i64 o = first + threadIdx.x;
        W value = start<MODE>(W());
        #pragma unroll 8
        for (i64 p = threadIdx.y; p < (o < cut.results ? cut.parts : 0); p += 32) {
            value = combine<MODE>(value, partial[p * cut.results + o]);
        }
        others[threadIdx.y][threadIdx.x] = value;
        __syncthreads();
        if (threadIdx.y == 0 && o < cut.results) {
            for (int k = 1; k < 32; k++) {
                value = combine<MODE>(value, others[k][threadIdx.x]);
            }
            store(y, o, value, cut.divisor);
        }
        __syncthreads();
    }
}

#define REDUCE(KIND, TYPE, T, P) \
    extern "C" __global__ void reduce_##KIND##_##P##_##TYPE(Walk out, Walk in, const T *x, wide<T>::type *partial, \
            T *y, Cut cut, int mode) { \
        if (mode == 0) { \
            KIND<T, wide<T>::type, P, 0>(out, in, x, partial, y, cut); \
        } else { \
            KIND<T, wide<T>::type, P, 1>(out, in, x, partial, y, cut); \
        } \
    }
#define FINISH(KIND, TYPE, T) \
    extern "C" __global__ void reduce_finish_##KIND##_##TYPE(const wide<T>::type *partial, T *y, Cut cut, int mode) { \
        if (mode == 0) { \
            finish_##KIND<T, wide<T>::type, 0>(partial, y, cut); \
        } else { \
            finish_##KIND<T, wide<T>::type, 1>(partial, y, cut); \
        } \
    }
#define REDUCE_ALL(TYPE, T) \
    REDUCE(rows, TYPE, T, 1) \
    REDUCE(columns, TYPE, T, 1) \
    FINISH(rows, TYPE, T) \
    FINISH(columns, TYPE, T)
REDUCE_ALL(f32, float)
REDUCE_ALL(bf16, bf16)
REDUCE_ALL(f16, f16)
REDUCE_ALL(i64, i64)
REDUCE_ALL(i32, int)
REDUCE_ALL(u16, u16)
REDUCE_ALL(u8, u8)
REDUCE_ALL(bool, bool8)
REDUCE(rows, f32, float, 4)
REDUCE(rows, bf16, bf16, 8)
REDUCE(rows, f16, f16, 8)
REDUCE(columns, f32, float, 4)
REDUCE(columns, bf16, bf16, 8)
REDUCE(columns, f16, f16, 8)

// The first of the largest along the middle of [outer, size, inner]; a NaN is larger than all. One block for each row,
// or a warp. P above 1 where inner is 1.
__device__ inline bool exceeds(float v, float best) { return v > best || (v != v && best == best); }
__device__ inline bool exceeds(i64 v, i64 best) { return v > best; }

// An element and its place; −1 for none.
template <class W> struct Largest {
    W value;
    int where;

    __device__ inline void meet(W v, int at) {
        bool first = !exceeds(value, v) && at < where;
        if (at >= 0 && (where < 0 || exceeds(v, value) || first)) {
            value = v;
            where = at;
        }
    }

    __device__ inline void over_warp() {
        for (int step = 16; step > 0; step >>= 1) {
            W v = __shfl_xor_sync(0xffffffff, value, step);
            int at = __shfl_xor_sync(0xffffffff, where, step);
            meet(v, at);
        }
    }
};

template <class T, class W, int P> __device__ inline void arg_max(const T *x, i64 *y, i64 results, int size,
        i64 inner) {
    __shared__ W value[32];
    __shared__ int where[32];
    for (i64 row = blockIdx.x * (i64) blockDim.y + threadIdx.y; row < results; row += (i64) gridDim.x * blockDim.y) {
        const T *at = x + row / inner * size * inner + row % inner;
        Largest<W> best = {(W) 0, -1};
        #pragma unroll 4
        for (int i = threadIdx.x; i < size / P; i += blockDim.x) {
            pack<T, P> v = *(const pack<T, P> *) (at + i * P * inner);
            #pragma unroll
            for (int e = 0; e < P; e++) {
                W element = (W) widen(v.v[e]);
                if (best.where < 0 || exceeds(element, best.value)) {
                    best.value = element;
                    best.where = i * P + e;
                }
            }
        }
        best.over_warp();
        if (blockDim.y == 1) {
            int warps = blockDim.x / 32;
            int lane = threadIdx.x % 32;
            __syncthreads();               // may still be read for the row before
            if (lane == 0) {
                value[threadIdx.x / 32] = best.value;
                where[threadIdx.x / 32] = best.where;
            }
            __syncthreads();
            best.value = value[lane < warps ? lane : 0];
            best.where = where[lane < warps ? lane : 0];
            best.over_warp();
        }
        if (threadIdx.x == 0) {
            y[row] = best.where;
        }
    }
}

#define ARGMAX(TYPE, T, P) \
    extern "C" __global__ void argmax_##P##_##TYPE(const T *x, i64 *y, i64 results, int size, i64 inner) { \
        arg_max<T, wide<T>::type, P>(x, y, results, size, inner); \
    }
ARGMAX(f32, float, 1)
ARGMAX(bf16, bf16, 1)
ARGMAX(f16, f16, 1)
ARGMAX(i64, i64, 1)
ARGMAX(i32, int, 1)
ARGMAX(u16, u16, 1)
ARGMAX(u8, u8, 1)
ARGMAX(bool, bool8, 1)
ARGMAX(f32, float, 4)
ARGMAX(bf16, bf16, 8)
ARGMAX(f16, f16, 8)
