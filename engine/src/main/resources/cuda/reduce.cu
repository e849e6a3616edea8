// Sums, means, maxima over any axes, and the place of the largest element.
//
// Naive version: a thread for each result runs through all of its elements: a sum of everything is one thread's work.
// Here: either the lanes of a block go along the elements of one result (rows), or along neighbouring results
// (columns), whichever memory likes; long sums are cut into parts of fixed size, which a second launch adds up in
// their order. No atomic additions: results repeat bit for bit. Accumulation is in float32, integers in 64 bits.
// Bytes: n·size read, the results written. FLOPs: n.
//
// "out" walks over the results (a: operand), "in" over what one result combines (a: operand). MODE: 0 sum, 1 maximum.

template <class W> __device__ inline W combine(int mode, W x, W y) { return mode == 0 ? x + y : larger(x, y); }
__device__ inline float start(int mode, float) { return mode == 0 ? 0.0f : -INFINITE; }
__device__ inline i64 start(int mode, i64) { return mode == 0 ? 0 : -0x7fffffffffffffffLL - 1; }

// The first pass: part p of result o goes to partial[p·results + o].
template <class T, class W> __device__ inline void rows(const Walk &out, const Walk &in, const T *x, W *partial,
        i64 results, i64 count, i64 piece, int mode) {
    for (i64 o = blockIdx.x; o < results; o += gridDim.x) {
        i64 from = blockIdx.y * piece;
        i64 end = from + piece < count ? from + piece : count;
        const T *at = x + place(out, o).a;
        W value = start(mode, W());
        for (i64 r = from + threadIdx.x; r < end; r += blockDim.x) {
            value = combine(mode, value, (W) widen(at[place(in, r).a]));
        }
        value = mode == 0 ? block_sum(value) : block_max(value);
        if (threadIdx.x == 0) {
            partial[blockIdx.y * results + o] = value;
        }
    }
}

template <class T, class W> __device__ inline void columns(const Walk &out, const Walk &in, const T *x, W *partial,
        i64 results, i64 count, i64 piece, int mode) {
    EACH(o, results) {
        i64 from = blockIdx.y * piece;
        i64 end = from + piece < count ? from + piece : count;
        const T *at = x + place(out, o).a;
        W value = start(mode, W());
        for (i64 r = from; r < end; r++) {
            value = combine(mode, value, (W) widen(at[place(in, r).a]));
        }
        partial[blockIdx.y * results + o] = value;
    }
}

// The second pass; a mean is divided here.
__device__ inline float mean(float sum, i64 count) { return sum / count; }
__device__ inline i64 mean(i64 sum, i64 count) { return count == 0 ? 0 : sum / count; }

template <class T, class W> __device__ inline void finish(const W *partial, T *y, i64 results, int parts, i64 divisor,
        int mode) {
    EACH(o, results) {
        W value = start(mode, W());
        for (int p = 0; p < parts; p++) {
            value = combine(mode, value, partial[p * results + o]);
        }
        y[o] = narrow<T>::of(divisor == 1 ? value : mean(value, divisor));
    }
}

#define REDUCE(TYPE, T) \
    extern "C" __global__ void reduce_rows_##TYPE(Walk out, Walk in, const T *x, wide<T>::type *partial, \
            i64 results, i64 count, i64 piece, int mode) { \
        rows(out, in, x, partial, results, count, piece, mode); \
    } \
    extern "C" __global__ void reduce_columns_##TYPE(Walk out, Walk in, const T *x, wide<T>::type *partial, \
            i64 results, i64 count, i64 piece, int mode) { \
        columns(out, in, x, partial, results, count, piece, mode); \
    } \
    extern "C" __global__ void reduce_finish_##TYPE(const wide<T>::type *partial, T *y, i64 results, int parts, \
            i64 divisor, int mode) { \
        finish(partial, y, results, parts, divisor, mode); \
    }
REDUCE(f32, float)
REDUCE(bf16, bf16)
REDUCE(f16, f16)
REDUCE(i64, i64)
REDUCE(i32, int)
REDUCE(u8, u8)
REDUCE(bool, bool8)

// The first of the largest along the middle of [outer, size, inner]; a NaN is larger than all. One block for each row.
__device__ inline bool exceeds(float v, float best) { return v > best || (v != v && best == best); }
__device__ inline bool exceeds(i64 v, i64 best) { return v > best; }

template <class T, class W> __device__ inline void arg_max(const T *x, i64 *y, i64 results, int size, i64 inner) {
    __shared__ W value[256];
    __shared__ int where[256];
    int t = threadIdx.x;
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        const T *at = x + row / inner * size * inner + row % inner;
        int best = t < size ? t : -1;
        for (int i = t + blockDim.x; i < size; i += blockDim.x) {
            best = exceeds((W) widen(at[i * inner]), (W) widen(at[best * inner])) ? i : best;
        }
        where[t] = best;
        if (best >= 0) {
            value[t] = widen(at[best * inner]);
        }
        __syncthreads();
        for (int half = 128; half > 0; half >>= 1) {
            if (t < half && where[t + half] >= 0) {
                bool later = where[t + half] > where[t];
                bool equal = !exceeds(value[t + half], value[t]) && !exceeds(value[t], value[t + half]);
                if (exceeds(value[t + half], value[t]) || (equal && !later)) {
                    value[t] = value[t + half];
                    where[t] = where[t + half];
                }
            }
            __syncthreads();
        }
        if (t == 0) {
            y[row] = where[0];
        }
        __syncthreads();
    }
}

#define ARGMAX(TYPE, T) \
    extern "C" __global__ void argmax_##TYPE(const T *x, i64 *y, i64 results, int size, i64 inner) { \
        arg_max<T, wide<T>::type>(x, y, results, size, inner); \
    }
ARGMAX(f32, float)
ARGMAX(bf16, bf16)
ARGMAX(f16, f16)
ARGMAX(i64, i64)
ARGMAX(i32, int)
ARGMAX(u8, u8)
ARGMAX(bool, bool8)
