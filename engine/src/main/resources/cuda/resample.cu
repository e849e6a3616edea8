// Linear maps of images: means over windows and resizing, which treat rows and columns separately by tables of
// weights, and views through affine maps, with their transposes.
//
// Naive version of the transposes: every result adds to its sources atomically. Here: every source gathers what came
// from it, by the transposed table, or by running over the pixels of the view that can reach it.
// Bytes: the images read, the results written; neighbouring results share their sources in the cache. FLOPs: two for
// each pair of row and column weights, 12 an output pixel for a plain bilinear view.

struct Image { int n, channels, height, width, channels_last; };

__device__ inline i64 pixel(const Image &m, i64 n, int c, int y, int x) {
    return m.channels_last ? ((n * m.height + y) * m.width + x) * m.channels + c
            : ((n * m.channels + c) * m.height + y) * m.width + x;
}

__device__ inline void locate(const Image &m, i64 i, i64 &n, int &c, int &y, int &x) {
    if (m.channels_last) {
        c = (int) (i % m.channels);
        i /= m.channels;
        x = (int) (i % m.width);
        i /= m.width;
        y = (int) (i % m.height);
        n = i / m.height;
    } else {
        x = (int) (i % m.width);
        i /= m.width;
        y = (int) (i % m.height);
        i /= m.height;
        c = (int) (i % m.channels);
        n = i / m.channels;
    }
}

// Output k of an axis is Σ weights[begin[k] + j]·x[first[k] + j], j < begin[k + 1] − begin[k].
#define AXES(TYPE, T) \
    extern "C" __global__ void axes_##TYPE(Image from, Image to, const T *x, T *y, i64 n, const int *row_first, \
            const int *row_begin, const float *row_weights, const int *column_first, const int *column_begin, \
            const float *column_weights) { \
        EACH(i, n) { \
            i64 image; \
            int c, v, u; \
            locate(to, i, image, c, v, u); \
            int rows = row_begin[v + 1] - row_begin[v]; \
            int columns = column_begin[u + 1] - column_begin[u]; \
            float sum = 0; \
            for (int r = 0; r < rows; r++) { \
                float line = 0; \
                for (int k = 0; k < columns; k++) { \
                    line += column_weights[column_begin[u] + k] \
                            * widen(x[pixel(from, image, c, row_first[v] + r, column_first[u] + k)]); \
                } \
                sum += row_weights[row_begin[v] + r] * line; \
            } \
            y[i] = narrow<T>::of(sum); \
        } \
    }
AXES(f32, float)
AXES(bf16, bf16)
AXES(f16, f16)

__device__ inline float triangle(float t) {
    float w = 1 - fabsf(t);
    return w > 0 ? w : 0;
}

// The pixels from … to of an axis that a view's pixel reads around centre, and what their weights sum to.
struct Taps { int from, to; float spread, sum; double centre; };

__device__ inline Taps taps(double centre, float reduction, int size, int nearest, int renormalize) {
    Taps t;
    t.centre = centre;
    t.spread = reduction > 1 ? reduction : 1.0f;
    if (nearest) {
        double at = rint(centre);
        bool inside = at >= 0 && at < size;
        t.from = inside ? (int) at : 0;
        t.to = inside ? (int) at : -1;
        t.sum = 1;
        return t;
    }
    double low = ceil(centre - t.spread);
    double high = floor(centre + t.spread);
    t.from = low > 0 ? (low < size ? (int) low : size) : 0;
    t.to = high < size - 1 ? (high >= 0 ? (int) high : -1) : size - 1;
    t.sum = 0;
    if (t.from <= t.to) {
        if (renormalize) {
            for (int i = t.from; i <= t.to; i++) {
                t.sum += triangle((float) (i - centre) / t.spread);
            }
        } else {
            for (double i = low; i <= high; i++) {
                t.sum += triangle((float) (i - centre) / t.spread);
            }
        }
    }
    return t;
}

__device__ inline float weight(const Taps &t, int i, int nearest) {
    return nearest ? (i >= t.from && i <= t.to ? 1.0f : 0.0f)
            : t.sum > 0 ? triangle((float) (i - t.centre) / t.spread) / t.sum : 0.0f;
}

__device__ inline float length(float a, float b) { return sqrtf(a * a + b * b); }

template <class T> __device__ inline void crop(const Image &from, const Image &to, const T *x, const float *matrices,
        const int *numbers, float *y, i64 n, int nearest, int renormalize, int kind, Fault *fault) {
    EACH(i, n) {
        i64 view;
        int c, v, u;
        locate(to, i, view, c, v, u);
        int image = numbers[view];
        if (image < 0 || image >= from.n) {
            report(fault, kind, view, image, from.n);
            image = 0;
        }
        const float *m = matrices + 6 * view;
        Taps columns = taps((double) m[0] * u + (double) m[1] * v + m[2], length(m[0], m[1]), from.width, nearest,
                renormalize);
        Taps rows = taps((double) m[3] * u + (double) m[4] * v + m[5], length(m[3], m[4]), from.height, nearest,
                renormalize);
        float sum = 0;
        for (int r = rows.from; r <= rows.to; r++) {
            float line = 0;
            for (int k = columns.from; k <= columns.to; k++) {
                line += weight(columns, k, nearest) * (float) x[pixel(from, image, c, r, k)];
            }
            sum += weight(rows, r, nearest) * line;
        }
        y[i] = sum;
    }
}

#define CROP(TYPE, T) \
    extern "C" __global__ void crop_##TYPE(Image from, Image to, const T *x, const float *matrices, \
            const int *numbers, float *y, i64 n, int nearest, int renormalize, int kind, Fault *fault) { \
        crop(from, to, x, matrices, numbers, y, n, nearest, renormalize, kind, fault); \
    }
CROP(f32, float)
CROP(u16, u16)

// A pixel of an image gathers from the pixels (u, v) of its views whose centres lie within their spread of it. With
// M's inverse those lie in a parallelogram around M⁻¹·(x, y); its bounding box is searched, a singular map's view whole.
extern "C" __global__ void crop_backward_f32(Image images, Image views, const float *dy, const float *matrices,
        const int *numbers, float *dx, i64 n, int nearest, int renormalize, int kind, Fault *fault) {
    EACH(i, n) {
        i64 image;
        int c, py, px;
        locate(images, i, image, c, py, px);
        float sum = 0;
        for (int view = 0; view < views.n; view++) {
            if (numbers[view] < 0 || numbers[view] >= images.n) {
                report(fault, kind, view, numbers[view], images.n);
            }
            if (numbers[view] != image) {
                continue;
            }
            const float *m = matrices + 6 * view;
            float reach_x = larger(length(m[0], m[1]), 1.0f) + 1;
            float reach_y = larger(length(m[3], m[4]), 1.0f) + 1;
            double det = (double) m[0] * m[4] - (double) m[1] * m[3];
            int u0 = 0, u1 = views.width - 1, v0 = 0, v1 = views.height - 1;
            if (fabs(det) > 1e-12) {
                double cx = (m[4] * ((double) px - m[2]) - m[1] * ((double) py - m[5])) / det;
                double cy = (m[0] * ((double) py - m[5]) - m[3] * ((double) px - m[2])) / det;
                double ru = (fabs((double) m[4]) * reach_x + fabs((double) m[1]) * reach_y) / fabs(det) + 1;
                double rv = (fabs((double) m[3]) * reach_x + fabs((double) m[0]) * reach_y) / fabs(det) + 1;
                u0 = cx - ru > 0 ? (cx - ru < views.width ? (int) (cx - ru) : views.width) : 0;
                u1 = cx + ru < u1 ? (cx + ru >= 0 ? (int) (cx + ru) : -1) : u1;
                v0 = cy - rv > 0 ? (cy - rv < views.height ? (int) (cy - rv) : views.height) : 0;
                v1 = cy + rv < v1 ? (cy + rv >= 0 ? (int) (cy + rv) : -1) : v1;
            }
            for (int v = v0; v <= v1; v++) {
                for (int u = u0; u <= u1; u++) {
                    double xs = (double) m[0] * u + (double) m[1] * v + m[2];
                    double ys = (double) m[3] * u + (double) m[4] * v + m[5];
                    if (fabs(xs - px) > reach_x || fabs(ys - py) > reach_y) {
                        continue;
                    }
                    Taps columns = taps(xs, length(m[0], m[1]), images.width, nearest, renormalize);
                    Taps rows = taps(ys, length(m[3], m[4]), images.height, nearest, renormalize);
                    if (px >= columns.from && px <= columns.to && py >= rows.from && py <= rows.to) {
                        sum += weight(columns, px, nearest) * weight(rows, py, nearest)
                                * dy[pixel(views, view, c, v, u)];
                    }
                }
            }
        }
        dx[i] = sum;
    }
}
