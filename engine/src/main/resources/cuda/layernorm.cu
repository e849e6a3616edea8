// Layer normalisation of rows [rows, n], forward and backward.
//
// Naive version: mean, variance, quotient, scale and shift as operations: eight passes over memory.
// Here: forward a block for each row, mean first and then the centred squares, both from the cache after one read;
// backward a block for each row for dx, and for dgamma and dbeta lanes along the columns over parts of the rows, which
// reduce_finish adds up in order. Bytes: forward 2·n·size, backward 5·n·size. FLOPs: about 8 and 12 per element.

extern "C" __global__ void layer_norm_f32(const float *x, const float *gamma, const float *beta, float *y, float *mean,
        float *inverse, i64 rows, int n, float eps) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const float *at = x + row * n;
        float sum = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            sum += at[i];
        }
        float m = block_sum(sum) / n;
        float squares = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            float centred = at[i] - m;
            squares += centred * centred;
        }
        float r = 1 / sqrtf(block_sum(squares) / n + eps);
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            y[row * n + i] = gamma[i] * ((at[i] - m) * r) + beta[i];
        }
        if (threadIdx.x == 0) {
            mean[row] = m;
            inverse[row] = r;
        }
    }
}

// dx = r·(h − mean(h) − x̂·mean(h·x̂)), h = dy·gamma, x̂ = (x − mean)·r.
extern "C" __global__ void layer_norm_backward_f32(const float *dy, const float *x, const float *gamma,
        const float *mean, const float *inverse, float *dx, i64 rows, int n) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        float m = mean[row];
        float r = inverse[row];
        float h = 0;
        float hx = 0;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            float g = dy[row * n + i] * gamma[i];
            h += g;
            hx += g * ((x[row * n + i] - m) * r);
        }
        h = block_sum(h) / n;
        hx = block_sum(hx) / n;
        for (int i = threadIdx.x; i < n; i += blockDim.x) {
            i64 at = row * n + i;
            dx[at] = r * (dy[at] * gamma[i] - h - (x[at] - m) * r * hx);
        }
    }
}

// Parts of dgamma = Σ dy·x̂ and dbeta = Σ dy: part p of column i at [p, i].
extern "C" __global__ void layer_norm_columns_f32(const float *dy, const float *x, const float *mean,
        const float *inverse, float *dgamma, float *dbeta, i64 rows, int n, i64 piece) {
    i64 from = blockIdx.y * piece;
    i64 end = from + piece < rows ? from + piece : rows;
    EACH(i, n) {
        float g = 0;
        float b = 0;
        for (i64 row = from; row < end; row++) {
            float d = dy[row * n + i];
            b += d;
            g += d * ((x[row * n + i] - mean[row]) * inverse[row]);
        }
        dgamma[blockIdx.y * (i64) n + i] = g;
        dbeta[blockIdx.y * (i64) n + i] = b;
    }
}
