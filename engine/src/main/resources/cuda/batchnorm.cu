// Batch normalisation with an optional residual branch and ReLU, forward and backward.
//
// Naive version: statistics, normalisation, addition and ReLU as operations of their own: nine passes over memory.
// Here: one pass for the statistics, one that writes y; backward one for the sums, one that writes dx (and the
// residual's gradient). Activations are [outer, channels, inner] in memory: channels-last has inner = 1, and there the
// lanes of a warp are 32 neighbouring channels; with inner > 1 they go along the pixels. Sums are taken over parts of
// the pixels and added up in the parts' order, so that they repeat bit for bit.
// Variances are taken from sums of x − K and (x − K)², K the channel's first value: one pass, and no cancellation
// unless that value is many deviations off.
// Bytes: forward 3·n·size (+ n with a residual), backward 5·n·size (+ 2·n with ReLU). FLOPs: about 8 and 12 an element.

// Two sums over part of a channel's elements; PAIR(j) gives element j's contributions. Blocks of 32 × 8 threads for
// inner = 1 (x: channels, y: rows), else of 256 × 1.
template <class F> __device__ inline void channel_sums(int channels, i64 count, i64 piece, i64 inner, float *first,
        float *second, F pair) {
    __shared__ float a[8][33];
    __shared__ float b[8][33];
    i64 from = blockIdx.y * piece;
    i64 end = from + piece < count ? from + piece : count;
    if (inner == 1) {
        for (i64 base = blockIdx.x * 32; base < channels; base += gridDim.x * 32) {
            int c = (int) base + threadIdx.x;
            float s = 0;
            float q = 0;
            if (c < channels) {
                for (i64 j = from + threadIdx.y; j < end; j += blockDim.y) {
                    pair(c, j * channels + c, s, q);
                }
            }
            a[threadIdx.y][threadIdx.x] = s;
            b[threadIdx.y][threadIdx.x] = q;
            __syncthreads();
            if (threadIdx.y == 0 && c < channels) {
                for (int k = 1; k < 8; k++) {
                    s += a[k][threadIdx.x];
                    q += b[k][threadIdx.x];
                }
                first[blockIdx.y * (i64) channels + c] = s;
                second[blockIdx.y * (i64) channels + c] = q;
            }
            __syncthreads();
        }
    } else {
        for (int c = blockIdx.x; c < channels; c += gridDim.x) {
            float s = 0;
            float q = 0;
            for (i64 j = from + threadIdx.x; j < end; j += blockDim.x) {
                pair(c, (j / inner * channels + c) * inner + j % inner, s, q);
            }
            s = block_sum(s);
            q = block_sum(q);
            if (threadIdx.x == 0) {
                first[blockIdx.y * (i64) channels + c] = s;
                second[blockIdx.y * (i64) channels + c] = q;
            }
        }
    }
}

// K of a channel is its first value.
template <class T> __device__ inline float anchor(const T *x, int c, i64 inner) { return widen(x[c * inner]); }

#define BATCH_NORM(TYPE, T) \
    extern "C" __global__ void batch_norm_sums_##TYPE(const T *x, float *first, float *second, int channels, \
            i64 count, i64 piece, i64 inner) { \
        channel_sums(channels, count, piece, inner, first, second, [x, inner](int c, i64 at, float &s, float &q) { \
            float v = widen(x[at]) - anchor(x, c, inner); \
            s += v; \
            q += v * v; \
        }); \
    } \
    extern "C" __global__ void batch_norm_statistics_##TYPE(const T *x, const float *first, const float *second, \
            float *mean, float *variance, int channels, i64 count, i64 inner, int parts) { \
        EACH(c, channels) { \
            float s = 0; \
            float q = 0; \
            for (int p = 0; p < parts; p++) { \
                s += first[p * (i64) channels + c]; \
                q += second[p * (i64) channels + c]; \
            } \
            float m = s / count; \
            float v = q / count - m * m; \
            mean[c] = anchor(x, (int) c, inner) + m; \
            variance[c] = v > 0 ? v : v != v ? v : 0; \
        } \
    } \
    extern "C" __global__ void batch_norm_apply_##TYPE(const T *x, const float *gamma, const float *beta, \
            const float *mean, const float *variance, const T *residual, T *y, i64 n, int channels, i64 inner, \
            float eps, int relu) { \
        EACH(i, n) { \
            int c = (int) (i / inner % channels); \
            float scale = gamma[c] * (1 / sqrtf(variance[c] + eps)); \
            float v = (widen(x[i]) - mean[c]) * scale + beta[c]; \
            if (residual != nullptr) { \
                v += widen(residual[i]); \
            } \
            y[i] = narrow<T>::of(relu && v < 0 ? 0.0f : v); \
        } \
    } \
    /* y is null without ReLU: its sign says where the ReLU was open */ \
    extern "C" __global__ void batch_norm_backward_sums_##TYPE(const T *dy, const T *x, const T *y, \
            const float *mean, const float *variance, float *dgamma, float *dbeta, int channels, i64 count, \
            i64 piece, i64 inner, float eps) { \
        channel_sums(channels, count, piece, inner, dgamma, dbeta, \
                [dy, x, y, mean, variance, eps](int c, i64 at, float &s, float &q) { \
            float g = y == nullptr || widen(y[at]) > 0 ? widen(dy[at]) : 0.0f; \
            s += g * ((widen(x[at]) - mean[c]) * (1 / sqrtf(variance[c] + eps))); \
            q += g; \
        }); \
    } \
    extern "C" __global__ void batch_norm_backward_##TYPE(const T *dy, const T *x, const T *y, const float *gamma, \
            const float *mean, const float *variance, const float *dgamma, const float *dbeta, T *dx, T *dresidual, \
            i64 n, int channels, i64 count, i64 inner, float eps) { \
        EACH(i, n) { \
            int c = (int) (i / inner % channels); \
            float r = 1 / sqrtf(variance[c] + eps); \
            float g = y == nullptr || widen(y[i]) > 0 ? widen(dy[i]) : 0.0f; \
            float normalised = (widen(x[i]) - mean[c]) * r; \
            dx[i] = narrow<T>::of(gamma[c] * r * (g - dbeta[c] / count - normalised * (dgamma[c] / count))); \
            if (dresidual != nullptr) { \
                dresidual[i] = narrow<T>::of(g); \
            } \
        } \
    }
BATCH_NORM(f32, float)
BATCH_NORM(bf16, bf16)
BATCH_NORM(f16, f16)

// Both running statistics in one launch, in double as on the host: C values are nothing.
extern "C" __global__ void running_statistics_f32(float *mean, float *variance, const float *batch_mean,
        const float *batch_variance, int channels, double momentum, double variance_share) {
    EACH(c, channels) {
        mean[c] = (float) ((1 - momentum) * mean[c] + momentum * batch_mean[c]);
        variance[c] = (float) ((1 - momentum) * variance[c] + variance_share * batch_variance[c]);
    }
}
