// Along one axis of [outer, size, inner]: softmax, log-softmax, division by the length and its gradient, and the
// cross-entropy of rows against weights over the classes.
//
// Naive version: exp, its sum and the quotient as operations of their own: four passes and two results in memory.
// Here: a row of up to 4096 neighbours is read once, in packs of 16 bytes, into the registers of a block, or of a warp
// up to 512, and one result is written. Other rows take a block each, which reads them three times, from the cache after
// the first.
// Bytes: 2·n·size (cross-entropy 2·n·size read, a value a row written). FLOPs: about 8 per element.

__device__ inline float largest(const float *x, int size, i64 inner, float scale) {
    float top = -INFINITE;
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        top = larger(top, scale * x[i * inner]);
    }
    return block_max(top);
}

__device__ inline float row_exponentials(const float *x, int size, i64 inner, float scale, float top) {
    float sum = 0;
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        sum += expf(scale * x[i * inner] - top);
    }
    return block_sum(sum);
}

extern "C" __global__ void softmax_f32(const float *x, float *y, i64 results, int size, i64 inner) {
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        i64 first = row / inner * size * inner + row % inner;
        float top = largest(x + first, size, inner, 1);
        float inverse = 1 / row_exponentials(x + first, size, inner, 1, top);
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            y[first + i * inner] = expf(x[first + i * inner] - top) * inverse;
        }
    }
}

extern "C" __global__ void log_softmax_f32(const float *x, float *y, i64 results, int size, i64 inner) {
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        i64 first = row / inner * size * inner + row % inner;
        float top = largest(x + first, size, inner, 1);
        float log = logf(row_exponentials(x + first, size, inner, 1, top));
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            y[first + i * inner] = x[first + i * inner] - top - log;
        }
    }
}

// y = x / max(‖x‖, eps); the divisor is a result, too.
extern "C" __global__ void l2_normalize_f32(const float *x, float *y, float *divisor, i64 results, int size, i64 inner,
        float eps) {
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        i64 first = row / inner * size * inner + row % inner;
        float squares = 0;
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            float v = x[first + i * inner];
            squares += v * v;
        }
        float length = larger(sqrtf(block_sum(squares)), eps);
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            y[first + i * inner] = x[first + i * inner] / length;
        }
        if (threadIdx.x == 0) {
            divisor[row] = length;
        }
    }
}

// dx = (dy − y·Σ dy·y) / divisor.
extern "C" __global__ void l2_normalize_backward_f32(const float *dy, const float *y, const float *divisor, float *dx,
        i64 results, int size, i64 inner) {
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        i64 first = row / inner * size * inner + row % inner;
        float along = 0;
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            along += dy[first + i * inner] * y[first + i * inner];
        }
        along = block_sum(along);
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            i64 at = first + i * inner;
            dx[at] = (dy[at] - y[at] * along) / divisor[row];
        }
    }
}

// y = −Σ q·(scale·x − l), l = log Σ exp(scale·x), for rows [n, k].
extern "C" __global__ void soft_cross_entropy_f32(const float *x, const float *q, float *y, float *logs, i64 n, int k,
        float scale) {
    for (i64 row = blockIdx.x; row < n; row += gridDim.x) {
        const float *at = x + row * k;
        float top = largest(at, k, 1, scale);
        float log = logf(row_exponentials(at, k, 1, scale, top));
        float sum = 0;
        for (int i = threadIdx.x; i < k; i += blockDim.x) {
            sum += q[row * k + i] * (scale * at[i] - top - log);
        }
        sum = block_sum(sum);
        if (threadIdx.x == 0) {
            y[row] = -sum;
            logs[row] = top + log;
        }
    }
}

// dx = dy·scale·(exp(scale·x − l)·Σ q − q).
extern "C" __global__ void soft_cross_entropy_backward_f32(const float *x, const float *q, const float *logs,
        const float *dy, float *dx, i64 n, int k, float scale) {
    for (i64 row = blockIdx.x; row < n; row += gridDim.x) {
        float total = 0;
        for (int i = threadIdx.x; i < k; i += blockDim.x) {
            total += q[row * k + i];
        }
        total = block_sum(total);
        for (int i = threadIdx.x; i < k; i += blockDim.x) {
            i64 at = row * k + i;
            dx[at] = dy[row] * scale * (expf(scale * x[at] - logs[row]) * total - q[at]);
        }
    }
}

// The same for rows [n, size] that registers hold; P elements of a read.

// v ← scale·v within the row and −∞ behind it; the result is the largest.
template <int P> __device__ inline float scaled_max(float *v, int size, float scale) {
    float top = -INFINITE;
    #pragma unroll
    for (int u = 0; u < HELD; u++) {
        v[u] = column_of<P>(u) < size ? scale * v[u] : -INFINITE;
        top = larger(top, v[u]);
    }
    return row_max(top);
}

__device__ inline float exponentials(const float *v, float top) {
    float sum = 0;
    #pragma unroll
    for (int u = 0; u < HELD; u++) {
        sum += expf(v[u] - top);
    }
    return row_sum(sum);
}

template <int P> __device__ inline void softmax(const float *x, float *y, i64 n, int size) {
    EACH_ROW(row, n) {
        float v[HELD];
        load_row<P>(x + row * size, size, v, 0);
        float top = scaled_max<P>(v, size, 1);
        float sum = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = expf(v[u] - top);
            sum += v[u];
        }
        float inverse = 1 / row_sum(sum);
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] *= inverse;
        }
        store_row<P>(y + row * size, size, v);
    }
}

template <int P> __device__ inline void log_softmax(const float *x, float *y, i64 n, int size) {
    EACH_ROW(row, n) {
        float v[HELD];
        load_row<P>(x + row * size, size, v, 0);
        float top = scaled_max<P>(v, size, 1);
        float log = logf(exponentials(v, top));
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = v[u] - top - log;
        }
        store_row<P>(y + row * size, size, v);
    }
}

template <int P> __device__ inline void l2_normalize(const float *x, float *y, float *divisor, i64 n, int size,
        float eps) {
    EACH_ROW(row, n) {
        float v[HELD];
        load_row<P>(x + row * size, size, v, 0);
        float squares = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            squares += v[u] * v[u];
        }
        float length = larger(sqrtf(row_sum(squares)), eps);
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = v[u] / length;
        }
        store_row<P>(y + row * size, size, v);
        if (threadIdx.x == 0) {
            divisor[row] = length;
        }
    }
}

template <int P> __device__ inline void l2_normalize_backward(const float *dy, const float *y, const float *divisor,
        float *dx, i64 n, int size) {
    EACH_ROW(row, n) {
        float g[HELD];
        float v[HELD];
        load_row<P>(dy + row * size, size, g, 0);
        load_row<P>(y + row * size, size, v, 0);
        float along = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            along += g[u] * v[u];
        }
        along = row_sum(along);
        float length = divisor[row];
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = (g[u] - v[u] * along) / length;
        }
        store_row<P>(dx + row * size, size, v);
    }
}

template <int P> __device__ inline void soft_cross_entropy(const float *x, const float *q, float *y, float *logs, i64 n,
        int size, float scale) {
    EACH_ROW(row, n) {
        float v[HELD];
        float weight[HELD];
        load_row<P>(x + row * size, size, v, 0);
        load_row<P>(q + row * size, size, weight, 0);
        float top = scaled_max<P>(v, size, scale);
        float log = logf(exponentials(v, top));
        float sum = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            sum += column_of<P>(u) < size ? weight[u] * (v[u] - top - log) : 0;
        }
        sum = row_sum(sum);
        if (threadIdx.x == 0) {
            y[row] = -sum;
            logs[row] = top + log;
        }
    }
}

template <int P> __device__ inline void soft_cross_entropy_backward(const float *x, const float *q, const float *logs,
        const float *dy, float *dx, i64 n, int size, float scale) {
    EACH_ROW(row, n) {
        float v[HELD];
        float weight[HELD];
        load_row<P>(x + row * size, size, v, 0);
        load_row<P>(q + row * size, size, weight, 0);
        float total = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            total += weight[u];
        }
        total = row_sum(total);
        float g = dy[row] * scale;
        float log = logs[row];
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = g * (expf(scale * v[u] - log) * total - weight[u]);
        }
        store_row<P>(dx + row * size, size, v);
    }
}

#define HELD_ROWS(P) \
    extern "C" __global__ void softmax_held_##P(const float *x, float *y, i64 n, int size) { \
        softmax<P>(x, y, n, size); \
    } \
    extern "C" __global__ void log_softmax_held_##P(const float *x, float *y, i64 n, int size) { \
        log_softmax<P>(x, y, n, size); \
    } \
    extern "C" __global__ void l2_normalize_held_##P(const float *x, float *y, float *divisor, i64 n, int size, \
            float eps) { \
        l2_normalize<P>(x, y, divisor, n, size, eps); \
    } \
    extern "C" __global__ void l2_normalize_backward_held_##P(const float *dy, const float *y, const float *divisor, \
            float *dx, i64 n, int size) { \
        l2_normalize_backward<P>(dy, y, divisor, dx, n, size); \
    } \
    extern "C" __global__ void soft_cross_entropy_held_##P(const float *x, const float *q, float *y, float *logs, \
            i64 n, int size, float scale) { \
        soft_cross_entropy<P>(x, q, y, logs, n, size, scale); \
    } \
    extern "C" __global__ void soft_cross_entropy_backward_held_##P(const float *x, const float *q, \
            const float *logs, const float *dy, float *dx, i64 n, int size, float scale) { \
        soft_cross_entropy_backward<P>(x, q, logs, dy, dx, n, size, scale); \
    }
HELD_ROWS(1)
HELD_ROWS(4)
