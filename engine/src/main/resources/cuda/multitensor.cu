// Sums over many tensors in one launch: copies of all weights in 16 bits, which are sums of one term, and the gradients
// that come from the uses of each parameter.
//
// Naive version: a launch for each of a ResNet's 161 tensors, most of them too small to fill the GPU, a cast and a copy
// to another layout apart. Here: one launch for all. As in optimizer.cu, tensors are cut into pieces, and two tables
// stay in device memory. Terms are read in their own types, 4 elements at a time where all lie as the result does;
// what lies in the other layout is read element by element, along the result, so that writes are whole: neighbours in
// the result read within a few cache lines of each other. A thread has four reads of a term under way before it needs
// the first: one read of 8 bytes a thread leaves the memory idle. Terms are added in their order, in float32.
// Bytes: each term read and each result written once; for a cast to bf16 6 per weight. FLOPs: 1 per further term.

#define BF16 1                             // element types; 0 is float32
#define F16 2
#define OTHER_ORDER 4                      // in a term's type: its matrices are transposed ones of the result's

#define UNDER_WAY 4                        // reads of a term before the first is needed
#define SMALL 0x7fffffff                   // numbers that a Divisor takes without a division

// Where a result and its terms lie, and what they are. In the other order, a tensor is made of matrices [rows, columns]
// of the result that lie as [columns, rows].
struct Sum {
    void *to;
    const void *from[4];
    u8 terms, type, term[4], unused[2];
    Divisor columns, rows;
};

// Where the result's i-th element lies in the other order; the host copies terms of more than 2³¹ elements before.
__device__ inline i64 crossed(const Divisor &columns, const Divisor &rows, i64 i) {
    i &= SMALL;                            // the compiler sees that no division is needed
    int column = take(i, columns);
    i &= SMALL;
    int row = take(i, rows);
    return (i * columns.by + column) * rows.by + row;
}

// −0, to which anything is added as it is.
template <int V, int U> __device__ inline void begin(float (&v)[U][V]) {
    #pragma unroll
    for (int u = 0; u < U; u++) {
        #pragma unroll
        for (int e = 0; e < V; e++) {
            v[u][e] = -0.0f;
        }
    }
}

// Adds to v the first count packs of a term, which lie V times blockDim elements apart.
template <class T, int V, int U> __device__ inline void add(const T *from, int count, float (&v)[U][V]) {
    pack<T, V> read[U];
    #pragma unroll
    for (int u = 0; u < U; u++) {
        if (u < count) {
            read[u] = *(const pack<T, V> *) (from + u * V * (int) blockDim.x);
        }
    }
    #pragma unroll
    for (int u = 0; u < U; u++) {
        #pragma unroll
        for (int e = 0; u < count && e < V; e++) {
            v[u][e] += widen(read[u].v[e]);
        }
    }
}

template <class T, int V, int U> __device__ inline void put(T *to, int count, const float (&v)[U][V]) {
    #pragma unroll
    for (int u = 0; u < U; u++) {
        if (u < count) {
            pack<T, V> written;
            #pragma unroll
            for (int e = 0; e < V; e++) {
                written.v[e] = narrow<T>::of(v[u][e]);
            }
            *(pack<T, V> *) (to + u * V * (int) blockDim.x) = written;
        }
    }
}

template <int V, int U> __device__ inline void put_as(const Sum &sum, i64 i, int count, const float (&v)[U][V]) {
    if (sum.type == BF16) {
        put((bf16 *) sum.to + i, count, v);
    } else if (sum.type == F16) {
        put((f16 *) sum.to + i, count, v);
    } else {
        put((float *) sum.to + i, count, v);
    }
}

// Elements from … end − 1 of a sum whose terms lie in any order.
__device__ inline void singles(const Sum &sum, i64 from, i64 end) {
    int step = blockDim.x;
    #pragma unroll 1
    for (i64 i = from + threadIdx.x; i < end; i += UNDER_WAY * step) {
        float v[UNDER_WAY][1];
        begin(v);
        int count = ((int) (end - i) + step - 1) / step;
        #pragma unroll 1
        for (int t = 0; t < sum.terms; t++) {
            int type = sum.term[t] & ~OTHER_ORDER;
            bool crosses = sum.term[t] & OTHER_ORDER;
            const void *x = sum.from[t];
            u32 bits[UNDER_WAY];
            #pragma unroll
            for (int u = 0; u < UNDER_WAY; u++) {
                i64 at = i + u * step;
                at = crosses ? crossed(sum.columns, sum.rows, at) : at;
                if (u < count) {
                    bits[u] = type == 0 ? ((const u32 *) x)[at] : ((const u16 *) x)[at];
                }
            }
            #pragma unroll
            for (int u = 0; u < UNDER_WAY; u++) {
                if (u < count) {
                    f16 half = {(u16) bits[u]};
                    float value = type == F16 ? widen(half)
                            : __int_as_float((int) (bits[u] << (type == BF16 ? 16 : 0)));
                    v[u][0] += value;
                }
            }
        }
        put_as(sum, i, count, v);
    }
}

// The same, 4 elements at a time, where all terms lie as the result does.
__device__ inline void fours(const Sum &sum, i64 from, i64 end) {
    int step = 4 * blockDim.x;
    #pragma unroll 1
    for (i64 i = from + 4 * threadIdx.x; i < end; i += UNDER_WAY * step) {
        float v[UNDER_WAY][4];
        begin(v);
        int count = ((int) (end - i) + step - 1) / step;
        #pragma unroll 1
        for (int t = 0; t < sum.terms; t++) {
            if (sum.term[t] == BF16) {
                add((const bf16 *) sum.from[t] + i, count, v);
            } else if (sum.term[t] == F16) {
                add((const f16 *) sum.from[t] + i, count, v);
            } else {
                add((const float *) sum.from[t] + i, count, v);
            }
        }
        put_as(sum, i, count, v);
    }
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

// Three blocks a multiprocessor.
extern "C" __global__ void __launch_bounds__(256, 3) multi_tensor_sum(const Piece *pieces, const Sum *sums, int count) {
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Piece piece = pieces[k];
        const Sum &sum = sums[piece.tensor];
        i64 end = piece.from + piece.count;
        i64 packed = piece.from + (in_fours(sum) ? piece.count / 4 * 4 : 0);
        fours(sum, piece.from, packed);
        singles(sum, packed, end);
    }
}
