// The row-wise parts of the contrastive cross-entropy of each row against all others.
//
// Naive version: similarities [n, n], their exponentials and quotients in memory, each a pass of its own. Here cuBLAS
// makes a tile of similarities, [rows, n] of at most 64 MiB, and one pass uses it up.
// Bytes: 4·n² written and read for each pass. FLOPs: about 8 per element.

// s [rows, n] holds x_i·x_j for i = first …; y_i = log Σ_{j ≠ i} exp(scale·s_ij) − scale·x_i·p_i. Differences are taken
// before anything is rounded, so that a small loss keeps its digits.
extern "C" __global__ void pairwise_f32(const float *s, const float *x, const float *p, float *y, float *logs,
        int first, int rows, int n, int d, float scale) {
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        i64 i = first + row;
        const float *at = s + (i64) row * n;
        float top = -INFINITE;
        for (int j = threadIdx.x; j < n; j += blockDim.x) {
            top = j == i ? top : larger(top, scale * at[j]);
        }
        top = block_max(top);
        float sum = 0;
        for (int j = threadIdx.x; j < n; j += blockDim.x) {
            sum += j == i ? 0 : expf(scale * at[j] - top);
        }
        sum = block_sum(sum);
        float dot = 0;
        for (int k = threadIdx.x; k < d; k += blockDim.x) {
            dot += x[i * d + k] * p[i * d + k];
        }
        dot = block_sum(dot);
        if (threadIdx.x == 0) {
            float log = logf(sum);
            logs[i] = top + log;
            y[i] = (top - scale * dot) + log;
        }
    }
}

// In place: s_ij ← scale·(dy_i·exp(scale·s_ij − l_i) + dy_j·exp(scale·s_ij − l_j)), 0 on the diagonal.
extern "C" __global__ void pairwise_weights_f32(float *s, const float *logs, const float *dy, int first, int rows,
        int n, float scale) {
    EACH(at, (i64) rows * n) {
        i64 i = first + at / n;
        i64 j = at % n;
        float v = scale * s[at];
        s[at] = i == j ? 0 : scale * (dy[i] * expf(v - logs[i]) + dy[j] * expf(v - logs[j]));
    }
}

// dx −= scale·dy·p, dp = −scale·dy·x.
extern "C" __global__ void pairwise_own_f32(float *dx, float *dp, const float *x, const float *p, const float *dy,
        i64 n, int d, float scale) {
    EACH(at, n * d) {
        float g = scale * dy[at / d];
        dx[at] = dx[at] - g * p[at];
        dp[at] = -g * x[at];
    }
}
