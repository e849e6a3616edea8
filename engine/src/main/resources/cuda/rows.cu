// Along one axis of [outer, size, inner]: softmax, log-softmax, division by the length, and the cross-entropy of rows
// against weights over the classes.
//
// Naive version: exp, its sum and the quotient as operations of their own: four passes and two results in memory.
// Here: a block for each row, which it reads three times, from the cache after the first; one result is written.
// Bytes: 2·n·size (cross-entropy 2·n·size read, a value a row written). FLOPs: about 8 per element.

__device__ inline float row_max(const float *x, int size, i64 inner, float scale) {
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
        float top = row_max(x + first, size, inner, 1);
        float inverse = 1 / row_exponentials(x + first, size, inner, 1, top);
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            y[first + i * inner] = expf(x[first + i * inner] - top) * inverse;
        }
    }
}

extern "C" __global__ void log_softmax_f32(const float *x, float *y, i64 results, int size, i64 inner) {
    for (i64 row = blockIdx.x; row < results; row += gridDim.x) {
        i64 first = row / inner * size * inner + row % inner;
        float top = row_max(x + first, size, inner, 1);
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

// y = −Σ q·(scale·x − l), l = log Σ exp(scale·x), for rows [n, k].
extern "C" __global__ void soft_cross_entropy_f32(const float *x, const float *q, float *y, float *logs, i64 n, int k,
        float scale) {
    for (i64 row = blockIdx.x; row < n; row += gridDim.x) {
        const float *at = x + row * k;
        float top = row_max(at, k, 1, scale);
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
