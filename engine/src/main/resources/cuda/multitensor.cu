// Sums over many tensors in one launch: copies of all weights in 16 bits, which are sums of one term, and the gradients
// that come from the uses of each parameter.
//
// Naive version: a launch for each of a ResNet's 161 tensors, most of them too small to fill the GPU, a cast and a copy
// to another layout apart. Here: one launch for all. As in optimizer.cu, tensors are cut into pieces, and two tables
// stay in device memory. Terms are read in their own types, 4 elements at a time where all lie as the result does;
// what lies in the other layout is read element by element, along the result, so that writes are whole: neighbours in
// the result read within a few cache lines of each other. Terms are added in their order, in float32.
// Bytes: each term read and each result written once; for a cast to bf16 6 per weight. FLOPs: 1 per further term.

#define BF16 1                             // element types; 0 is float32
#define F16 2
#define OTHER_ORDER 4                      // in a term's type: its matrices are transposed ones of the result's

// Where a result and its terms lie, and what they are. In the other order, a tensor is made of matrices [rows, columns]
// of the result that lie as [columns, rows].
struct Sum {
    void *to;
    const void *from[4];
    u8 terms, type, term[4], unused[2];
    int rows, columns;
};

template <class T> __device__ inline float one(const void *from, i64 i) { return widen(((const T *) from)[i]); }

// The element of a term that belongs to the result's i-th.
__device__ inline float term_of(const Sum &sum, int t, i64 i) {
    int type = sum.term[t];
    if (type & OTHER_ORDER) {
        i64 plane = (i64) sum.rows * sum.columns;
        if (i <= 0x7fffffff && plane <= 0x7fffffff) {
            u32 matrix = (u32) i / (u32) plane;
            u32 rest = (u32) i - matrix * (u32) plane;
            u32 row = rest / (u32) sum.columns;
            i = matrix * plane + (i64) (rest - row * sum.columns) * sum.rows + row;
        } else {
            i64 rest = i % plane;
            i = i - rest + rest % sum.columns * sum.rows + rest / sum.columns;
        }
    }
    type &= ~OTHER_ORDER;
    return type == BF16 ? one<bf16>(sum.from[t], i) : type == F16 ? one<f16>(sum.from[t], i)
            : one<float>(sum.from[t], i);
}

template <class T> __device__ inline void put(void *to, i64 i, float v) { ((T *) to)[i] = narrow<T>::of(v); }

template <class T> __device__ inline void four(const void *from, i64 i, float *v, int first) {
    pack<T, 4> read = *(const pack<T, 4> *) ((const T *) from + i);
    #pragma unroll
    for (int e = 0; e < 4; e++) {
        v[e] = first ? widen(read.v[e]) : v[e] + widen(read.v[e]);
    }
}

template <class T> __device__ inline void put_four(void *to, i64 i, const float *v) {
    pack<T, 4> written;
    #pragma unroll
    for (int e = 0; e < 4; e++) {
        written.v[e] = narrow<T>::of(v[e]);
    }
    *(pack<T, 4> *) ((T *) to + i) = written;
}

__device__ inline int in_fours(const void *p, int type) { return (u64) p % (type == 0 ? 16 : 8) == 0; }

// Whether 4 elements can be read and written at once.
__device__ inline int in_fours(const Sum &sum) {
    int all = in_fours(sum.to, sum.type);
    for (int t = 0; t < sum.terms; t++) {
        all = all && !(sum.term[t] & OTHER_ORDER) && in_fours(sum.from[t], sum.term[t]);
    }
    return all;
}

extern "C" __global__ void multi_tensor_sum(const Piece *pieces, const Sum *sums, int count) {
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Piece piece = pieces[k];
        const Sum &sum = sums[piece.tensor];
        int packs = in_fours(sum) ? piece.count / 4 : 0;
        for (int p = threadIdx.x; p < packs; p += blockDim.x) {
            i64 i = piece.from + 4 * p;
            float v[4];
            for (int t = 0; t < sum.terms; t++) {
                if (sum.term[t] == BF16) {
                    four<bf16>(sum.from[t], i, v, t == 0);
                } else if (sum.term[t] == F16) {
                    four<f16>(sum.from[t], i, v, t == 0);
                } else {
                    four<float>(sum.from[t], i, v, t == 0);
                }
            }
            if (sum.type == BF16) {
                put_four<bf16>(sum.to, i, v);
            } else if (sum.type == F16) {
                put_four<f16>(sum.to, i, v);
            } else {
                put_four<float>(sum.to, i, v);
            }
        }
        for (int p = 4 * packs + threadIdx.x; p < piece.count; p += blockDim.x) {
            i64 i = piece.from + p;
            float v = term_of(sum, 0, i);
            for (int t = 1; t < sum.terms; t++) {
                v += term_of(sum, t, i);
            }
            if (sum.type == BF16) {
                put<bf16>(sum.to, i, v);
            } else if (sum.type == F16) {
                put<f16>(sum.to, i, v);
            } else {
                put<float>(sum.to, i, v);
            }
        }
    }
}
