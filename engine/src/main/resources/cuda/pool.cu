// Maxima and means over windows of images, and the way back to the winners or to all places.
//
// Naive version of the gradients: each window adds to its places with atomic additions, in any order.
// Here: a pixel asks the windows that saw it; the order of additions is fixed. Channels-last, a thread has a pack of
// 16 bytes of channels of a pixel, otherwise one value of a channel that counts as an image of its own. The windows of
// ResNet (3 × 3 and 2 × 2 by steps of 2) are unrolled, so that all of a row's loads are under way at once, and where an
// item lies is found by multiplications.
// Bytes: forward the image once and the result once (with a byte a value for the winners' places), and the same back;
// the overlap of windows comes from the cache. FLOPs: one for each place of each window.

// Images [n, height, width] of packs, and results [n, rows, columns] of packs; each visits those of the one it writes.
struct Pool {
    int height, width, rows, columns;
    int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
    int packs, size, whole;                      // of a pixel; elements of a pack; whether a mean counts padding
    Divisor by_packs, by_width, by_height;
};

struct At { i64 n; int pack, y, x; };

__device__ inline At locate(const Pool &p, i64 i) {
    At at;
    at.pack = take(i, p.by_packs);
    at.x = take(i, p.by_width);
    at.y = take(i, p.by_height);
    at.n = i;
    return at;
}

// What a kernel does for windows of K × K by steps of S; 0: of any size.
#define WINDOWS(T, ...) \
    if (p.size > 1) { const int V = 16 / sizeof(T); SIZES(__VA_ARGS__) } else { const int V = 1; SIZES(__VA_ARGS__) }
#define SIZES(...) \
    if (square(p, 3, 2)) { const int K = 3; const int S = 2; __VA_ARGS__; } \
    else if (square(p, 2, 2)) { const int K = 2; const int S = 2; __VA_ARGS__; } \
    else { const int K = 0; const int S = 0; __VA_ARGS__; }

__device__ inline bool square(const Pool &p, int kernel, int stride) {
    return p.kernel_height == kernel && p.kernel_width == kernel && p.stride_height == stride
            && p.stride_width == stride;
}

// Calls use(place, pack) for the places of window (y, x) that lie in the image, row by row; loads up to C at once.
template <class T, int V, int K, int S, class F> __device__ inline void each_place(const Pool &p, const T *x,
        const At &at, F use) {
    const int C = K > 0 ? K : 8;
    int kernel_height = K > 0 ? K : p.kernel_height;
    int kernel_width = K > 0 ? K : p.kernel_width;
    int top = at.y * (S > 0 ? S : p.stride_height) - p.padding_height;
    int left = at.x * (S > 0 ? S : p.stride_width) - p.padding_width;
    const pack<T, V> *image = (const pack<T, V> *) x + at.n * p.height * p.width * p.packs + at.pack;
#pragma unroll (K > 0 ? K : 1)
    for (int r = 0; r < kernel_height; r++) {
        int row = top + r;
        bool inside = row >= 0 && row < p.height;
        const pack<T, V> *line = image + ((i64) row * p.width + left) * p.packs;
        for (int from = 0; from < kernel_width; from += C) {
            pack<T, V> v[C];
#pragma unroll
            for (int c = 0; c < C; c++) {
                int column = left + from + c;
                if (inside && from + c < kernel_width && column >= 0 && column < p.width) {
                    v[c] = line[(from + c) * (i64) p.packs];
                }
            }
#pragma unroll
            for (int c = 0; c < C; c++) {
                int column = left + from + c;
                if (inside && from + c < kernel_width && column >= 0 && column < p.width) {
                    use(r * kernel_width + from + c, v[c]);
                }
            }
        }
    }
}

// The windows that a pixel lies in: the w-th of count, or −1 where there is none, and as which of its places.
template <int K, int S> struct Windows {
    static const int AT_ONCE = K > 0 ? ((K + S - 1) / (S > 0 ? S : 1)) * ((K + S - 1) / (S > 0 ? S : 1)) : 1;
    int kernel_height, kernel_width, stride_height, stride_width, across, count;
    int r0, c0, row0, column0;

    __device__ inline Windows(const Pool &p, const At &at) {
        kernel_height = K > 0 ? K : p.kernel_height;
        kernel_width = K > 0 ? K : p.kernel_width;
        stride_height = S > 0 ? S : p.stride_height;
        stride_width = S > 0 ? S : p.stride_width;
        across = (kernel_width + stride_width - 1) / stride_width;
        count = (kernel_height + stride_height - 1) / stride_height * across;
        row0 = (int) ((u32) (at.y + p.padding_height) / (u32) stride_height);
        column0 = (int) ((u32) (at.x + p.padding_width) / (u32) stride_width);
        r0 = at.y + p.padding_height - row0 * stride_height;
        c0 = at.x + p.padding_width - column0 * stride_width;
    }

    __device__ inline i64 window(const Pool &p, const At &at, int w, int &row, int &column, int &place) const {
        int a = w / across;
        int b = w - a * across;
        int r = r0 + a * stride_height;
        int c = c0 + b * stride_width;
        row = row0 - a;
        column = column0 - b;
        place = r * kernel_width + c;
        bool sees = w < count && r < kernel_height && c < kernel_width && row >= 0 && row < p.rows && column >= 0
                && column < p.columns;
        return sees ? ((at.n * p.rows + row) * p.columns + column) * p.packs + at.pack : -1;
    }
};

// One by the number of places that a mean over window (row, column) is divided by.
__device__ inline float share(const Pool &p, int row, int column) {
    if (p.whole) {
        return 1.0f / (p.kernel_height * p.kernel_width);
    }
    int top = row * p.stride_height - p.padding_height;
    int left = column * p.stride_width - p.padding_width;
    int bottom = top + p.kernel_height < p.height ? top + p.kernel_height : p.height;
    int right = left + p.kernel_width < p.width ? left + p.kernel_width : p.width;
    return 1.0f / ((bottom - (top > 0 ? top : 0)) * (right - (left > 0 ? left : 0)));
}

template <class T, int V, int K, int S> __device__ inline void max_pool(const Pool &p, const T *x, T *y, u8 *places,
        i64 n) {
    EACH(i, n) {
        At at = locate(p, i);
        int top = at.y * p.stride_height - p.padding_height;
        int left = at.x * p.stride_width - p.padding_width;
        int first = (top < 0 ? -top : 0) * p.kernel_width + (left < 0 ? -left : 0);
        float best[V];
        int where[V];
        for (int k = 0; k < V; k++) {
            best[k] = -INFINITE;
            where[k] = first;
        }
        each_place<T, V, K, S>(p, x, at, [&](int place, const pack<T, V> &values) {
            for (int k = 0; k < V; k++) {
                float v = widen(values.v[k]);
                bool wins = !(v <= best[k]) && best[k] == best[k];        // NaN wins
                best[k] = wins ? v : best[k];
                where[k] = wins ? place : where[k];
            }
        });
        pack<T, V> result;
        pack<u8, V> winners;
        for (int k = 0; k < V; k++) {
            result.v[k] = narrow<T>::of(best[k]);
            winners.v[k] = (u8) where[k];
        }
        ((pack<T, V> *) y)[i] = result;
        ((pack<u8, V> *) places)[i] = winners;
    }
}

template <class T, int V, int K, int S> __device__ inline void max_pool_backward(const Pool &p, const T *dy,
        const u8 *places, T *dx, i64 n) {
    const int C = Windows<K, S>::AT_ONCE;
    EACH(i, n) {
        At at = locate(p, i);
        Windows<K, S> windows(p, at);
        float sum[V];
        for (int k = 0; k < V; k++) {
            sum[k] = 0;
        }
        for (int from = 0; from < (K > 0 ? C : windows.count); from += C) {
            pack<T, V> d[C];
            pack<u8, V> w[C];
            int place[C];
#pragma unroll
            for (int u = 0; u < C; u++) {
                int row, column;
                i64 window = windows.window(p, at, from + u, row, column, place[u]);
                if (window >= 0) {
                    d[u] = ((const pack<T, V> *) dy)[window];
                    w[u] = ((const pack<u8, V> *) places)[window];
                } else {
                    place[u] = -1;
                }
            }
#pragma unroll
            for (int u = 0; u < C; u++) {
                if (place[u] >= 0) {
                    for (int k = 0; k < V; k++) {
                        sum[k] += w[u].v[k] == place[u] ? widen(d[u].v[k]) : 0.0f;
                    }
                }
            }
        }
        pack<T, V> result;
        for (int k = 0; k < V; k++) {
            result.v[k] = narrow<T>::of(sum[k]);
        }
        ((pack<T, V> *) dx)[i] = result;
    }
}

template <class T, int V, int K, int S> __device__ inline void average_pool(const Pool &p, const T *x, T *y, i64 n) {
    EACH(i, n) {
        At at = locate(p, i);
        float sum[V];
        for (int k = 0; k < V; k++) {
            sum[k] = 0;
        }
        bool any = false;                        // a window may lie in the padding altogether
        each_place<T, V, K, S>(p, x, at, [&](int, const pack<T, V> &values) {
            any = true;
            for (int k = 0; k < V; k++) {
                sum[k] += widen(values.v[k]);
            }
        });
        float factor = any ? share(p, at.y, at.x) : 0.0f;
        pack<T, V> result;
        for (int k = 0; k < V; k++) {
            result.v[k] = narrow<T>::of(sum[k] * factor);
        }
        ((pack<T, V> *) y)[i] = result;
    }
}

template <class T, int V, int K, int S> __device__ inline void average_pool_backward(const Pool &p, const T *dy,
        T *dx, i64 n) {
    const int C = Windows<K, S>::AT_ONCE;
    EACH(i, n) {
        At at = locate(p, i);
        Windows<K, S> windows(p, at);
        float sum[V];
        for (int k = 0; k < V; k++) {
            sum[k] = 0;
        }
        for (int from = 0; from < (K > 0 ? C : windows.count); from += C) {
            pack<T, V> d[C];
            float factor[C];
#pragma unroll
            for (int u = 0; u < C; u++) {
                int row, column, place;
                i64 window = windows.window(p, at, from + u, row, column, place);
                factor[u] = 0;
                if (window >= 0) {
                    d[u] = ((const pack<T, V> *) dy)[window];
                    factor[u] = share(p, row, column);
                }
            }
#pragma unroll
            for (int u = 0; u < C; u++) {
                if (factor[u] > 0) {
                    for (int k = 0; k < V; k++) {
                        sum[k] += widen(d[u].v[k]) * factor[u];
                    }
                }
            }
        }
        pack<T, V> result;
        for (int k = 0; k < V; k++) {
            result.v[k] = narrow<T>::of(sum[k]);
        }
        ((pack<T, V> *) dx)[i] = result;
    }
}

// Three blocks a multiprocessor.
#define BLOCK __launch_bounds__(256, 3)

// n: packs of the array that is written.
#define POOLING(TYPE, T) \
    extern "C" __global__ void BLOCK max_pool_##TYPE(Pool p, const T *x, T *y, u8 *places, i64 n) { \
        WINDOWS(T, max_pool<T, V, K, S>(p, x, y, places, n)) \
    } \
    extern "C" __global__ void BLOCK max_pool_backward_##TYPE(Pool p, const T *dy, const u8 *places, T *dx, \
            i64 n) { \
        WINDOWS(T, max_pool_backward<T, V, K, S>(p, dy, places, dx, n)) \
    } \
    extern "C" __global__ void BLOCK average_pool_##TYPE(Pool p, const T *x, T *y, i64 n) { \
        WINDOWS(T, average_pool<T, V, K, S>(p, x, y, n)) \
    } \
    extern "C" __global__ void BLOCK average_pool_backward_##TYPE(Pool p, const T *dy, T *dx, i64 n) { \
        WINDOWS(T, average_pool_backward<T, V, K, S>(p, dy, dx, n)) \
    }
POOLING(f32, float)
POOLING(bf16, bf16)
POOLING(f16, f16)
