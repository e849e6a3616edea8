// What moves elements of 1, 2, 4 or 8 bytes and leaves their values alone: copies between strides (permute, expand,
// slice, concat, pad, layouts), transposes, a masked diagonal, elements and rows by number.
//
// Naive version: a thread for each element, read with one stride and written with another: in a transpose either the
// reads or the writes take a 32-byte sector for each element, 8 times the traffic for float32.
// Here: a transpose goes through tiles of 32 × 32 in shared memory (a column more, so that no two lanes of a warp meet
// in one bank); everything else reads along the result's order.
// Bytes: 2·n·size. FLOPs: none.

#define TILE 32

#define MOVES(SIZE, T) \
    extern "C" __global__ void copy_b##SIZE(Walk w, i64 n, const T *x, T *y) { \
        EACH(i, n) { \
            Place p = place(w, i); \
            y[p.b] = x[p.a]; \
        } \
    } \
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
    } \
    extern "C" __global__ void fill_b##SIZE(T *y, i64 n, u64 bits) { \
        EACH(i, n) { \
            y[i] = (T) bits; \
        } \
    } \
    extern "C" __global__ void diagonal_b##SIZE(const T *x, T *y, i64 n, int side, u64 bits) { \
        EACH(i, n) { \
            y[i] = i / side % side == i % side ? (T) bits : x[i]; \
        } \
    }
MOVES(1, u8)
MOVES(2, u16)
MOVES(4, u32)
MOVES(8, u64)

// An index outside 0 … size − 1 is reported and read as 0, so that nothing out of range is touched.
__device__ inline i64 checked(i64 index, i64 position, int size, int kind, Fault *fault) {
    if (index < 0 || index >= size) {
        report(fault, kind, position, index, size);
        return 0;
    }
    return index;
}

#define INDEXED(SIZE, T, INDEX, I) \
    /* y[row] = x[row, index[row]] */ \
    extern "C" __global__ void gather_b##SIZE##_##INDEX(const T *x, const I *index, T *y, i64 rows, int size, \
            int kind, Fault *fault) { \
        EACH(i, rows) { \
            y[i] = x[i * size + checked(index[i], i, size, kind, fault)]; \
        } \
    } \
    /* dx[row, k] = dy[row] where k is index[row], else 0 */ \
    extern "C" __global__ void gather_backward_b##SIZE##_##INDEX(const T *dy, const I *index, T *dx, i64 rows, \
            int size, int kind, Fault *fault) { \
        EACH(i, rows * size) { \
            i64 row = i / size; \
            dx[i] = checked(index[row], row, size, kind, fault) == i % size ? dy[row] : (T) 0; \
        } \
    } \
    /* y[outer, k, inner] = x[outer, index[k], inner] */ \
    extern "C" __global__ void select_b##SIZE##_##INDEX(const T *x, const I *index, T *y, i64 n, int size, \
            int count, i64 inner, int kind, Fault *fault) { \
        EACH(i, n) { \
            i64 k = i / inner % count; \
            i64 outer = i / inner / count; \
            y[i] = x[(outer * size + checked(index[k], k, size, kind, fault)) * inner + i % inner]; \
        } \
    }
#define INDEXED_BOTH(SIZE, T) \
    INDEXED(SIZE, T, i32, int) \
    INDEXED(SIZE, T, i64, i64)
INDEXED_BOTH(1, u8)
INDEXED_BOTH(2, u16)
INDEXED_BOTH(4, u32)
INDEXED_BOTH(8, u64)

// dx[outer, r, inner] = Σ dy[outer, k, inner] over the k with index[k] = r, in the order of k: each result looks for
// its own terms, so that no two threads add to one place. count·n reads of the index, which the cache holds.
#define SELECT_BACKWARD(INDEX, I) \
    extern "C" __global__ void select_backward_f32_##INDEX(const float *dy, const I *index, float *dx, i64 n, \
            int size, int count, i64 inner, int kind, Fault *fault) { \
        EACH(i, n) { \
            i64 row = i / inner % size; \
            i64 outer = i / inner / size; \
            float sum = 0; \
            for (int k = 0; k < count; k++) { \
                if (checked(index[k], k, size, kind, fault) == row) { \
                    sum += dy[(outer * count + k) * inner + i % inner]; \
                } \
            } \
            dx[i] = sum; \
        } \
    }
SELECT_BACKWARD(i32, int)
SELECT_BACKWARD(i64, i64)
