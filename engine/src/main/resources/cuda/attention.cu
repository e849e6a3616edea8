// Scaled dot-product attention: y = softmax(scale·q·kᵀ + bias)·v for q [N, T, H, D], k [N, S, H, D], v [N, S, H, E].
//
// Naive version: the scores [N, H, T, S] are written by a product, and read and written again by the scale, the bias,
// the softmax and the second product: nine passes over them.
// Here, for many queries and D = E of 16, 32 or 64: a thread for each query, which keeps its query and its result in
// registers, and a block of 64 for a tile of queries of one head. Keys, values and biases come to shared memory 32 at a
// time and are read by all threads at once; a score is used up where it is computed, the largest so far being kept
// ("online softmax", Milakov and Gimelshein 2018; as a whole, FlashAttention, Dao et al. 2022).
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
    } \
    TILES(16, TYPE, T) \
    TILES(32, TYPE, T) \
    TILES(64, TYPE, T)
ATTENTION(f32, float)
ATTENTION(bf16, bf16)
ATTENTION(f16, f16)
