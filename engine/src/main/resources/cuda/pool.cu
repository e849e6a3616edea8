// Maxima over windows of images, and the way back to the winners.
//
// Naive version of the gradient: each window adds to its winner with an atomic addition, in any order.
// Here: a thread for each pixel asks the windows that saw it whether it won; the order of additions is fixed.
// Images are [N, C, H, W] with the pixel and channel strides of their layout; threads follow the memory's order.
// Bytes: forward (1 + size⁻¹)·windows written, every pixel read once; the overlap of windows comes from the cache.
// FLOPs: one comparison for each place of each window.

struct Pool {
    int n, channels, height, width;              // of the image
    int rows, columns;                           // of the result
    int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
    int channels_last;
};

struct At { int n, c, y, x; };

// Element i of images [n, channels, height, width], in memory's order.
__device__ inline At locate(i64 i, int channels, int height, int width, int channels_last) {
    At at;
    if (channels_last) {
        at.c = (int) (i % channels);
        i /= channels;
        at.x = (int) (i % width);
        i /= width;
        at.y = (int) (i % height);
        at.n = (int) (i / height);
    } else {
        at.x = (int) (i % width);
        i /= width;
        at.y = (int) (i % height);
        i /= height;
        at.c = (int) (i % channels);
        at.n = (int) (i / channels);
    }
    return at;
}

__device__ inline i64 offset(int n, int c, int y, int x, int channels, int height, int width, int channels_last) {
    return channels_last ? (((i64) n * height + y) * width + x) * channels + c
            : (((i64) n * channels + c) * height + y) * width + x;
}

#define MAX_POOL(TYPE, T) \
    extern "C" __global__ void max_pool_##TYPE(Pool p, const T *x, T *y, u8 *places, i64 n) { \
        EACH(i, n) { \
            At at = locate(i, p.channels, p.rows, p.columns, p.channels_last); \
            int top = at.y * p.stride_height - p.padding_height; \
            int left = at.x * p.stride_width - p.padding_width; \
            float best = 0; \
            int where = -1; \
            for (int r = 0; r < p.kernel_height; r++) { \
                for (int c = 0; c < p.kernel_width; c++) { \
                    int row = top + r; \
                    int column = left + c; \
                    if (row >= 0 && row < p.height && column >= 0 && column < p.width) { \
                        float v = widen(x[offset(at.n, at.c, row, column, p.channels, p.height, p.width, \
                                p.channels_last)]); \
                        if (where < 0 || v > best || (v != v && best == best)) { \
                            best = v; \
                            where = r * p.kernel_width + c; \
                        } \
                    } \
                } \
            } \
            y[i] = narrow<T>::of(best); \
            places[i] = (u8) where; \
        } \
    } \
    extern "C" __global__ void max_pool_backward_##TYPE(Pool p, const T *dy, const u8 *places, T *dx, i64 n) { \
        EACH(i, n) { \
            At at = locate(i, p.channels, p.height, p.width, p.channels_last); \
            float sum = 0; \
            for (int r = 0; r < p.kernel_height; r++) { \
                int down = at.y + p.padding_height - r; \
                if (down < 0 || down % p.stride_height != 0 || down / p.stride_height >= p.rows) { \
                    continue; \
                } \
                for (int c = 0; c < p.kernel_width; c++) { \
                    int right = at.x + p.padding_width - c; \
                    if (right < 0 || right % p.stride_width != 0 || right / p.stride_width >= p.columns) { \
                        continue; \
                    } \
                    i64 window = offset(at.n, at.c, down / p.stride_height, right / p.stride_width, p.channels, \
                            p.rows, p.columns, p.channels_last); \
                    if (places[window] == r * p.kernel_width + c) { \
                        sum += widen(dy[window]); \
                    } \
                } \
            } \
            dx[i] = narrow<T>::of(sum); \
        } \
    }
MAX_POOL(f32, float)
MAX_POOL(bf16, bf16)
MAX_POOL(f16, f16)
