// What moves elements of 1, 2, 4 or 8 bytes and leaves their values alone: copies between strides (permute, expand,
// slice, concat, pad, layouts), transposes, a masked diagonal, elements and rows by number.
//
// Naive version: a thread for each element, read with one stride and written with another: in a transpose either the
// reads or the writes take a 32-byte sector for each element, 8 times the traffic for float32.
// Here: a transpose goes through tiles of 32 × 32 in shared memory (a column more, so that no two lanes of a warp meet
// in one bank), of 64 × 64 where two elements of 16 bits are moved at once (then two lanes meet in each, which is faster
// than memory is); everything else reads along the result's order, runs of up to 16 bytes as one element, and finds
// where an element lies by multiplications.
// Bytes: 2·n·size. FLOPs: none.

#define TILE 32

#define COPY(SIZE, T) \
    extern "C" __global__ void copy_b##SIZE(Walk w, i64 n, const T *x, T *y) { \
        EACH(i, n) { \
            Place p = place(w, i); \
            y[p.b] = x[p.a]; \
        } \
    }
COPY(16, pack<u32>)

#define MOVES(SIZE, T) \
    COPY(SIZE, T) \
    /* y[batch, column, row] = x[batch, row, column]; blocks of 32 × 8 threads */ \
    extern "C" __global__ void transpose_b##SIZE(const T *x, T *y, int rows, int columns, int batch) { \
        __shared__ T tile[TILE][TILE + 1]; \
        int across = (columns + TILE - 1) / TILE; \
        int down = (rows + TILE - 1) / TILE; \
        i64 tiles = (i64) across * down * batch; \
        for (i64 at = blockIdx.x; at < tiles; at += gridDim.x) { \
            int column = (int) (at % across) * TILE; \
            int row = (int) (at / across % down) * TILE; \
            i64 matrix = at / ((i64) across * down) * rows * columns; \
            for (int k = threadIdx.y; k < TILE; k += blockDim.y) { \
                if (row + k < rows && column + (int) threadIdx.x < columns) { \
                    tile[k][threadIdx.x] = x[matrix + (i64) (row + k) * columns + column + threadIdx.x]; \
                } \
            } \
            __syncthreads(); \
            for (int k = threadIdx.y; k < TILE; k += blockDim.y) { \
                if (column + k < columns && row + (int) threadIdx.x < rows) { \
                    y[matrix + (i64) (column + k) * rows + row + threadIdx.x] = tile[threadIdx.x][k]; \
                } \
            } \
            __syncthreads(); \
        } \
    }
MOVES(1, u8)
MOVES(2, u16)
MOVES(4, u32)
MOVES(8, u64)

#define WIDE_TILE (2 * TILE)

__device__ inline u32 half_of(u32 both, int which) { return both >> 16 * which & 0xffff; }

// The same of 2 bytes where rows and columns are even: two neighbours at once, and so tiles of 64 × 64.
extern "C" __global__ void transpose_pairs_b2(const u32 *x, u32 *y, int rows, int columns, int batch) {
    __shared__ u32 tile[WIDE_TILE][TILE + 1];
    int across = (columns + WIDE_TILE - 1) / WIDE_TILE;
    int down = (rows + WIDE_TILE - 1) / WIDE_TILE;
    i64 tiles = (i64) across * down * batch;
    int lane = threadIdx.x;
    for (i64 at = blockIdx.x; at < tiles; at += gridDim.x) {
        int column = (int) (at % across) * WIDE_TILE;
        int row = (int) (at / across % down) * WIDE_TILE;
        i64 matrix = at / ((i64) across * down) * rows * columns / 2;
        #pragma unroll
        for (int u = 0; u < WIDE_TILE / 8; u++) {
            int k = threadIdx.y + 8 * u;
            if (row + k < rows && column + 2 * lane < columns) {
                tile[k][lane] = x[matrix + ((i64) (row + k) * columns + column) / 2 + lane];
            }
        }
        __syncthreads();
        #pragma unroll
        for (int u = 0; u < WIDE_TILE / 8; u++) {
            int k = threadIdx.y + 8 * u;
            if (column + k < columns && row + 2 * lane < rows) {
                u32 above = half_of(tile[2 * lane][k / 2], k % 2);
                u32 below = half_of(tile[2 * lane + 1][k / 2], k % 2);
                y[matrix + ((i64) (column + k) * rows + row) / 2 + lane] = above | below << 16;
            }
        }
        __syncthreads();
    }
}

// An element whose bytes repeat those of bits.
template <class T> __device__ inline T filled(u64 bits) { return (T) bits; }
template <> __device__ inline pack<u32> filled<pack<u32>>(u64 bits) {
    u32 low = (u32) bits;
    u32 high = (u32) (bits >> 32);
    return {{low, high, low, high}};
}

// y [outer, by_size, by_inner] = x [outer, inside, by_inner], begun at before and by_step apart, and bits elsewhere.
#define PAD(SIZE, T) \
    extern "C" __global__ void pad_b##SIZE(const T *x, T *y, i64 n, int inside, int before, Divisor by_step, \
            Divisor by_inner, Divisor by_size, u64 bits) { \
        EACH(i, n) { \
            i64 outer = i; \
            int column = take(outer, by_inner); \
            i64 row = take(outer, by_size) - before; \
            bool within = row >= 0; \
            within = within && take(row, by_step) == 0 && row < inside; \
            y[i] = within ? x[(outer * inside + row) * by_inner.by + column] : filled<T>(bits); \
        } \
    }
PAD(1, u8)
PAD(2, u16)
PAD(4, u32)
PAD(8, u64)
PAD(16, pack<u32>)

// An index outside 0 … size − 1 is reported and read as 0, so that nothing out of range is touched.
__device__ inline i64 checked(i64 index, i64 position, int size, int kind, Fault *fault) {
    if (index < 0 || index >= size) {
        report(fault, kind, position, index, size);
        return 0;
    }
    return index;
}

// y = x but for the diagonals of square matrices; by_row has a row's packs.
template <class T, int P> __device__ inline void diagonal(const T *x, T *y, i64 n, const Divisor &by_row,
        const Divisor &by_side, T value) {
    EACH(i, n) {
        pack<T, P> v = ((const pack<T, P> *) x)[i];
        i64 row = i;
        int column = take(row, by_row) * P;
        int at = take(row, by_side) - column;
        #pragma unroll
        for (int e = 0; e < P; e++) {
            v.v[e] = e == at ? value : v.v[e];
        }
        ((pack<T, P> *) y)[i] = v;
    }
}

#define DIAGONAL(P, SIZE, T) \
    extern "C" __global__ void diagonal_##P##_b##SIZE(const T *x, T *y, i64 n, Divisor by_row, Divisor by_side, \
            u64 bits) { \
        diagonal<T, P>(x, y, n, by_row, by_side, (T) bits); \
    }
#define DIAGONAL_BOTH(P, SIZE, T) \
    DIAGONAL(1, SIZE, T) \
    DIAGONAL(P, SIZE, T)
DIAGONAL_BOTH(16, 1, u8)
DIAGONAL_BOTH(8, 2, u16)
DIAGONAL_BOTH(4, 4, u32)
DIAGONAL_BOTH(2, 8, u64)

// dx[row, k] = dy[row] where k is index[row], else 0: a block for each row, or a warp.
template <class T, class I, int P> __device__ inline void gather_backward(const T *dy, const I *index, T *dx, i64 rows,
        int size, int kind, Fault *fault) {
    for (i64 row = blockIdx.x * (i64) blockDim.y + threadIdx.y; row < rows; row += (i64) gridDim.x * blockDim.y) {
        int at = (int) checked(index[row], row, size, kind, fault);
        T value = dy[row];
        for (int i = threadIdx.x; i < size / P; i += blockDim.x) {
            pack<T, P> v;
            #pragma unroll
            for (int e = 0; e < P; e++) {
                v.v[e] = i * P + e == at ? value : (T) 0;
            }
            *(pack<T, P> *) (dx + row * size + (i64) i * P) = v;
        }
    }
}

#define INDEXED(SIZE, T, INDEX, I) \
    /* y[row] = x[row, index[row]] */ \
    extern "C" __global__ void gather_b##SIZE##_##INDEX(const T *x, const I *index, T *y, i64 rows, int size, \
            int kind, Fault *fault) { \
        EACH(i, rows) { \
            y[i] = x[i * size + checked(index[i], i, size, kind, fault)]; \
        } \
    } \
    extern "C" __global__ void gather_backward_1_b##SIZE##_##INDEX(const T *dy, const I *index, T *dx, i64 rows, \
            int size, int kind, Fault *fault) { \
        gather_backward<T, I, 1>(dy, index, dx, rows, size, kind, fault); \
    } \
    extern "C" __global__ void gather_backward_16_b##SIZE##_##INDEX(const T *dy, const I *index, T *dx, i64 rows, \
            int size, int kind, Fault *fault) { \
        gather_backward<T, I, 16 / SIZE>(dy, index, dx, rows, size, kind, fault); \
    }

// y[outer, k, inner] = x[outer, index[k], inner]
#define SELECT(SIZE, T, INDEX, I) \
    extern "C" __global__ void select_b##SIZE##_##INDEX(const T *x, const I *index, T *y, i64 n, int size, \
            Divisor by_inner, Divisor by_count, int kind, Fault *fault) { \
        EACH(i, n) { \
            i64 outer = i; \
            int column = take(outer, by_inner); \
            int k = take(outer, by_count); \
            y[i] = x[(outer * size + checked(index[k], k, size, kind, fault)) * by_inner.by + column]; \
        } \
    }
SELECT(16, pack<u32>, i32, int)
SELECT(16, pack<u32>, i64, i64)

#define INDEXED_BOTH(SIZE, T) \
    INDEXED(SIZE, T, i32, int) \
    INDEXED(SIZE, T, i64, i64) \
    SELECT(SIZE, T, i32, int) \
    SELECT(SIZE, T, i64, i64)
INDEXED_BOTH(1, u8)
INDEXED_BOTH(2, u16)
INDEXED_BOTH(4, u32)
INDEXED_BOTH(8, u64)

#define LIST 512                           // positions that are listed before they are added up
#define SCANNED 128                        // of the index at a time, by a warp

// Lists where the index, from a position on, names the row, in order; returns where it stopped for want of room.
template <class I> __device__ inline int collect(const I *index, i64 row, int from, int count, int size, int *list,
        int &length, int kind, Fault *fault) {
    int lane = threadIdx.x % 32;
    for (; from < count && length + SCANNED <= LIST; from += SCANNED) {
        bool hit[SCANNED / 32];
        #pragma unroll
        for (int u = 0; u < SCANNED / 32; u++) {
            int k = from + 32 * u + lane;
            hit[u] = k < count && checked(index[k], k, size, kind, fault) == row;
        }
        #pragma unroll
        for (int u = 0; u < SCANNED / 32; u++) {
            u32 hits = __ballot_sync(0xffffffff, hit[u]);
            if (hit[u]) {
                list[length + __popc(hits & ((1u << lane) - 1))] = from + 32 * u + lane;
            }
            length += __popc(hits);
        }
    }
    return from;
}

// dx[outer, r, inner] = Σ dy[outer, k, inner] over the k with index[k] = r. A warp lists a row's terms once for all of
// its elements, whose P each lane adds up, so that no two threads add to one place; size·count/32 looks at the index,
// which the cache holds. With few rows all 8 warps of a block take the terms of one in turn (team 8, else 1).
template <class I, int P> __device__ inline void select_backward(const float *dy, const I *index, float *dx, i64 outer,
        int size, int count, i64 inner, int team, int kind, Fault *fault) {
    __shared__ int lists[8][LIST];
    __shared__ float others[8][32 * P];
    __shared__ int common[2];
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int member = warp % team;
    int *list = lists[warp / team];
    i64 tiles = (inner + 32 * P - 1) / (32 * P);
    for (i64 first = (i64) blockIdx.x * (8 / team); first < size; first += (i64) gridDim.x * (8 / team)) {
        i64 row = first + warp / team;
        int from = row < size ? 0 : count;
        bool begun = false;
        do {
            int length = 0;
            if (team == 1) {
                from = collect(index, row, from, count, size, list, length, kind, fault);
                __syncwarp();
            } else {
                __syncthreads();
                if (warp == 0) {
                    from = collect(index, row, from, count, size, list, length, kind, fault);
                    common[0] = from;
                    common[1] = length;
                }
                __syncthreads();
                from = common[0];
                length = common[1];
            }
            for (i64 job = blockIdx.y; job < tiles * outer; job += gridDim.y) {
                i64 o = job / tiles;
                i64 column = (job - o * tiles) * 32 * P + lane * P;
                bool inside = row < size && column < inner;
                float sum[P];
                #pragma unroll
                for (int e = 0; e < P; e++) {
                    sum[e] = 0;
                }
                #pragma unroll 4
                for (int m = member; m < (inside ? length : 0); m += team) {
                    pack<float, P> v = *(const pack<float, P> *) (dy + (o * count + list[m]) * inner + column);
                    #pragma unroll
                    for (int e = 0; e < P; e++) {
                        sum[e] += v.v[e];
                    }
                }
                if (team > 1) {
                    #pragma unroll
                    for (int e = 0; e < P; e++) {
                        others[warp][lane * P + e] = sum[e];
                    }
                    __syncthreads();
                    for (int w = 1; member == 0 && w < team; w++) {
                        #pragma unroll
                        for (int e = 0; e < P; e++) {
                            sum[e] += others[w][lane * P + e];
                        }
                    }
                    __syncthreads();
                }
                if (inside && member == 0) {
                    pack<float, P> *to = (pack<float, P> *) (dx + (o * size + row) * inner + column);
                    pack<float, P> before;
                    if (begun) {
                        before = *to;
                    }
                    #pragma unroll
                    for (int e = 0; e < P; e++) {
                        before.v[e] = begun ? before.v[e] + sum[e] : sum[e];
                    }
                    *to = before;
                }
            }
            begun = true;
            __syncwarp();
        } while (from < count);
    }
}

#define SELECT_BACKWARD(P, INDEX, I) \
    extern "C" __global__ void select_backward_##P##_f32_##INDEX(const float *dy, const I *index, float *dx, \
            i64 outer, int size, int count, i64 inner, int team, int kind, Fault *fault) { \
        select_backward<I, P>(dy, index, dx, outer, size, count, inner, team, kind, fault); \
    }
SELECT_BACKWARD(1, i32, int)
SELECT_BACKWARD(1, i64, i64)
SELECT_BACKWARD(4, i32, int)
SELECT_BACKWARD(4, i64, i64)
