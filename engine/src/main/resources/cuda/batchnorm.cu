// Batch normalisation with an optional residual branch and ReLU, forward and backward.
//
// Naive version: statistics, normalisation, addition and ReLU as operations of their own: nine passes over memory.
// Here: one pass for the statistics, one that writes y; backward one for the sums, one that writes dx. A thread moves
// packs of 16 bytes, several under way at once, and keeps what belongs to its channels in registers. Channels-last, a
// block is a tile of up to 32 packs of channels by a part of the rows, and a thread stays with its channels while it
// strides over rows; row-major, a block is a channel by a part of its pixels. Where packs do not fit, packs have one
// element. The second pass goes through the rows backwards: what the first read last is still in the cache.
// Sums over parts are added up in an order that the shape alone gives, so that they repeat bit for bit.
// Variances are taken from sums of x − K and (x − K)², K the channel's first value: one pass, and no cancellation
// unless that value is many deviations off.
// The gradient that a ReLU let through is needed twice. The first pass writes it where it is a result anyway (the
// residual's gradient), else it writes y's signs, a bit an element, and the second pass does not read y.
// Bytes: forward 3·n·size (+ n·size with a residual), backward 5·n·size, with ReLU 6·n·size + n·size/8 (7·n·size
// with a residual, and where packs have one element). FLOPs: about 8 and 12 an element.

// How activations lie, and the jobs that they are cut into. Channels-last they are a matrix of count rows by channels;
// a job is width packs of channels by piece rows. Row-major a channel has count packs, in runs of inner packs that lie
// channels runs apart; a job is one channel by piece packs. A pack has size elements, a channel has values.
struct Channels { i64 channels, values, count, piece, inner, width, tiles, parts, last, size; };

// Numbers of packs: 32 bits where packs have 16 bytes (the host sees to that), which spares registers.
template <int V> struct number { typedef u32 type; };
template <> struct number<1> { typedef i64 type; };

// The packs that a thread visits in a job, one after the other.
template <int V, bool LAST> struct Visits {};

template <int V> struct Visits<V, true> {
    typedef typename number<V>::type Number;
    static const int CHANNELS = V;          // of a pack; they are those from channel on
    int channel, count;
    Number at, step;

    __device__ inline Visits(const Channels &c, u32 tile, u32 part, bool back) {
        int width = (int) c.width;
        int lanes = blockDim.x / width;
        int lane = threadIdx.x / width;
        i64 pack = (i64) tile * width + threadIdx.x - lane * width;
        i64 from = part * c.piece + lane;
        i64 end = (part + 1) * c.piece < c.count ? (part + 1) * c.piece : c.count;
        bool idle = lane >= lanes || pack * V >= c.channels || from >= end;
        count = idle ? 0 : (int) ((u32) (end - from + lanes - 1) / (u32) lanes);
        channel = idle ? 0 : (int) (pack * V);
        step = (Number) (lanes * (c.channels / V));
        at = (Number) (from * (c.channels / V) + pack);
        if (back) {
            at += (count - 1) * step;
            step = 0 - step;
        }
    }

    __device__ inline Number next() {
        Number here = at;
        at += step;
        return here;
    }
};

template <int V> struct Visits<V, false> {
    typedef typename number<V>::type Number;
    static const int CHANNELS = 1;
    int channel, count;
    Number at, inner, place, runs, places, skip;

    __device__ inline Visits(const Channels &c, u32 tile, u32 part, bool) {
        channel = (int) tile;
        inner = (Number) c.inner;
        i64 from = part * c.piece + threadIdx.x;
        i64 end = (part + 1) * c.piece < c.count ? (part + 1) * c.piece : c.count;
        count = from < end ? (int) ((end - from + blockDim.x - 1) / blockDim.x) : 0;
        i64 run = from / c.inner;
        place = (Number) (from - run * c.inner);
        at = (Number) ((run * c.channels + channel) * c.inner + place);
        i64 whole = blockDim.x / c.inner;
        places = (Number) (blockDim.x - whole * c.inner);
        runs = (Number) (whole * c.channels * c.inner + places);
        skip = (Number) ((c.channels - 1) * c.inner);
    }

    __device__ inline Number next() {
        Number here = at;
        at += runs;
        place += places;
        if (place >= inner) {               // on to the channel's next run
            place -= inner;
            at += skip;
        }
        return here;
    }
};

template <int V, class T> __device__ inline pack<T, V> load(const T *x, typename number<V>::type at) {
    return ((const pack<T, V> *) x)[at];
}
template <class T, int V> __device__ inline void store(T *y, typename number<V>::type at, const pack<T, V> &p) {
    ((pack<T, V> *) y)[at] = p;
}

// Adds up the threads' sums of each channel of a job, and stores them as part p of channel c at [p, c].
template <int V, bool LAST> __device__ inline void store_parts(const Channels &c, u32 tile, u32 part, const float *s,
        const float *q, float *first, float *second) {
    if (!LAST) {
        float a = block_sum(s[0]);
        float b = block_sum(q[0]);
        if (threadIdx.x == 0) {
            first[part * c.channels + tile] = a;
            second[part * c.channels + tile] = b;
        }
        return;
    }
    __shared__ float a[V * 257];            // of thread t's channel k at k·257 + t: other banks for neighbours
    __shared__ float b[V * 257];
    int t = threadIdx.x;
    int width = (int) c.width;
    int lanes = blockDim.x / width;
    __syncthreads();
    for (int k = 0; k < V; k++) {
        a[k * 257 + t] = s[k];
        b[k * 257 + t] = q[k];
    }
    __syncthreads();
    i64 channel = (i64) tile * width * V + t;
    if (t < width * V && channel < c.channels) {
        float x = 0;
        float y = 0;
        for (int lane = 0; lane < lanes; lane++) {
            int at = t % V * 257 + lane * width + t / V;
            x += a[at];
            y += b[at];
        }
        first[part * c.channels + channel] = x;
        second[part * c.channels + channel] = y;
    }
}

// Two sums over the parts of each channel, in blocks of 8 channels × 64 parts at once; then use(c, sum, sum).
template <class F> __device__ inline void add_parts(const float *first, const float *second, i64 channels, i64 parts,
        F use) {
    __shared__ float a[64][9];
    __shared__ float b[64][9];
    int x = threadIdx.x;
    int y = threadIdx.y;
    for (i64 base = blockIdx.x * 8; base < channels; base += gridDim.x * 8) {
        i64 c = base + x;
        float s = 0;
        float q = 0;
        if (c < channels) {
#pragma unroll 4
            for (i64 p = y; p < parts; p += 64) {
                s += first[p * channels + c];
                q += second[p * channels + c];
            }
        }
        __syncthreads();
        a[y][x] = s;
        b[y][x] = q;
        __syncthreads();
        for (int half = 32; half > 0; half >>= 1) {
            if (y < half) {
                a[y][x] += a[y + half][x];
                b[y][x] += b[y + half][x];
            }
            __syncthreads();
        }
        if (y == 0 && c < channels) {
            use((int) c, a[0][x], b[0][x]);
        }
    }
}

// Each block's jobs; neighbouring blocks have neighbouring tiles of the same part.
#define EACH_JOB(c, tile, part) \
    for (u32 job = blockIdx.x, tile = job % (u32) c.tiles, part = job / (u32) c.tiles; job < c.tiles * c.parts; \
            job += gridDim.x, tile = job % (u32) c.tiles, part = job / (u32) c.tiles)

// K of a channel is its first value.
template <class T> __device__ inline float anchor(const Channels &c, const T *x, i64 channel) {
    return widen(x[c.last ? channel : channel * c.inner * c.size]);
}

template <class T, int V, bool LAST> __device__ inline void sums(const Channels &c, const T *x, float *first,
        float *second) {
    typedef Visits<V, LAST> Job;
    const int N = Job::CHANNELS;
    const int U = 4;
    EACH_JOB(c, tile, part) {
        Job visits(c, tile, part, false);
        float k[N], s[N], q[N];
        for (int j = 0; j < N; j++) {
            k[j] = anchor(c, x, visits.channel + j);
            s[j] = 0;
            q[j] = 0;
        }
        for (int v = 0; v < visits.count; v += U) {
            pack<T, V> p[U];
#pragma unroll
            for (int u = 0; u < U; u++) {
                typename Job::Number at = visits.next();
                if (v + u < visits.count) {
                    p[u] = load<V>(x, at);
                }
            }
#pragma unroll
            for (int u = 0; u < U; u++) {
                if (v + u < visits.count) {
                    for (int j = 0; j < V; j++) {
                        float d = widen(p[u].v[j]) - k[j % N];
                        s[j % N] += d;
                        q[j % N] += d * d;
                    }
                }
            }
        }
        store_parts<V, LAST>(c, tile, part, s, q, first, second);
    }
}

template <class T, int V, bool LAST, bool RESIDUAL> __device__ inline void apply(const Channels &c, const T *x,
        const float *gamma, const float *beta, const float *mean, const float *variance, const T *residual, T *y,
        float eps, int relu) {
    typedef Visits<V, LAST> Job;
    const int N = Job::CHANNELS;
    const int U = RESIDUAL ? 2 : 4;
    EACH_JOB(c, tile, part) {
        Job visits(c, tile, part, true);
        float scale[N], shift[N];
        for (int j = 0; j < N; j++) {
            int k = visits.channel + j;
            scale[j] = gamma[k] * (1 / sqrtf(variance[k] + eps));
            shift[j] = beta[k] - mean[k] * scale[j];
        }
        for (int v = 0; v < visits.count; v += U) {
            pack<T, V> p[U];
            pack<T, V> r[U];
            typename Job::Number at[U];
#pragma unroll
            for (int u = 0; u < U; u++) {
                at[u] = visits.next();
                if (v + u < visits.count) {
                    p[u] = load<V>(x, at[u]);
                    if (RESIDUAL) {
                        r[u] = load<V>(residual, at[u]);
                    }
                }
            }
#pragma unroll
            for (int u = 0; u < U; u++) {
                if (v + u < visits.count) {
                    for (int j = 0; j < V; j++) {
                        float value = fmaf(widen(p[u].v[j]), scale[j % N], shift[j % N]);
                        if (RESIDUAL) {
                            value += widen(r[u].v[j]);
                        }
                        p[u].v[j] = narrow<T>::of(relu && value < 0 ? 0.0f : value);
                    }
                    store<T, V>(y, at[u], p[u]);
                }
            }
        }
    }
}

// Sums of g·(x − mean) and of g, g being dy where the ReLU was open (y > 0; null without ReLU). g goes to masked, or
// which elements it let through to open, a byte for each pack, where those are not null.
template <class T, int V, bool LAST, bool RELU> __device__ inline void backward_sums(const Channels &c, const T *dy,
        const T *x, const T *y, const float *mean, float *first, float *second, T *masked, u8 *open) {
    typedef Visits<V, LAST> Job;
    const int N = Job::CHANNELS;
    const int U = 2;
    EACH_JOB(c, tile, part) {
        Job visits(c, tile, part, false);
        float m[N], s[N], q[N];
        for (int j = 0; j < N; j++) {
            m[j] = mean[visits.channel + j];
            s[j] = 0;
            q[j] = 0;
        }
        for (int v = 0; v < visits.count; v += U) {
            pack<T, V> d[U];
            pack<T, V> p[U];
            pack<T, V> o[U];
            typename Job::Number at[U];
#pragma unroll
            for (int u = 0; u < U; u++) {
                at[u] = visits.next();
                if (v + u < visits.count) {
                    d[u] = load<V>(dy, at[u]);
                    p[u] = load<V>(x, at[u]);
                    if (RELU) {
                        o[u] = load<V>(y, at[u]);
                    }
                }
            }
#pragma unroll
            for (int u = 0; u < U; u++) {
                if (v + u < visits.count) {
                    u32 bits = 0;
                    for (int j = 0; j < V; j++) {
                        bool through = !RELU || widen(o[u].v[j]) > 0;
                        bits |= through ? 1u << j : 0u;
                        d[u].v[j] = through ? d[u].v[j] : T();
                        float g = widen(d[u].v[j]);
                        s[j % N] += g * (widen(p[u].v[j]) - m[j % N]);
                        q[j % N] += g;
                    }
                    if (RELU && masked != nullptr) {
                        store<T, V>(masked, at[u], d[u]);
                    } else if (RELU && open != nullptr) {
                        open[at[u]] = (u8) bits;
                    }
                }
            }
        }
        store_parts<V, LAST>(c, tile, part, s, q, first, second);
    }
}

// dx = gamma·r·(g − dbeta/n − (x − mean)·r·dgamma/n), r = 1/√(variance + eps), as scale·g + slope·x + shift. What
// the ReLU let through is in open where that is not null, else y > 0 says it, and without both it is dy.
template <class T, int V, bool LAST, bool BITS, bool RELU> __device__ inline void backward(const Channels &c,
        const T *dy, const T *x, const T *y, const u8 *open, const float *gamma, const float *mean,
        const float *variance, const float *dgamma, const float *dbeta, T *dx, float eps) {
    typedef Visits<V, LAST> Job;
    const int N = Job::CHANNELS;
    const int U = 2;
    EACH_JOB(c, tile, part) {
        Job visits(c, tile, part, true);
        float scale[N], slope[N], shift[N];
        for (int j = 0; j < N; j++) {
            int k = visits.channel + j;
            float r = 1 / sqrtf(variance[k] + eps);
            scale[j] = gamma[k] * r;
            slope[j] = -scale[j] * r * (dgamma[k] / c.values);
            shift[j] = -scale[j] * (dbeta[k] / c.values) - slope[j] * mean[k];
        }
        for (int v = 0; v < visits.count; v += U) {
            pack<T, V> d[U];
            pack<T, V> p[U];
            pack<T, V> o[U];
            u32 bits[U];
            typename Job::Number at[U];
#pragma unroll
            for (int u = 0; u < U; u++) {
                at[u] = visits.next();
                if (v + u < visits.count) {
                    d[u] = load<V>(dy, at[u]);
                    p[u] = load<V>(x, at[u]);
                    if (BITS) {
                        bits[u] = open[at[u]];
                    } else if (RELU) {
                        o[u] = load<V>(y, at[u]);
                    }
                }
            }
#pragma unroll
            for (int u = 0; u < U; u++) {
                if (v + u < visits.count) {
                    for (int j = 0; j < V; j++) {
                        bool through = BITS ? (bits[u] >> j & 1) != 0 : !RELU || widen(o[u].v[j]) > 0;
                        float g = through ? widen(d[u].v[j]) : 0.0f;
                        float rest = fmaf(slope[j % N], widen(p[u].v[j]), shift[j % N]);
                        p[u].v[j] = narrow<T>::of(fmaf(scale[j % N], g, rest));
                    }
                    store<T, V>(dx, at[u], p[u]);
                }
            }
        }
    }
}

// Runs what follows with the V and LAST of c.
#define ARRANGED(T, ...) \
    if (c.last) { \
        const bool LAST = true; \
        if (c.size > 1) { const int V = 16 / sizeof(T); __VA_ARGS__; } else { const int V = 1; __VA_ARGS__; } \
    } else { \
        const bool LAST = false; \
        if (c.size > 1) { const int V = 16 / sizeof(T); __VA_ARGS__; } else { const int V = 1; __VA_ARGS__; } \
    }

// Three blocks a multiprocessor: what their threads have under way is enough for the memory's full speed.
#define BLOCK __launch_bounds__(256, 3)

#define BATCH_NORM(TYPE, T) \
    extern "C" __global__ void BLOCK batch_norm_sums_##TYPE(Channels c, const T *x, float *first, \
            float *second) { \
        ARRANGED(T, sums<T, V, LAST>(c, x, first, second)) \
    } \
    extern "C" __global__ void batch_norm_statistics_##TYPE(Channels c, const T *x, const float *first, \
            const float *second, float *mean, float *variance) { \
        add_parts(first, second, c.channels, c.parts, [c, x, mean, variance](int k, float s, float q) { \
            float m = s / c.values; \
            float v = q / c.values - m * m; \
            mean[k] = anchor(c, x, k) + m; \
            variance[k] = v > 0 ? v : v != v ? v : 0; \
        }); \
    } \
    extern "C" __global__ void BLOCK batch_norm_apply_##TYPE(Channels c, const T *x, const float *gamma, \
            const float *beta, const float *mean, const float *variance, const T *residual, T *y, float eps, \
            int relu) { \
        ARRANGED(T, \
            if (residual != nullptr) { \
                apply<T, V, LAST, true>(c, x, gamma, beta, mean, variance, residual, y, eps, relu); \
            } else { \
                apply<T, V, LAST, false>(c, x, gamma, beta, mean, variance, residual, y, eps, relu); \
            }) \
    } \
    extern "C" __global__ void BLOCK batch_norm_backward_sums_##TYPE(Channels c, const T *dy, const T *x, \
            const T *y, const float *mean, float *first, float *second, T *masked, u8 *open) { \
        ARRANGED(T, \
            if (y != nullptr) { \
                backward_sums<T, V, LAST, true>(c, dy, x, y, mean, first, second, masked, open); \
            } else { \
                backward_sums<T, V, LAST, false>(c, dy, x, y, mean, first, second, masked, open); \
            }) \
    } \
    extern "C" __global__ void BLOCK batch_norm_backward_##TYPE(Channels c, const T *dy, const T *x, const T *y, \
            const u8 *open, const float *gamma, const float *mean, const float *variance, const float *dgamma, \
            const float *dbeta, T *dx, float eps) { \
        ARRANGED(T, \
            if (open != nullptr) { \
                backward<T, V, LAST, true, true>(c, dy, x, y, open, gamma, mean, variance, dgamma, dbeta, dx, eps); \
            } else if (y != nullptr) { \
                backward<T, V, LAST, false, true>(c, dy, x, y, open, gamma, mean, variance, dgamma, dbeta, dx, eps); \
            } else { \
                backward<T, V, LAST, false, false>(c, dy, x, y, open, gamma, mean, variance, dgamma, dbeta, dx, eps); \
            }) \
    }
BATCH_NORM(f32, float)
BATCH_NORM(bf16, bf16)
BATCH_NORM(f16, f16)

extern "C" __global__ void batch_norm_gradients_f32(Channels c, const float *first, const float *second,
        const float *variance, float *dgamma, float *dbeta, float eps) {
    add_parts(first, second, c.channels, c.parts, [variance, dgamma, dbeta, eps](int k, float s, float q) {
        dgamma[k] = s * (1 / sqrtf(variance[k] + eps));
        dbeta[k] = q;
    });
}

// Both running statistics in one launch, in double as on the host: C values are nothing.
extern "C" __global__ void running_statistics_f32(float *mean, float *variance, const float *batch_mean,
        const float *batch_variance, int channels, double momentum, double variance_share) {
    EACH(c, channels) {
        mean[c] = (float) ((1 - momentum) * mean[c] + momentum * batch_mean[c]);
        variance[c] = (float) ((1 - momentum) * variance[c] + variance_share * batch_variance[c]);
    }
}
