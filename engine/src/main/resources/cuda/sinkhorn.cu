// Sinkhorn's scaling: columns of Q = exp(x / epsilon) to equal sums and rows to sums of 1 in turn, on two vectors of
// potentials, log Q = x/epsilon + row[i] + column[j].
//
// Naive version: Q in memory, and for each half of an iteration a sum along it and a division: 8 to 10 passes of n·k an
// iteration. Here: one read an iteration. A block takes the rows of one part, each in its threads' registers: when the
// row's sum is known, its elements are added at once to the block's sums of columns, by which the next iteration
// scales; the next row is on its way meanwhile. The last iteration writes the result from the registers. Parts depend
// on the shape alone and are added in order. Only the sums of columns of the first iteration are a pass of their own.
// Bytes: (iterations + 2)·n·k·4, and 8·k for each part and iteration. FLOPs: about 12·n·k an iteration.
//
// x/epsilon and the potentials are large and cancel: that sum alone is in double, two operations an element. Largest
// elements have to be known before the first two exponentials only. Afterwards no element of Q is above 1, for rows or
// columns sum to 1, and no sum is below 1/n or 1/k, for the scaling before divided by at most that: neither overflows.
// Rows of more than 5120 elements do not fit registers: they are read again for every step.

// One iteration's rows: row[i] becomes what makes them sum to 1. The sums of Q's columns over part p go to
// sums[p·k + j]; or, where y is given, Q to y.
template <int PACK> __device__ inline void rows(const float *x, double *row, const double *column, float *sums,
        float *y, int n, int k, double inverse, int piece, int first) {
    for (i64 from = (i64) blockIdx.x * piece; from < n; from += (i64) gridDim.x * piece) {
        double potential[HELD];
        float next[HELD];
        float sum_of[HELD];
        #pragma unroll
        for (int u = 0; u < HELD; u++) {
            int j = column_of<PACK>(u);
            potential[u] = j < k ? column[j] : 0;
            sum_of[u] = 0;
        }
        i64 end = from + piece < n ? from + piece : n;
        load_row<PACK>(x + from * k, k, next, -INFINITE);
        for (i64 i = from; i < end; i++) {
            float q[HELD];
            #pragma unroll
            for (int u = 0; u < HELD; u++) {
                q[u] = next[u];
            }
            if (i + 1 < end) {
                load_row<PACK>(x + (i + 1) * k, k, next, -INFINITE);
            }
            double shift = 0;
            if (first) {                   // no potential yet that bounds the elements
                float top = -INFINITE;
                #pragma unroll
                for (int u = 0; u < HELD; u++) {
                    top = larger(top, (float) fma((double) q[u], inverse, potential[u]));
                }
                shift = -(double) block_max(top);
            } else {
                shift = row[i];
            }
            float sum = 0;
            #pragma unroll
            for (int u = 0; u < HELD; u++) {
                q[u] = expf((float) (fma((double) q[u], inverse, potential[u]) + shift));
                sum += q[u];
            }
            sum = block_sum(sum);
            float scale = 1 / sum;
            if (threadIdx.x == 0) {
                row[i] = shift - logf(sum);
            }
            #pragma unroll
            for (int u = 0; u < HELD; u++) {
                q[u] *= scale;
                sum_of[u] += q[u];
            }
            if (y != nullptr) {
                store_row<PACK>(y + i * k, k, q);
            }
        }
        if (y == nullptr) {
            #pragma unroll
            for (int u = 0; u < HELD; u++) {
                int j = column_of<PACK>(u);
                if (j < k) {
                    sums[from / piece * k + j] = sum_of[u];
                }
            }
        }
    }
}

#define ROWS(PACK) \
    extern "C" __global__ __launch_bounds__(320) void sinkhorn_rows_##PACK(const float *x, double *row, \
            const double *column, float *sums, float *y, int n, int k, double inverse, int piece, int first) { \
        rows<PACK>(x, row, column, sums, y, n, k, inverse, piece, first); \
    }
ROWS(1)
ROWS(4)

// The same for rows of any length, a block for each and without the sums of columns.
extern "C" __global__ void sinkhorn_long_rows(const float *x, double *row, const double *column, float *y, int n, int k,
        double inverse) {
    for (i64 i = blockIdx.x; i < n; i += gridDim.x) {
        const float *at = x + i * k;
        float top = -INFINITE;
        for (int j = threadIdx.x; j < k; j += blockDim.x) {
            top = larger(top, (float) fma((double) at[j], inverse, column[j]));
        }
        double shift = -(double) block_max(top);
        float sum = 0;
        for (int j = threadIdx.x; j < k; j += blockDim.x) {
            sum += expf((float) (fma((double) at[j], inverse, column[j]) + shift));
        }
        sum = block_sum(sum);
        if (threadIdx.x == 0) {
            row[i] = shift - logf(sum);
        }
        float scale = 1 / sum;
        for (int j = threadIdx.x; y != nullptr && j < k; j += blockDim.x) {
            y[i * k + j] = scale * expf((float) (fma((double) at[j], inverse, column[j]) + shift));
        }
    }
}

#define AHEAD 8                            // rows that a thread reads before it needs the first

// For column j and part p, blockIdx.y, of the rows: the largest of x_ij/epsilon + row[i], and Σ exp of what is below
// it. Lanes go along the columns, PACK each. Without potentials (null) they are 0.
template <int PACK> __device__ inline void columns(const float *x, const double *row, double *tops, float *sums, int n,
        int k, double inverse, int piece) {
    EACH(group, k / PACK) {
        i64 j = group * PACK;
        for (i64 part = blockIdx.y; part * piece < n; part += gridDim.y) {
            i64 end = (part + 1) * piece < n ? (part + 1) * piece : n;
            double top[PACK];
            float sum[PACK];
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                top[e] = -INFINITE;
                sum[e] = 0;
            }
            for (i64 i = part * piece; i < end; i += AHEAD) {
                pack<float> v[AHEAD];
                #pragma unroll
                for (int r = 0; r < AHEAD; r++) {
                    if (PACK == 4 && i + r < end) {
                        v[r] = *(const pack<float> *) (x + (i + r) * k + j);
                    } else {
                        #pragma unroll
                        for (int e = 0; e < PACK; e++) {
                            v[r].v[e] = i + r < end ? x[(i + r) * k + j + e] : -INFINITE;
                        }
                    }
                }
                #pragma unroll
                for (int e = 0; e < PACK; e++) {
                    double log[AHEAD];
                    double best = top[e];
                    #pragma unroll
                    for (int r = 0; r < AHEAD; r++) {          // a NaN shows in the sum
                        log[r] = fma((double) v[r].v[e], inverse, row != nullptr && i + r < end ? row[i + r] : 0.0);
                        best = log[r] > best ? log[r] : best;
                    }
                    sum[e] *= top[e] == best ? 1 : expf((float) (top[e] - best));
                    #pragma unroll
                    for (int r = 0; r < AHEAD; r++) {
                        sum[e] += log[r] == -INFINITE ? 0 : expf((float) (log[r] - best));
                    }
                    top[e] = best;
                }
            }
            #pragma unroll
            for (int e = 0; e < PACK; e++) {
                tops[part * k + j + e] = top[e];
                sums[part * k + j + e] = sum[e];
            }
        }
    }
}

#define COLUMNS(PACK) \
    extern "C" __global__ void sinkhorn_columns_##PACK(const float *x, const double *row, double *tops, float *sums, \
            int n, int k, double inverse, int piece) { \
        columns<PACK>(x, row, tops, sums, n, k, inverse, piece); \
    }
COLUMNS(1)
COLUMNS(4)

// From the parts to column[j]: with their largest elements anew, without (null) what scales its sum to 1. Blocks of
// 32 columns, whose 8 warps take the parts in ranges.
extern "C" __global__ void sinkhorn_finish(const double *tops, const float *sums, double *column, int parts, int k) {
    __shared__ double best[8][32];
    __shared__ float total[8][32];
    int lane = threadIdx.x;
    int warp = threadIdx.y;
    int range = (parts + 7) / 8;
    int from = warp * range;
    int end = from + range < parts ? from + range : parts;
    for (int first = blockIdx.x * 32; first < k; first += gridDim.x * 32) {
        int j = first + lane < k ? first + lane : k - 1;
        double top = -INFINITE;
        for (int p = from; tops != nullptr && p < end; p++) {
            double v = tops[(i64) p * k + j];
            top = v > top ? v : top;
        }
        float sum = 0;
        #pragma unroll 8
        for (int p = from; p < end; p++) {
            float part = sums[(i64) p * k + j];
            if (tops != nullptr) {
                double of = tops[(i64) p * k + j];
                part *= of == top ? 1 : expf((float) (of - top));
            }
            sum += part;
        }
        best[warp][lane] = top;
        total[warp][lane] = sum;
        __syncthreads();
        if (warp == 0 && first + lane < k) {
            for (int w = 1; w < 8; w++) {
                top = best[w][lane] > top ? best[w][lane] : top;
            }
            sum = 0;
            for (int w = 0; w < 8; w++) {
                bool same = tops == nullptr || best[w][lane] == top;
                sum += total[w][lane] * (same ? 1 : expf((float) (best[w][lane] - top)));
            }
            column[j] = tops == nullptr ? column[j] - logf(sum) : -(top + logf(sum));
        }
        __syncthreads();
    }
}
