// Scaled dot-product attention: y = softmax(scale·q·kᵀ + bias)·v for q [N, T, H, D], k [N, S, H, D], v [N, S, H, E].
//
// Naive version: the scores [N, H, T, S] are written by a product, and read and written again by the scale, the bias,
// the softmax and the second product: nine passes over them.
// Here, for many queries and D = E of 16, 32 or 64: a thread for each query, which keeps its query and its result in
// registers, and a block of 64 for a tile of queries of one head. Keys, values and biases come to shared memory 32 at a
// time and are read by all threads at once; a score is used up where it is computed, the largest so far being kept
// ("online softmax", Milakov and Gimelshein 2018; as a whole, FlashAttention, Dao et al. 2022).
// In 16 bits, where tensor cores multiply them (compute capability 8.0): a warp for 16 queries and a block of 64, for 64
// keys at a time ("FlashAttention-2", Dao 2023). Scores stay in the registers that the product leaves them in, which are
// those that the product with the values reads them from; there they are rounded to 16 bits, their sum is not.
// For few queries and other depths: a block for each (sample, query, head). Its S scores are written once to a tile that
// stays in the second-level cache, and read back twice.
// Bytes: N·H·(T·(D + E) + S·(D + E)) elements, keys and values again for each tile of queries, from the cache. FLOPs:
// 2·N·H·T·S·(D + E).

struct Biases { i64 sample, head, query, key; };

template <class T> __device__ inline void rows(const T *q, const T *k, const T *v, const T *bias, T *y, float *tile,
        i64 first, i64 rows, int queries, int keys, int heads, int depth, int width, float scale, const Biases &step) {
    for (i64 r = blockIdx.x; r < rows; r += gridDim.x) {
        i64 row = first + r;
        i64 head = row % heads;
        i64 query = row / heads % queries;
        i64 sample = row / heads / queries;
        float *scores = tile + r * keys;
        float top = -INFINITE;
        for (int j = threadIdx.x; j < keys; j += blockDim.x) {
            const T *key = k + ((sample * keys + j) * heads + head) * depth;
            float sum = 0;
            for (int d = 0; d < depth; d++) {
                sum += widen(q[row * depth + d]) * widen(key[d]);
            }
            float score = scale * sum;
            if (bias) {
                score += widen(bias[sample * step.sample + head * step.head + query * step.query + j * step.key]);
            }
            scores[j] = score;
            top = larger(top, score);
        }
        top = block_max(top);
        float sum = 0;
        for (int j = threadIdx.x; j < keys; j += blockDim.x) {
            scores[j] = expf(scores[j] - top);
            sum += scores[j];
        }
        float inverse = 1 / block_sum(sum);
        __syncthreads();                   // every thread reads all of the row's scores now
        for (int e = threadIdx.x; e < width; e += blockDim.x) {
            float result = 0;
            for (int j = 0; j < keys; j++) {
                result += scores[j] * widen(v[((sample * keys + j) * heads + head) * width + e]);
            }
            y[row * width + e] = narrow<T>::of(result * inverse);
        }
    }
}

#define QUERIES 64                         // threads of a block
#define KEYS 32                            // in shared memory at a time
#define STEP 8                             // scores that a thread has at a time

// KEYS rows of D from a row on, as float32; behind the last, zeros.
template <class T, int D> __device__ inline void fetch(const T *from, int first, int keys, i64 stride,
        pack<float> (*to)[D / 4]) {
    const int P = 16 / sizeof(T);
    for (int i = threadIdx.x; i < KEYS * D / P; i += QUERIES) {
        int j = i / (D / P);
        int d = i % (D / P) * P;
        bool inside = first + j < keys;
        pack<T> p;
        if (inside) {
            p = *(const pack<T> *) (from + (first + j) * stride + d);
        }
        #pragma unroll
        for (int e = 0; e < P; e++) {
            to[j][(d + e) / 4].v[e % 4] = inside ? widen(p.v[e]) : 0;
        }
    }
}

template <class T, int D> __device__ inline void tiles(const T *q, const T *k, const T *v, const T *bias, T *y,
        i64 samples, int queries, int keys, int heads, float scale, const Biases &step) {
    __shared__ pack<float> key[KEYS][D / 4];
    __shared__ pack<float> value[KEYS][D / 4];
    __shared__ float biases[QUERIES][KEYS + 1];
    const int P = 16 / sizeof(T);
    int down = (queries + QUERIES - 1) / QUERIES;
    i64 stride = (i64) heads * D;
    for (i64 job = blockIdx.x; job < samples * heads * down; job += gridDim.x) {
        int tile = (int) (job % down) * QUERIES;
        i64 head = job / down % heads;
        i64 sample = job / down / heads;
        int query = tile + threadIdx.x;
        i64 at = (sample * queries + query) * stride + head * D;
        float own[D], sum[D];
        #pragma unroll
        for (int d = 0; d < D; d += P) {
            pack<T> p;
            if (query < queries) {
                p = *(const pack<T> *) (q + at + d);
            }
            #pragma unroll
            for (int e = 0; e < P; e++) {
                own[d + e] = query < queries ? scale * widen(p.v[e]) : 0;
                sum[d + e] = 0;
            }
        }
        float top = -INFINITE;
        float total = 0;
        for (int first = 0; first < keys; first += KEYS) {
            __syncthreads();               // the tile before is used up
            fetch<T, D>(k + sample * keys * stride + head * D, first, keys, stride, key);
            fetch<T, D>(v + sample * keys * stride + head * D, first, keys, stride, value);
            for (int i = threadIdx.x; i < QUERIES * KEYS; i += QUERIES) {
                int t = tile + i / KEYS;
                int j = first + i % KEYS;
                biases[i / KEYS][i % KEYS] = bias && t < queries && j < keys ? widen(bias[sample * step.sample
                        + head * step.head + t * step.query + j * step.key]) : 0;
            }
            __syncthreads();
            for (int c = 0; c < KEYS && first + c < keys; c += STEP) {
                float score[STEP];
                float now = top;
                #pragma unroll
                for (int s = 0; s < STEP; s++) {
                    float dot = biases[threadIdx.x][c + s];
                    #pragma unroll
                    for (int d = 0; d < D; d++) {
                        dot = fmaf(own[d], key[c + s][d / 4].v[d % 4], dot);
                    }
                    score[s] = first + c + s < keys ? dot : -INFINITE;
                    now = score[s] > now ? score[s] : now;
                }
                float shift = now == -INFINITE ? 0 : now;
                float factor = expf(top - shift);
                top = now;
                total *= factor;
                #pragma unroll
                for (int d = 0; d < D; d++) {
                    sum[d] *= factor;
                }
                #pragma unroll
                for (int s = 0; s < STEP; s++) {
                    float share = expf(score[s] - shift);
                    total += share;
                    #pragma unroll
                    for (int d = 0; d < D; d++) {
                        sum[d] = fmaf(share, value[c + s][d / 4].v[d % 4], sum[d]);
                    }
                }
            }
        }
        if (query < queries) {
            float inverse = 1 / total;
            #pragma unroll
            for (int d = 0; d < D; d += P) {
                pack<T> p;
                #pragma unroll
                for (int e = 0; e < P; e++) {
                    p.v[e] = narrow<T>::of(sum[d + e] * inverse);
                }
                *(pack<T> *) (y + at + d) = p;
            }
        }
    }
}

#define WARPS 4                            // of a block, 16 queries each
#define TILE 64                            // keys in shared memory at a time

// TILE keys and values of D from first on, the values turned round; behind the last, zeros. Rows are longer by 4 words,
// so that a warp's reads below are of 32 different banks; neighbouring lanes write neighbouring keys.
template <class T, int D> __device__ inline void fetch(const T *k, const T *v, int first, int keys, i64 stride,
        u32 (*key)[D / 2 + 4], u32 (*value)[TILE / 2 + 4]) {
    const int P = 16 / sizeof(T);
    for (int i = threadIdx.x + 32 * threadIdx.y; i < TILE * D / P; i += 32 * WARPS) {
        pack<u32> p = {};
        int j = i / (D / P);
        int d = i % (D / P) * P;
        if (first + j < keys) {
            p = *(const pack<u32> *) (k + (first + j) * stride + d);
        }
        *(pack<u32> *) &key[j][d / 2] = p;
        p = {};
        j = i % TILE;
        d = i / TILE * P;
        if (first + j < keys) {
            p = *(const pack<u32> *) (v + (first + j) * stride + d);
        }
        #pragma unroll
        for (int e = 0; e < P; e++) {
            ((u16 *) value[d + e])[j] = (u16) (p.v[e / 2] >> 16 * (e % 2));
        }
    }
}

template <class T, int D> __device__ inline void warps(const T *q, const T *k, const T *v, const T *bias, T *y,
        i64 samples, int queries, int keys, int heads, float scale, const Biases &step) {
    __shared__ u32 key[TILE][D / 2 + 4];
    __shared__ u32 value[D][TILE / 2 + 4];
    int group = threadIdx.x / 4;
    int pair = threadIdx.x % 4;
    int down = (queries + 16 * WARPS - 1) / (16 * WARPS);
    i64 stride = (i64) heads * D;
    for (i64 job = blockIdx.x; job < samples * heads * down; job += gridDim.x) {
        i64 head = job / down % heads;
        i64 sample = job / down / heads;
        int query[2];                      // this lane's two rows
        query[0] = ((int) (job % down) * WARPS + threadIdx.y) * 16 + group;
        query[1] = query[0] + 8;
        const T *own = q + sample * queries * stride + head * D;
        u32 a[D / 16][4];
        float sum[D / 8][4];
        #pragma unroll
        for (int d = 0; d < D / 16; d++) {
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                a[d][e] = query[e % 2] < queries
                        ? *(const u32 *) (own + query[e % 2] * stride + d * 16 + 2 * pair + e / 2 * 8) : 0;
                sum[2 * d][e] = 0;
                sum[2 * d + 1][e] = 0;
            }
        }
        float top[2] = {-INFINITE, -INFINITE};
        float total[2] = {0, 0};
        for (int first = 0; first < keys; first += TILE) {
            __syncthreads();               // the tile before is used up
            fetch<T, D>(k + sample * keys * stride + head * D, v + sample * keys * stride + head * D, first, keys,
                    stride, key, value);
            __syncthreads();
            float score[TILE / 8][4];
            float now[2] = {top[0], top[1]};
            #pragma unroll
            for (int t = 0; t < TILE / 8; t++) {
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    score[t][e] = 0;
                }
                if (first + 8 * t < keys) {
                    #pragma unroll
                    for (int d = 0; d < D / 16; d++) {
                        u32 b[2] = {key[8 * t + group][8 * d + pair], key[8 * t + group][8 * d + pair + 4]};
                        mma<T>(score[t], a[d], b);
                    }
                }
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    int j = first + 8 * t + 2 * pair + e % 2;
                    score[t][e] *= scale;
                    if (bias && query[e / 2] < queries && j < keys) {
                        score[t][e] += widen(bias[sample * step.sample + head * step.head
                                + query[e / 2] * step.query + j * step.key]);
                    }
                    score[t][e] = j < keys ? score[t][e] : -INFINITE;
                    now[e / 2] = score[t][e] > now[e / 2] ? score[t][e] : now[e / 2];
                }
            }
            float shift[2];
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                now[r] = larger(now[r], __shfl_xor_sync(0xffffffff, now[r], 1));
                now[r] = larger(now[r], __shfl_xor_sync(0xffffffff, now[r], 2));
                shift[r] = now[r] == -INFINITE ? 0 : now[r];
                float factor = expf(top[r] - shift[r]);
                top[r] = now[r];
                total[r] *= factor;
                #pragma unroll
                for (int d = 0; d < D / 8; d++) {
                    sum[d][2 * r] *= factor;
                    sum[d][2 * r + 1] *= factor;
                }
            }
            #pragma unroll
            for (int t = 0; t < TILE / 8; t++) {
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    score[t][e] = expf(score[t][e] - shift[e / 2]);
                    total[e / 2] += score[t][e];
                }
            }
            #pragma unroll
            for (int t = 0; t < TILE / 8; t += 2) {        // what lies as two products' results lies as one's factor
                u32 share[4] = {both<T>(score[t][0], score[t][1]), both<T>(score[t][2], score[t][3]),
                    both<T>(score[t + 1][0], score[t + 1][1]), both<T>(score[t + 1][2], score[t + 1][3])};
                if (first + 8 * t < keys) {
                    #pragma unroll
                    for (int d = 0; d < D / 8; d++) {
                        u32 b[2] = {value[8 * d + group][4 * t + pair], value[8 * d + group][4 * t + pair + 4]};
                        mma<T>(sum[d], share, b);
                    }
                }
            }
        }
        #pragma unroll
        for (int r = 0; r < 2; r++) {
            total[r] += __shfl_xor_sync(0xffffffff, total[r], 1);
            total[r] += __shfl_xor_sync(0xffffffff, total[r], 2);
            float inverse = 1 / total[r];
            T *to = y + (sample * queries + query[r]) * stride + head * D + 2 * pair;
            #pragma unroll
            for (int d = 0; d < D / 8; d++) {
                if (query[r] < queries) {
                    *(u32 *) (to + 8 * d) = both<T>(sum[d][2 * r] * inverse, sum[d][2 * r + 1] * inverse);
                }
            }
        }
    }
}

#define TILES(D, TYPE, T) \
    extern "C" __global__ void __launch_bounds__(QUERIES) attention_tiles_##D##_##TYPE(const T *q, const T *k, \
            const T *v, const T *bias, T *y, i64 samples, int queries, int keys, int heads, float scale, \
            Biases step) { \
        tiles<T, D>(q, k, v, bias, y, samples, queries, keys, heads, scale, step); \
    }
#define ATTENTION(TYPE, T) \
    extern "C" __global__ void attention_rows_##TYPE(const T *q, const T *k, const T *v, const T *bias, T *y, \
            float *tile, i64 first, i64 count, int queries, int keys, int heads, int depth, int width, float scale, \
            Biases step) { \
        rows<T>(q, k, v, bias, y, tile, first, count, queries, keys, heads, depth, width, scale, step); \
    }
ATTENTION(f32, float)
ATTENTION(bf16, bf16)
ATTENTION(f16, f16)
TILES(16, f32, float)
TILES(32, f32, float)
TILES(64, f32, float)

#define TENSOR_CORES(D, TYPE, T) \
    extern "C" __global__ void __launch_bounds__(32 * WARPS) attention_warps_##D##_##TYPE(const T *q, const T *k, \
            const T *v, const T *bias, T *y, i64 samples, int queries, int keys, int heads, float scale, \
            Biases step) { \
        warps<T, D>(q, k, v, bias, y, samples, queries, keys, heads, scale, step); \
    }
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define LOW TILES
#else
#define LOW TENSOR_CORES
#endif
LOW(16, bf16, bf16)
LOW(32, bf16, bf16)
LOW(64, bf16, bf16)
LOW(16, f16, f16)
LOW(32, f16, f16)
LOW(64, f16, f16)
