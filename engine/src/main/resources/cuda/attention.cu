// Scaled dot-product attention: y = softmax(scale·q·kᵀ + bias)·v for q [N, T, H, D], k [N, S, H, D], v [N, S, H, E].
//
// Naive version: the scores [N, H, T, S] are written by a product, and read and written again by the scale, the bias,
// the softmax and the second product: nine passes over them.
// Here: a block for each (sample, query, head). Its S scores are written once to a tile that stays in the second-level
// cache, and read back twice; keys and values are shared by the T queries of a head through the cache.
// Bytes: N·H·(T·(D + E) + S·(D + E))·4 and 3·N·H·T·S·4 in the cache. FLOPs: 2·N·H·T·S·(D + E).

extern "C" __global__ void attention_f32(const float *q, const float *k, const float *v, const float *bias, float *y,
        float *tile, i64 first, i64 rows, int queries, int keys, int heads, int depth, int width, float scale,
        i64 sample_step, i64 head_step, i64 query_step, i64 key_step) {
    for (i64 r = blockIdx.x; r < rows; r += gridDim.x) {
        i64 row = first + r;
        i64 head = row % heads;
        i64 query = row / heads % queries;
        i64 sample = row / heads / queries;
        float *scores = tile + r * keys;
        float top = -INFINITE;
        for (int j = threadIdx.x; j < keys; j += blockDim.x) {
            const float *key = k + ((sample * keys + j) * heads + head) * depth;
            float sum = 0;
            for (int d = 0; d < depth; d++) {
                sum += q[row * depth + d] * key[d];
            }
            float score = scale * sum;
            if (bias) {
                score += bias[sample * sample_step + head * head_step + query * query_step + j * key_step];
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
                result += scores[j] * v[((sample * keys + j) * heads + head) * width + e];
            }
            y[row * width + e] = result * inverse;
        }
    }
}
