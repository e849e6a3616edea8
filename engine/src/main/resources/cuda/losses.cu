// The row-wise parts of the contrastive cross-entropy of each row against all others.
//
// Naive version: similarities [n, n], their exponentials and quotients in memory, each a pass of its own. Here cuBLAS
// makes some rows of similarities at a time and one pass uses them up. Forward only those with the rows themselves and
// later ones, at most 32 MiB, which the cache still has: x_i·x_j is x_j·x_i, so a tile gives the largest and the sum of
// exponentials of its rows and of its columns, and a second launch puts the tiles of a row together, in their order.
// Backward whole rows, at most 64 MiB.
// Bytes: forward 2·n², most of them from the cache; backward 16·n². FLOPs: about 16 per element, beside the products.
//
// The products are float32's, by tensor cores that multiply numbers of ten bits and add in float32: with x = a + b, a
// the first and b the next ten bits of the mantissa, x·y = a·a′ + a·b′ + b·a′ but for b·b′, 2⁻²² of it. That is one
// product with three times the columns, at seven times the rate of one without tensor cores ("3xTF32"; the rates are
// those of gpu-check's part matmul on an H100).

#define TILE 128
#define WARPS 16
#define ROWS (TILE / WARPS)                // of a warp, whose lanes have 4 columns each

// What a largest element of −∞ is replaced with, so that −∞ − top stays −∞.
__device__ inline float shift_of(float top) { return top == -INFINITE ? 0 : top; }

// To ten bits of the mantissa, to nearest.
__device__ inline float ten_bits(float v) {
    return v - v == 0 ? __int_as_float((int) (((u32) __float_as_int(v) + 0x1000) & 0xffffe000)) : v;
}

// Of x [rows, d], left [rows, 3·d] and right [rows, 3·d], whose products by rows are x·xᵀ.
extern "C" __global__ void pairwise_split_f32(const float *x, float *left, float *right, i64 size, int d) {
    EACH(at, size) {
        float first = ten_bits(x[at]);
        float next = first - first == 0 ? ten_bits(x[at] - first) : 0;
        i64 to = at / d * 3 * d + at % d;
        left[to] = first;
        left[to + d] = first;
        left[to + 2 * d] = next;
        right[to] = first;
        right[to + d] = next;
        right[to + 2 * d] = first;
    }
}

// s [groups, rows, n − first] holds x_i·x_j of each group for i and j from first on. Of i's and j's tile of 128, t:
// tops[t·n + i] and sums[t·n + i] of the group's [tiles of n, n] become the largest scale·s_ij over the j ≠ i in tile t and Σ exp of what is below it. Columns in tiles
// of the rows themselves are left to those.
template <int PACK> __device__ inline void tiles(const float *all, float *all_tops, float *all_sums, int groups, int first,
        int rows, int n, float scale) {
    __shared__ float column_top[WARPS][TILE];
    __shared__ float column_sum[WARPS][TILE];
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int width = n - first;
    int across = (width + TILE - 1) / TILE;
    int down = (rows + TILE - 1) / TILE;
    i64 tiled = (i64) ((n + TILE - 1) / TILE) * n;
    for (int job = blockIdx.x; job < groups * across * down; job += gridDim.x) {
        int group = job / (across * down);
        int tile = job % (across * down);
        const float *s = all + (i64) group * rows * width;
        float *tops = all_tops + group * tiled;
        float *sums = all_sums + group * tiled;
        int row = tile / across * TILE;
        int column = tile % across * TILE;
        int top_row = row + warp * ROWS;
        float v[ROWS][4];
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
            const float *at = s + (i64) (top_row + r) * width;
            int j = column + 4 * lane;
            if (PACK == 4 && top_row + r < rows && j < width) {
                pack<float> p = *(const pack<float> *) (at + j);
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    v[r][e] = j + e == top_row + r ? -INFINITE : scale * p.v[e];
                }
            } else {
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    bool inside = top_row + r < rows && j + e < width && j + e != top_row + r;
                    v[r][e] = inside ? scale * at[j + e] : -INFINITE;
                }
            }
        }
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float top = warp_max(larger(larger(v[r][0], v[r][1]), larger(v[r][2], v[r][3])));
            float shift = shift_of(top);
            float sum = 0;
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                sum += expf(v[r][e] - shift);
            }
            sum = warp_sum(sum);
            if (lane == 0 && top_row + r < rows) {
                i64 at = (i64) (first + column) / TILE * n + first + top_row + r;
                tops[at] = top;
                sums[at] = sum;
            }
        }
        if (column >= rows) {
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                float top = -INFINITE;
                #pragma unroll
                for (int r = 0; r < ROWS; r++) {
                    top = larger(top, v[r][e]);
                }
                float shift = shift_of(top);
                float sum = 0;
                #pragma unroll
                for (int r = 0; r < ROWS; r++) {
                    sum += expf(v[r][e] - shift);
                }
                column_top[warp][4 * lane + e] = top;
                column_sum[warp][4 * lane + e] = sum;
            }
            __syncthreads();
            int t = threadIdx.x;
            if (t < TILE && column + t < width) {
                float top = column_top[0][t];
                for (int w = 1; w < WARPS; w++) {
                    top = larger(top, column_top[w][t]);
                }
                float shift = shift_of(top);
                float sum = 0;
                for (int w = 0; w < WARPS; w++) {
                    sum += column_sum[w][t] * expf(column_top[w][t] - shift);
                }
                i64 at = (i64) (first + row) / TILE * n + first + column + t;
                tops[at] = top;
                sums[at] = sum;
            }
            __syncthreads();
        }
    }
}

extern "C" __global__ __launch_bounds__(32 * WARPS, 2) void pairwise_tiles_1(const float *s, float *tops,
        float *sums, int groups, int first, int rows, int n, float scale) {
    tiles<1>(s, tops, sums, groups, first, rows, n, scale);
}
extern "C" __global__ __launch_bounds__(32 * WARPS, 2) void pairwise_tiles_4(const float *s, float *tops,
        float *sums, int groups, int first, int rows, int n, float scale) {
    tiles<4>(s, tops, sums, groups, first, rows, n, scale);
}

// y_i = log Σ_{j ≠ i} exp(scale·s_ij) − scale·x_i·p_i from the tiles: a warp for each row, in blocks of 32 × 8 threads.
// Differences are taken before anything is rounded, so that a small loss keeps its digits.
extern "C" __global__ void pairwise_f32(const float *tops, const float *sums, const float *x, const float *p, float *y,
        float *logs, int groups, int n, int d, float scale) {
    for (i64 i = blockIdx.x * (i64) blockDim.y + threadIdx.y; i < (i64) groups * n; i += (i64) gridDim.x * blockDim.y) {
        int tiles = (n + TILE - 1) / TILE;
        i64 first = i / n * tiles * n + i % n;
        float top = -INFINITE;
        for (int t = threadIdx.x; t < tiles; t += 32) {
            top = larger(top, tops[first + (i64) t * n]);
        }
        top = warp_max(top);
        float sum = 0;
        for (int t = threadIdx.x; t < tiles; t += 32) {
            sum += sums[first + (i64) t * n] * expf(tops[first + (i64) t * n] - shift_of(top));
        }
        float dot = 0;
        for (int k = threadIdx.x; k < d; k += 32) {
            dot += x[i * d + k] * p[i * d + k];
        }
        float log = logf(warp_sum(sum));
        dot = warp_sum(dot);
        if (threadIdx.x == 0) {
            logs[i] = top + log;
            y[i] = (top - scale * dot) + log;
        }
    }
}

// In place, s [groups, rows, n]: s_ij ← scale·(dy_i·exp(scale·s_ij − l_i) + dy_j·exp(scale·s_ij − l_j)), 0 on the diagonal.
// Lanes along the columns, PACK each.
template <int PACK> __device__ inline void weights(float *s, const float *logs, const float *dy, int first, int rows,
        int n, float scale) {
    EACH(columns, n / PACK) {
        i64 j = columns * PACK;
        float log[PACK];
        float g[PACK];
        #pragma unroll
        for (int e = 0; e < PACK; e++) {
            log[e] = logs[j + e];
            g[e] = dy[j + e];
        }
        for (int row = blockIdx.y; row < rows; row += gridDim.y) {
            i64 i = first + row;
            float own_log = logs[i];
            float own_g = dy[i];
            float *at = s + (i64) row * n + j;
            pack<float> p;
            if (PACK == 4) {
                p = *(const pack<float> *) at;
            } else {
                p.v[0] = *at;
            }
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                float v = scale * p.v[e];
                p.v[e] = i == j + e ? 0 : scale * (own_g * expf(v - own_log) + g[e] * expf(v - log[e]));
            }
            if (PACK == 4) {
                *(pack<float> *) at = p;
            } else {
                *at = p.v[0];
            }
        }
    }
}

extern "C" __global__ void pairwise_weights_1(float *s, const float *logs, const float *dy, int groups, int first,
        int rows, int n, float scale) {
    for (int group = 0; group < groups; group++) {
        weights<1>(s + (i64) group * rows * n, logs + (i64) group * n, dy + (i64) group * n, first, rows, n, scale);
    }
}
extern "C" __global__ void pairwise_weights_4(float *s, const float *logs, const float *dy, int groups, int first,
        int rows, int n, float scale) {
    for (int group = 0; group < groups; group++) {
        weights<4>(s + (i64) group * rows * n, logs + (i64) group * n, dy + (i64) group * n, first, rows, n, scale);
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
