// Layer normalisation of rows [rows, n], forward and backward; x, y and their gradients in T, all else in float32.
//
// Naive version: mean, variance, quotient, scale and shift as operations: eight passes over memory.
// Here: a row of up to 4096 is read once, in packs of P, into the registers of a block, or of a warp up to 512; mean
// and centred squares come from there. Longer rows take a block each, which reads them again from the cache. For dgamma
// and dbeta lanes along the columns go over parts of the rows, which reduce_finish adds up in order.
// Bytes: forward 2·n·size, backward 5·n·size. FLOPs: about 8 and 12 per element.

template <class T, int P> __device__ inline void held(const T *x, const float *gamma, const float *beta, T *y,
        float *mean, float *inverse, i64 rows, int n, float eps) {
    EACH_ROW(row, rows) {
        float v[HELD];
        load_row<P>(x + row * n, n, v, 0);
        float sum = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            sum += v[u];
        }
        float m = row_sum(sum) / n;
        float squares = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = column_of<P>(u) < n ? v[u] - m : 0;
            squares += v[u] * v[u];
        }
        float r = 1 / sqrtf(row_sum(squares) / n + eps);
        float weight[HELD];
        load_row<P>(gamma, n, weight, 0);
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] *= r * weight[u];
        }
        load_row<P>(beta, n, weight, 0);
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] += weight[u];
        }
        store_row<P>(y + row * n, n, v);
        if (threadIdx.x == 0) {
            mean[row] = m;
            inverse[row] = r;
        }
    }
}

template <class T> __device__ inline void of_any_length(const T *x, const float *gamma, const float *beta, T *y,
        float *mean, float *inverse, i64 rows, int n, float eps) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const T *at = x + row * n;
        float sum = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            sum += widen(at[i]);
        }
        float m = block_sum(sum) / n;
        float squares = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            float centred = widen(at[i]) - m;
            squares += centred * centred;
        }
        float r = 1 / sqrtf(block_sum(squares) / n + eps);
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            y[row * n + i] = narrow<T>::of(gamma[i] * ((widen(at[i]) - m) * r) + beta[i]);
        }
        if (threadIdx.x == 0) {
            mean[row] = m;
            inverse[row] = r;
        }
    }
}

// dx = r·(h − mean(h) − x̂·mean(h·x̂)), h = dy·gamma, x̂ = (x − mean)·r.
template <class T, int P> __device__ inline void backward_held(const T *dy, const T *x, const float *gamma,
        const float *mean, const float *inverse, T *dx, i64 rows, int n) {
    EACH_ROW(row, rows) {
        float m = mean[row];
        float r = inverse[row];
        float g[HELD], v[HELD], weight[HELD];
        load_row<P>(dy + row * n, n, g, 0);
        load_row<P>(x + row * n, n, v, 0);
        load_row<P>(gamma, n, weight, 0);
        float h = 0;
        float hx = 0;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            g[u] *= weight[u];
            v[u] = (v[u] - m) * r;
            h += g[u];
            hx += g[u] * v[u];
        }
        h = row_sum(h) / n;
        hx = row_sum(hx) / n;
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            v[u] = r * (g[u] - h - v[u] * hx);
        }
        store_row<P>(dx + row * n, n, v);
    }
}

template <class T> __device__ inline void backward_of_any_length(const T *dy, const T *x, const float *gamma,
        const float *mean, const float *inverse, T *dx, i64 rows, int n) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        float m = mean[row];
        float r = inverse[row];
        float h = 0;
        float hx = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            float g = widen(dy[row * n + i]) * gamma[i];
            h += g;
            hx += g * ((widen(x[row * n + i]) - m) * r);
        }
        h = block_sum(h) / n;
        hx = block_sum(hx) / n;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            i64 at = row * n + i;
            dx[at] = narrow<T>::of(r * (widen(dy[at]) * gamma[i] - h - (widen(x[at]) - m) * r * hx));
        }
    }
}

// Parts of dgamma = Σ dy·x̂ and dbeta = Σ dy: part p of column i at [p, i].
template <class T> __device__ inline void columns(const T *dy, const T *x, const float *mean, const float *inverse,
        float *dgamma, float *dbeta, i64 rows, int n, i64 piece) {
    i64 from = blockIdx.y * piece;
    i64 end = from + piece < rows ? from + piece : rows;
    EACH(i, n) {
        float g = 0;
        float b = 0;
        #pragma unroll 8               // reads of so many rows are under way at once
        for (i64 row = from; row < end; row++) {
            float d = widen(dy[row * n + i]);
            b += d;
            g += d * ((widen(x[row * n + i]) - mean[row]) * inverse[row]);
        }
        dgamma[blockIdx.y * (i64) n + i] = g;
        dbeta[blockIdx.y * (i64) n + i] = b;
    }
}

// Few enough registers that an SM has the reads of many rows under way, as many as the values need.
#define BUSY(P, BLOCKS) __launch_bounds__(256, P == 4 ? BLOCKS : 2)
#define HELD_LAYER_NORM(TYPE, T, P) \
    extern "C" __global__ void BUSY(P, 4) layer_norm_held_##P##_##TYPE(const T *x, const float *gamma, \
            const float *beta, T *y, float *mean, float *inverse, i64 rows, int n, float eps) { \
        held<T, P>(x, gamma, beta, y, mean, inverse, rows, n, eps); \
    } \
    extern "C" __global__ void BUSY(P, 3) layer_norm_backward_held_##P##_##TYPE(const T *dy, const T *x, \
            const float *gamma, const float *mean, const float *inverse, T *dx, i64 rows, int n) { \
        backward_held<T, P>(dy, x, gamma, mean, inverse, dx, rows, n); \
    }
#define LAYER_NORM(TYPE, T) \
    HELD_LAYER_NORM(TYPE, T, 1) \
    HELD_LAYER_NORM(TYPE, T, 4) \
    extern "C" __global__ void layer_norm_rows_##TYPE(const T *x, const float *gamma, const float *beta, T *y, \
            float *mean, float *inverse, i64 rows, int n, float eps) { \
        of_any_length<T>(x, gamma, beta, y, mean, inverse, rows, n, eps); \
    } \
    extern "C" __global__ void layer_norm_backward_rows_##TYPE(const T *dy, const T *x, const float *gamma, \
            const float *mean, const float *inverse, T *dx, i64 rows, int n) { \
        backward_of_any_length<T>(dy, x, gamma, mean, inverse, dx, rows, n); \
    } \
    extern "C" __global__ void layer_norm_columns_##TYPE(const T *dy, const T *x, const float *mean, \
            const float *inverse, float *dgamma, float *dbeta, i64 rows, int n, i64 piece) { \
        columns<T>(dy, x, mean, inverse, dgamma, dbeta, rows, n, piece); \
    }
LAYER_NORM(f32, float)
LAYER_NORM(bf16, bf16)
LAYER_NORM(f16, f16)
