// Element by element: y = f(x), y = f(a, b) with broadcasting, comparisons, choices, conversions, a bias per channel.
//
// Naive version: a thread for each element of a dense copy of every broadcast operand; the copies double the traffic.
// Here: operands are read where they lie, a broadcast one from the cache, in packs of 16 bytes where the innermost loop
// is made of them; the grid is a few blocks for each multiprocessor, each thread visiting many elements.
// Bytes: every operand once, the result once: (operands + 1)·n·size. FLOPs: about 1 to 20 per element, so that memory
// bounds all of them. bf16 and fp16 are computed in float32.

template <class T, class F> __device__ inline void map(const T *x, T *y, i64 n, F f) {
    const int V = 16 / sizeof(T);
    EACH(i, n / V) {
        pack<T> p = ((const pack<T> *) x)[i];
        for (int k = 0; k < V; k++) {
            p.v[k] = narrow<T>::of(f(widen(p.v[k])));
        }
        ((pack<T> *) y)[i] = p;
    }
    EACH(i, n % V) {
        i64 at = n - 1 - i;
        y[at] = narrow<T>::of(f(widen(x[at])));
    }
}

#define UNARY(NAME, EXPRESSION) \
    __device__ inline float f_##NAME(float v) { return EXPRESSION; } \
    extern "C" __global__ void unary_##NAME##_f32(const float *x, float *y, i64 n) { \
        map(x, y, n, [](float v) { return f_##NAME(v); }); \
    } \
    extern "C" __global__ void unary_##NAME##_bf16(const bf16 *x, bf16 *y, i64 n) { \
        map(x, y, n, [](float v) { return f_##NAME(v); }); \
    } \
    extern "C" __global__ void unary_##NAME##_f16(const f16 *x, f16 *y, i64 n) { \
        map(x, y, n, [](float v) { return f_##NAME(v); }); \
    }

UNARY(exp, expf(v))
UNARY(log, logf(v))
UNARY(sqrt, sqrtf(v))
UNARY(rsqrt, 1.0f / sqrtf(v))
UNARY(abs, fabsf(v))
UNARY(sign, v > 0 ? 1.0f : v < 0 ? -1.0f : v)
UNARY(tanh, tanhf(v))
UNARY(sigmoid, 1.0f / (1.0f + expf(-v)))
UNARY(relu, v > 0 ? v : v != v ? v : 0.0f)
UNARY(gelu, 0.5f * v * erfcf(-v * 0.70710678118654752f))
UNARY(gelu_tanh, 0.5f * v * (1.0f + tanhf(0.79788456080286536f * (v + 0.044715f * v * v * v))))
UNARY(erf, erff(v))
UNARY(softplus, (v > 0 ? v : v != v ? v : 0.0f) + log1pf(expf(-fabsf(v))))
UNARY(reciprocal, 1.0f / v)
UNARY(sin, sinf(v))
UNARY(cos, cosf(v))
UNARY(floor, floorf(v))
UNARY(ceil, ceilf(v))
UNARY(round, rintf(v))
UNARY(tan, tanf(v))
UNARY(asin, asinf(v))
UNARY(acos, acosf(v))
UNARY(atan, atanf(v))
UNARY(sinh, sinhf(v))
UNARY(cosh, coshf(v))
UNARY(asinh, asinhf(v))
UNARY(acosh, acoshf(v))
UNARY(atanh, atanhf(v))

// y[i] ← f(y[i] + bias of channel i / inner % channels), V neighbours at once: of one channel, or where inner is 1 of as
// many.
template <class T, int V, class F> __device__ inline void biased(T *y, const T *bias, i64 n, i64 inner, int channels,
        F f) {
    bool small = n <= 0x7fffffff;          // 32-bit divisions are several times cheaper
    EACH(i, n / V) {
        i64 channel = small ? (u32) (i * V) / (u32) inner % (u32) channels : i * V / inner % channels;
        pack<T, V> p = ((const pack<T, V> *) y)[i];
        pack<T, V> b;
        if (inner == 1) {
            b = *(const pack<T, V> *) (bias + channel);
        } else {
            for (int k = 0; k < V; k++) {
                b.v[k] = bias[channel];
            }
        }
        for (int k = 0; k < V; k++) {
            p.v[k] = narrow<T>::of(f(widen(p.v[k]) + widen(b.v[k])));
        }
        ((pack<T, V> *) y)[i] = p;
    }
}

// A convolution's or a linear layer's bias, and what follows it.
#define BIASED(NAME, TYPE, T, EXPRESSION) \
    extern "C" __global__ void add_bias##NAME##_##TYPE(T *y, const T *bias, i64 n, i64 inner, int channels) { \
        const int V = 16 / sizeof(T); \
        auto f = [](float v) { return EXPRESSION; }; \
        if ((inner == 1 ? channels : inner) % V == 0 && ((u64) y | (u64) bias) % 16 == 0) { \
            biased<T, V>(y, bias, n, inner, channels, f); \
        } else { \
            biased<T, 1>(y, bias, n, inner, channels, f); \
        } \
    }

#define BOTH(TYPE, T) \
    extern "C" __global__ void affine_##TYPE(const T *x, T *y, i64 n, float scale, float shift) { \
        map(x, y, n, [scale, shift](float v) { return fmaf(scale, v, shift); }); \
    } \
    extern "C" __global__ void clamp_##TYPE(const T *x, T *y, i64 n, float low, float high) { \
        map(x, y, n, [low, high](float v) { return smaller(larger(v, low), high); }); \
    } \
    BIASED(, TYPE, T, v) \
    BIASED(_relu, TYPE, T, f_relu(v)) \
    BIASED(_gelu, TYPE, T, f_gelu(v))
BOTH(f32, float)
BOTH(bf16, bf16)
BOTH(f16, f16)

// Whether an operand with these strides lies so that V elements of the innermost loop are a pack, or one repeated.
template <int V> __device__ inline bool packable(const Walk &w, const i64 *strides) {
    i64 inner = strides[w.rank - 1];
    bool fits = inner == 0 || inner == 1;
    for (int d = 0; d < w.rank - 1; d++) {
        fits = fits && (inner == 0 || strides[d] % V == 0);
    }
    return fits;
}

// Packs of the walk's n elements: none where its innermost loop is not made of them.
template <int V> __device__ inline i64 packs(const Walk &w, i64 n, bool operands) {
    bool whole = w.rank > 0 && (w.rank == 1 || w.dims[w.rank - 1] % V == 0);
    return whole && operands ? n / V : 0;
}

template <int V, class T> __device__ inline pack<T, V> load(const T *x, i64 stride) {
    if (stride == 1) {
        return *(const pack<T, V> *) x;
    }
    pack<T, V> p;
    T v = *x;
    for (int k = 0; k < V; k++) {
        p.v[k] = v;
    }
    return p;
}

// y[i] = f(a[…], b[…]): packs along the innermost loop where that has them, else elements along the walk.
template <class T, class Y, class F>
__device__ inline void combine(const Walk &w, i64 n, const T *a, const T *b, Y *y, F f) {
    const int V = 16 / sizeof(T);
    int last = w.rank > 0 ? w.rank - 1 : 0;
    bool dense = w.rank == 1 && w.a[0] == 1 && w.b[0] == 1;
    i64 count = packs<V>(w, n, w.rank > 0 && packable<V>(w, w.a) && packable<V>(w, w.b));
    EACH(i, count) {
        Place at = {i * V, i * V, 0};
        if (!dense) {
            at = place(w, i * V);
        }
        pack<T, V> p = load<V>(a + at.a, w.a[last]);
        pack<T, V> q = load<V>(b + at.b, w.b[last]);
        pack<Y, V> r;
        for (int k = 0; k < V; k++) {
            r.v[k] = f(widen(p.v[k]), widen(q.v[k]), i * V + k);
        }
        ((pack<Y, V> *) y)[i] = r;
    }
    EACH(i, n - count * V) {
        i64 at = count * V + i;
        Place p = place(w, at);
        y[at] = f(widen(a[p.a]), widen(b[p.b]), at);
    }
}

#define BINARY(NAME, TYPE, T, EXPRESSION) \
    extern "C" __global__ void binary_##NAME##_##TYPE(Walk w, i64 n, const T *a, const T *b, T *y, Fault *fault) { \
        typedef wide<T>::type W; \
        combine(w, n, a, b, y, [fault](W p, W q, i64 at) { return narrow<T>::of(EXPRESSION); }); \
    }
#define FLOATING(TYPE, T) \
    BINARY(add, TYPE, T, p + q) \
    BINARY(sub, TYPE, T, p - q) \
    BINARY(mul, TYPE, T, p * q) \
    BINARY(div, TYPE, T, p / q) \
    BINARY(pow, TYPE, T, powf(p, q)) \
    BINARY(maximum, TYPE, T, larger(p, q)) \
    BINARY(minimum, TYPE, T, smaller(p, q))
FLOATING(f32, float)
FLOATING(bf16, bf16)
FLOATING(f16, f16)

// Integers wrap around; quotients are truncated towards zero.
#define DIVISION_BY_ZERO 1
__device__ inline i64 quotient(i64 p, i64 q, i64 at, Fault *fault) {
    if (q == 0) {
        report(fault, DIVISION_BY_ZERO, at, p, 0);
        return 0;
    }
    return q == -1 ? (i64) (0 - (u64) p) : p / q;
}
__device__ inline i64 power(i64 base, i64 exponent, i64 at, Fault *fault) {
    if (exponent < 0) {
        return quotient(1, base, at, fault) * ((exponent & 1) == 0 ? base : 1);
    }
    u64 result = 1;
    u64 square = (u64) base;
    for (i64 rest = exponent; rest > 0; rest >>= 1) {
        result *= (rest & 1) == 1 ? square : 1;
        square *= square;
    }
    return (i64) result;
}
#define INTEGRAL(TYPE, T) \
    BINARY(add, TYPE, T, (i64) ((u64) p + (u64) q)) \
    BINARY(sub, TYPE, T, (i64) ((u64) p - (u64) q)) \
    BINARY(mul, TYPE, T, (i64) ((u64) p * (u64) q)) \
    BINARY(div, TYPE, T, quotient(p, q, at, fault)) \
    BINARY(pow, TYPE, T, power(p, q, at, fault)) \
    BINARY(maximum, TYPE, T, larger(p, q)) \
    BINARY(minimum, TYPE, T, smaller(p, q))
INTEGRAL(i64, i64)
INTEGRAL(i32, int)
INTEGRAL(u16, u16)
INTEGRAL(u8, u8)
INTEGRAL(bool, bool8)

#define COMPARE(NAME, TYPE, T, RELATION) \
    extern "C" __global__ void compare_##NAME##_##TYPE(Walk w, i64 n, const T *a, const T *b, bool8 *y) { \
        typedef wide<T>::type W; \
        combine(w, n, a, b, y, [](W p, W q, i64) { bool8 r; r.bits = p RELATION q; return r; }); \
    }
#define COMPARISONS(TYPE, T) \
    COMPARE(equal, TYPE, T, ==) \
    COMPARE(not_equal, TYPE, T, !=) \
    COMPARE(less, TYPE, T, <) \
    COMPARE(less_equal, TYPE, T, <=) \
    COMPARE(greater, TYPE, T, >) \
    COMPARE(greater_equal, TYPE, T, >=)
COMPARISONS(f32, float)
COMPARISONS(bf16, bf16)
COMPARISONS(f16, f16)
COMPARISONS(i64, i64)
COMPARISONS(i32, int)
COMPARISONS(u16, u16)
COMPARISONS(u8, u8)
COMPARISONS(bool, bool8)

// Elements of 1, 2, 4 or 8 bytes are chosen as they are.
template <class T> __device__ inline void choose(const Walk &w, i64 n, const u8 *condition, const T *a, const T *b,
        T *y) {
    const int V = 16 / sizeof(T);
    int last = w.rank > 0 ? w.rank - 1 : 0;
    bool dense = w.rank == 1 && w.a[0] == 1 && w.b[0] == 1 && w.c[0] == 1;
    i64 count = packs<V>(w, n, w.rank > 0 && packable<V>(w, w.a) && packable<V>(w, w.b) && packable<V>(w, w.c));
    EACH(i, count) {
        Place at = {i * V, i * V, i * V};
        if (!dense) {
            at = place(w, i * V);
        }
        pack<u8, V> c = load<V>(condition + at.a, w.a[last]);
        pack<T, V> p = load<V>(a + at.b, w.b[last]);
        pack<T, V> q = load<V>(b + at.c, w.c[last]);
        for (int k = 0; k < V; k++) {
            p.v[k] = c.v[k] != 0 ? p.v[k] : q.v[k];
        }
        ((pack<T, V> *) y)[i] = p;
    }
    EACH(i, n - count * V) {
        i64 at = count * V + i;
        Place p = place(w, at);
        y[at] = condition[p.a] != 0 ? a[p.b] : b[p.c];
    }
}

#define WHERE(SIZE, T) \
    extern "C" __global__ void where_b##SIZE(Walk w, i64 n, const u8 *condition, const T *a, const T *b, T *y) { \
        choose(w, n, condition, a, b, y); \
    }
WHERE(1, u8)
WHERE(2, u16)
WHERE(4, u32)
WHERE(8, u64)

// Packs of as many elements as 16 bytes of the larger type have.
template <class F, class T> __device__ inline void convert(const F *x, T *y, i64 n) {
    const int V = 16 / (sizeof(F) > sizeof(T) ? sizeof(F) : sizeof(T));
    EACH(i, n / V) {
        pack<F, V> p = ((const pack<F, V> *) x)[i];
        pack<T, V> q;
        for (int k = 0; k < V; k++) {
            q.v[k] = narrow<T>::of(widen(p.v[k]));
        }
        ((pack<T, V> *) y)[i] = q;
    }
    EACH(i, n % V) {
        i64 at = n - 1 - i;
        y[at] = narrow<T>::of(widen(x[at]));
    }
}

#define CAST(FROM, F, TO, T) \
    extern "C" __global__ void cast_##FROM##_##TO(const F *x, T *y, i64 n) { \
        convert(x, y, n); \
    }
#define CASTS(FROM, F) \
    CAST(FROM, F, f32, float) \
    CAST(FROM, F, bf16, bf16) \
    CAST(FROM, F, f16, f16) \
    CAST(FROM, F, i64, i64) \
    CAST(FROM, F, i32, int) \
    CAST(FROM, F, u16, u16) \
    CAST(FROM, F, u8, u8) \
    CAST(FROM, F, bool, bool8)
CASTS(f32, float)
CASTS(bf16, bf16)
CASTS(f16, f16)
CASTS(i64, i64)
CASTS(i32, int)
CASTS(u16, u16)
CASTS(u8, u8)
CASTS(bool, bool8)
