// Scaled dot-product attention: y = softmax(scale·q·kᵀ + bias)·v for q [N, T, H, D], k [N, S, H, D], v [N, S, H, E].
//
// Naive version: the scores [N, H, T, S] are written by a product, and read and written again by the scale, the bias,
// the softmax and the second product: nine passes over them. Here there are three ways, the first two of which use a
// score up where it is computed and keep the largest so far ("online softmax", Milakov and Gimelshein 2018; as a whole,
// FlashAttention, Dao et al. 2022).
// Many queries, D = E of 16, 32 or 64, bf16 or f16: on tensor cores ("products"), as in FlashAttention-2 (Dao 2023). A
// warp has 16 queries and their results in registers, a block 64 queries of one head; 64 keys and values at a time come
// to shared memory. Registers that hold scores after q·kᵀ hold, exponentiated and rounded, the left side of the product
// with v. The sums that it is divided by are of the rounded ones too, so that a query's weights sum to one whatever the
// rounding, and come from the same product: of a column of ones. The products take about a tenth of their time on CUDA
// cores; what remains is memory, the exponentials, of which a multiprocessor makes 16 a cycle, and the dozen operations
// around each score.
// The same in float32, or on GPUs without such tensor cores ("tiles"): a thread for each query, which keeps its query
// and its result in registers, and a block of 64 for a tile of queries of one head. Keys, values and biases come to
// shared memory 32 at a time and are read by all threads at once.
// Few queries and other depths ("rows"): a block for each (sample, query, head). Its S scores are written once to a
// tile that stays in the second-level cache, and read back twice.
// Bytes: N·H·(T·(D + E) + S·(D + E)) elements, keys and values again for each tile of queries, from the cache, as are
// the biases that samples share. FLOPs: 2·N·H·T·S·(D + E).

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

#ifdef TENSOR_CORES
#define WARPS 4                            // of a block, each with ROWS queries
#define ROWS 16                            // of a matrix that tensor cores multiply, and keys of a chunk
#define CHUNKS 4                           // in shared memory at a time
#define LOG2_E 1.4426950408889634f

// Which of a chunk's keys is in a row of shared memory: so that the four scores which a lane has in a row of the
// product belong to neighbouring keys, and their biases are read at once.
__device__ inline int key_in(int row) { return 4 * (row / 2 % 4) + 2 * (row / 8) + row % 2; }

// Keys and values of CHUNKS·ROWS rows from a row on; behind the last, zeros. Up to four packs of a thread are on their
// way before one is awaited.
template <class T, int D> __device__ inline void fetch(const T *k, const T *v, int first, int keys, int stride,
        pack<T> (*key)[D / 8 + 1], pack<T> (*value)[D / 8 + 1]) {
    const int AT_ONCE = D < 32 ? 1 : 2;
    #pragma unroll
    for (int from = 0; from < CHUNKS * ROWS * D / 8; from += AT_ONCE * 32 * WARPS) {
        pack<T> own[2][AT_ONCE];
        #pragma unroll
        for (int u = 0; u < AT_ONCE; u++) {
            int i = from + u * 32 * WARPS + threadIdx.x;
            int row = i / (D / 8);
            int j = first + row / ROWS * ROWS + key_in(row % ROWS);
            i64 at = (i64) j * stride + i % (D / 8) * 8;
            own[0][u] = own[1][u] = {};
            if (j < keys) {
                own[0][u] = *(const pack<T> *) (k + at);
                own[1][u] = *(const pack<T> *) (v + at);
            }
        }
        if (from == 0) {
            __syncthreads();               // the rows before are used up
        }
        #pragma unroll
        for (int u = 0; u < AT_ONCE; u++) {
            int i = from + u * 32 * WARPS + threadIdx.x;
            key[i / (D / 8)][i % (D / 8)] = own[0][u];
            value[i / (D / 8)][i % (D / 8)] = own[1][u];
        }
    }
    __syncthreads();
}

// The biases of four keys of a row, two in a register: of each key its own, in a pack or one by one, or all the same;
// behind the last key, -∞.
template <class T> __device__ inline void four_biases(const T *row, bool each, bool packs, T same, int key,
        int keys, u32 *to) {
    u32 none = narrow<T>::of(-INFINITE).bits;
    if (packs) {
        pack<u32, 2> p = {none << 16 | none, none << 16 | none};
        if (key < keys) {
            p = *(const pack<u32, 2> *) (row + key);
        }
        to[0] = p.v[0];
        to[1] = p.v[1];
    } else {
        u32 bits[4];
        #pragma unroll
        for (int e = 0; e < 4; e++) {
            bits[e] = key + e >= keys ? none : each ? row[key + e].bits : same.bits;
        }
        to[0] = bits[0] | bits[1] << 16;
        to[1] = bits[2] | bits[3] << 16;
    }
}

// A lane's numbers of a chunk are 0 … 7: 4·half + 2·r + e is of row group + 8·r and of key 4·pair + 2·half + e.
template <class T, int D> __device__ inline void products(const T *q, const T *k, const T *v, const T *bias, T *y,
        i64 samples, int queries, int keys, int heads, float scale, const Biases &step) {
    __shared__ pack<T> key[CHUNKS * ROWS][D / 8 + 1];      // a pack between rows: eight of them are in different banks
    __shared__ pack<T> value[CHUNKS * ROWS][D / 8 + 1];
    const u32 ones[2] = {both<T>(1, 1), both<T>(1, 1)};
    bool each = bias && step.key;                          // which is 1 then
    bool packs = each && (keys | step.sample | step.head | step.query | (i64) bias / 2) % 4 == 0;
    int lane = threadIdx.x % 32;
    int group = lane / 4;
    int pair = lane % 4;
    int down = (queries + QUERIES - 1) / QUERIES;
    int stride = heads * D;
    u32 jobs = (u32) samples * heads * down;               // below 2³²: of each there are 64 bytes or more
    for (u32 job = blockIdx.x; job < jobs; job += gridDim.x) {
        int tile = (int) (job % down) * QUERIES + threadIdx.x / 32 * ROWS;
        int head = (int) (job / down % heads);
        i64 sample = job / down / heads;
        i64 keyed = sample * keys * stride + head * D;
        i64 at[2];                                         // behind the last query, its
        const T *biases[2];
        T same[2] = {};
        #pragma unroll
        for (int r = 0; r < 2; r++) {
            int query = tile + group + 8 * r < queries ? tile + group + 8 * r : queries - 1;
            at[r] = (sample * queries + query) * stride + head * D + 2 * pair;
            biases[r] = bias ? bias + sample * step.sample + head * step.head + query * step.query : bias;
            if (bias && !each) {
                same[r] = *biases[r];
            }
        }
        u32 own[D / 16][4];
        #pragma unroll
        for (int s = 0; s < D / 16; s++) {
            #pragma unroll
            for (int i = 0; i < 4; i++) {
                own[s][i] = *(const u32 *) (q + at[i % 2] + 16 * s + i / 2 * 8);
            }
        }
        float sum[D / 8 + 1][4] = {};                      // behind the results the sums of the shares
        float top[2] = {-INFINITE, -INFINITE};
        for (int first = 0; first < keys; first += CHUNKS * ROWS) {
            fetch<T, D>(k + keyed, v + keyed, first, keys, stride, key, value);
            if (tile >= queries) {
                continue;                                  // a warp that only fetches
            }
            float score[CHUNKS][8];
            float now[2] = {top[0], top[1]};
            #pragma unroll
            for (int c = 0; c < CHUNKS; c++) {
                if (first + c * ROWS < keys) {
                    u32 add[2][2];
                    #pragma unroll
                    for (int r = 0; r < 2; r++) {
                        four_biases(biases[r], each, packs, same[r], first + c * ROWS + 4 * pair, keys, add[r]);
                    }
                    #pragma unroll
                    for (int i = 0; i < 8; i++) {
                        score[c][i] = 0;
                    }
                    #pragma unroll
                    for (int s = 0; s < D / 16; s++) {
                        u32 b[4];
                        matrices(b, &key[c * ROWS + lane / 16 * 8 + lane % 8][2 * s + lane / 8 % 2]);
                        mma<T>(score[c], own[s], b);
                        mma<T>(score[c] + 4, own[s], b + 2);
                    }
                    #pragma unroll
                    for (int i = 0; i < 8; i++) {
                        int r = i / 2 % 2;
                        T more = {(u16) (add[r][i / 4] >> i % 2 * 16)};
                        score[c][i] = fmaf(scale, score[c][i], widen(more));
                        now[r] = fmaxf(now[r], score[c][i]);
                    }
                }
            }
            #pragma unroll
            for (int r = 0; r < 2; r++) {
                now[r] = fmaxf(now[r], __shfl_xor_sync(0xffffffff, now[r], 1));
                now[r] = fmaxf(now[r], __shfl_xor_sync(0xffffffff, now[r], 2));
                float shift = now[r] == -INFINITE ? 0 : now[r];
                float factor = power_of_two((top[r] - shift) * LOG2_E);
                top[r] = now[r];
                now[r] = shift;
                #pragma unroll
                for (int i = 0; i <= D / 8; i++) {
                    sum[i][2 * r] *= factor;
                    sum[i][2 * r + 1] *= factor;
                }
            }
            #pragma unroll
            for (int c = 0; c < CHUNKS; c++) {
                if (first + c * ROWS < keys) {
                    u32 share[4];                          // where a product leaves its result, the next one reads it
                    #pragma unroll
                    for (int i = 0; i < 4; i++) {
                        share[i] = both<T>(power_of_two((score[c][2 * i] - now[i % 2]) * LOG2_E),
                                power_of_two((score[c][2 * i + 1] - now[i % 2]) * LOG2_E));
                    }
                    #pragma unroll
                    for (int s = 0; s < D / 16; s++) {
                        u32 b[4];
                        transposed_matrices(b, &value[c * ROWS + lane % 16][2 * s + lane / 16]);
                        mma<T>(sum[2 * s], share, b);
                        mma<T>(sum[2 * s + 1], share, b + 2);
                    }
                    mma<T>(sum[D / 8], share, ones);
                }
            }
        }
        #pragma unroll
        for (int r = 0; r < 2; r++) {
            if (tile + group + 8 * r < queries) {
                float inverse = 1 / sum[D / 8][2 * r];
                #pragma unroll
                for (int i = 0; i < D / 8; i++) {
                    *(u32 *) (y + at[r] + 8 * i) = both<T>(sum[i][2 * r] * inverse, sum[i][2 * r + 1] * inverse);
                }
            }
        }
    }
}
#endif

// Of products four blocks, or three, share a multiprocessor's registers: while some wait, others compute.
#define TILES(KERNEL, THREADS, D, TYPE, T) \
    extern "C" __global__ void __launch_bounds__(THREADS, THREADS == QUERIES ? 1 : D == 64 ? 3 : 4) \
            attention_##KERNEL##_##D##_##TYPE(const T *q, const T *k, const T *v, const T *bias, T *y, i64 samples, \
            int queries, int keys, int heads, float scale, Biases step) { \
        KERNEL<T, D>(q, k, v, bias, y, samples, queries, keys, heads, scale, step); \
    }
#define ATTENTION(KERNEL, THREADS, TYPE, T) \
    extern "C" __global__ void attention_rows_##TYPE(const T *q, const T *k, const T *v, const T *bias, T *y, \
            float *tile, i64 first, i64 count, int queries, int keys, int heads, int depth, int width, float scale, \
            Biases step) { \
        rows<T>(q, k, v, bias, y, tile, first, count, queries, keys, heads, depth, width, scale, step); \
    } \
    TILES(KERNEL, THREADS, 16, TYPE, T) \
    TILES(KERNEL, THREADS, 32, TYPE, T) \
    TILES(KERNEL, THREADS, 64, TYPE, T)
ATTENTION(tiles, QUERIES, f32, float)
#ifdef TENSOR_CORES
ATTENTION(products, 32 * WARPS, bf16, bf16)
ATTENTION(products, 32 * WARPS, f16, f16)
#else
ATTENTION(tiles, QUERIES, bf16, bf16)
ATTENTION(tiles, QUERIES, f16, f16)
#endif
