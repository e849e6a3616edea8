// Views of a batch's segments, drawn at random: the package dev.osteon.engine.views once more, to the same bit. What is
// behind a number here is said there.
//
// Naive version: a thread for each view, which looks at every pixel under the filter of every pixel of each try; as
// views of 224² have 50 000 pixels and a filter that reduces four times covers 64, that is 3 million reads a try, one
// after the other. Here: a summed-area table of each segment of the batch, in scratch memory, in a pass over its rows
// (a warp each, by ballots) and one over its columns (a thread each, neighbours beside each other), so that a pixel of a
// view costs four reads; then a block for each segment, whose threads share the pixels of a try and stop when enough of
// them were found. A segment's views come from one stream of random numbers, in which each begins where the one before
// has ended, so they are drawn one after the other; one thread draws, all count.
//
// Bytes: the segments' pixels read once, the table written, read and written again, and 16 bytes read, most from the
// cache, for each pixel that is counted. FLOPs: 12 in float64 for each of those.

// ---------------------------------------------------------------- arithmetic as Java has it

// A float64 of which every result is rounded by itself: compilers else make a·b + c one instruction, rounded once.
struct Real {
    double v;
    __device__ Real() {}
    __device__ Real(double of) : v(of) {}
};

__device__ inline Real operator+(Real a, Real b) { return __dadd_rn(a.v, b.v); }
__device__ inline Real operator-(Real a, Real b) { return __dsub_rn(a.v, b.v); }
__device__ inline Real operator-(Real a) { return -a.v; }
__device__ inline Real operator*(Real a, Real b) { return __dmul_rn(a.v, b.v); }
__device__ inline Real operator/(Real a, Real b) { return __ddiv_rn(a.v, b.v); }
__device__ inline Real root(Real a) { return __dsqrt_rn(a.v); }
__device__ inline Real least(Real a, Real b) { return a.v < b.v ? a : b; }
__device__ inline Real most(Real a, Real b) { return a.v > b.v ? a : b; }

// exp, sine and cosine of fdlibm 5.3, which Java's StrictMath is, for the arguments that there are here: exponents of
// less than ln(2)/2 and angles of up to π/4, either sign. Its notice: Copyright (C) 1993 by Sun Microsystems, Inc. All
// rights reserved. Developed at SunSoft, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and
// distribute this software is freely granted, provided that this notice is preserved.
__device__ inline Real exponential(Real x) {
    if ((__double2hiint(x.v) & 0x7fffffff) < 0x3e300000) {           // |x| < 2⁻²⁸
        return 1 + x;
    }
    Real t = x * x;
    Real c = x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05
            + t * (-1.65339022054652515390e-06 + t * Real(4.13813679705723846039e-08)))));
    return 1 - ((x * c) / (c - 2) - x);
}

__device__ inline Real sine(Real x) {
    if ((__double2hiint(x.v) & 0x7fffffff) < 0x3e400000) {           // |x| < 2⁻²⁷
        return x;
    }
    Real z = x * x;
    Real v = z * x;
    Real r = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06
            + z * (-2.50507602534068634195e-08 + z * Real(1.58969099521155010221e-10))));
    return x + v * (-1.66666666666666324348e-01 + z * r);
}

__device__ inline Real cosine(Real x) {
    int high = __double2hiint(x.v) & 0x7fffffff;
    if (high < 0x3e400000) {
        return 1;
    }
    Real z = x * x;
    Real r = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05
            + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09
            + z * Real(-1.13596475577881948265e-11))))));
    if (high < 0x3fd33333) {                                         // |x| < 0.3
        return 1 - (0.5 * z - z * r);
    }
    Real q = high > 0x3fe90000 ? 0.28125 : __hiloint2double(high - 0x00200000, 0);    // about |x|/4
    Real h = 0.5 * z - q;
    return (1 - q) - (h - z * r);
}

// ---------------------------------------------------------------- random.Philox

struct Stream {
    u64 key;
    i64 position;                          // in 32-bit numbers
    i64 drawn;                             // the block of four that words are of
    u32 words[4];
};

__device__ inline u64 mix(u64 z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

__device__ inline Stream forked(u64 key, i64 id, i64 position) {
    Stream s;
    s.key = mix(key ^ mix((u64) id + 0x9e3779b97f4a7c15ULL));
    s.position = position;
    s.drawn = -1;
    return s;
}

__device__ inline u32 next(Stream &s) {
    i64 block = s.position >> 2;
    if (block != s.drawn) {
        u32 c0 = (u32) block, c1 = (u32) (block >> 32), c2 = 0, c3 = 0;
        u32 k0 = (u32) s.key, k1 = (u32) (s.key >> 32);
        for (int round = 0; round < 10; round++) {
            u64 p0 = (u64) 0xd2511f53u * c0;
            u64 p1 = (u64) 0xcd9e8d57u * c2;
            c0 = (u32) (p1 >> 32) ^ c1 ^ k0;
            c2 = (u32) (p0 >> 32) ^ c3 ^ k1;
            c1 = (u32) p1;
            c3 = (u32) p0;
            k0 += 0x9e3779b9u;
            k1 += 0xbb67ae85u;
        }
        s.words[0] = c0;
        s.words[1] = c1;
        s.words[2] = c2;
        s.words[3] = c3;
        s.drawn = block;
    }
    int at = (int) (s.position++ & 3);
    return at == 0 ? s.words[0] : at == 1 ? s.words[1] : at == 2 ? s.words[2] : s.words[3];
}

__device__ inline int below(Stream &s, int bound) {
    u32 limit = (u32) bound;
    u32 threshold = (0u - limit) % limit;
    u64 product = (u64) next(s) * limit;
    while ((u32) product < threshold) {
        product = (u64) next(s) * limit;
    }
    return (int) (product >> 32);
}

__device__ inline Real uniform(Stream &s, double low, double high) {
    u64 upper = next(s);
    u64 bits = upper << 32 | next(s);
    return low + (Real(high) - low) * (Real((double) (bits >> 11)) * 1.1102230246251565e-16);     // 2⁻⁵³
}

__device__ inline bool coin(Stream &s) { return (int) next(s) < 0; }

// ---------------------------------------------------------------- views.AffineMatrix, views.RandomResizedCrop

struct Map { Real a, b, c, d, e, f; };

__device__ inline Map after(const Map &m, const Map &inner) {
    return {m.a * inner.a + m.b * inner.d, m.a * inner.b + m.b * inner.e, m.a * inner.c + m.b * inner.f + m.c,
            m.d * inner.a + m.e * inner.d, m.d * inner.b + m.e * inner.e, m.d * inner.c + m.e * inner.f + m.f};
}

__device__ inline Map rotation(Real degrees, int height, int width) {
    Real quarters = rint((degrees / 90).v);
    Real rest = (degrees - 90 * quarters) * 0.017453292519943295;    // π/180
    Real c = cosine(rest);
    Real s = sine(rest);
    int turn = (int) quarters.v & 3;
    Real across = turn == 0 ? c : turn == 1 ? -s : turn == 2 ? -c : s;
    Real down = turn == 0 ? s : turn == 1 ? c : turn == 2 ? -s : -c;
    Real cx = Real(width - 1) / 2;
    Real cy = Real(height - 1) / 2;
    return {across, -down, cx - across * cx + down * cy, down, across, cy - down * cx - across * cy};
}

// How views of one size are drawn.
struct Policy { int size; double degrees, min_scale, max_scale, min_log_ratio, max_log_ratio; };

struct Crop { int top, left, height, width; };

__device__ inline Crop random_crop(Stream &s, const Policy &p, int height, int width) {
    Real area = Real(height) * width;
    for (int i = 0; i < 10; i++) {
        Real target = area * uniform(s, p.min_scale, p.max_scale);
        Real ratio = exponential(uniform(s, p.min_log_ratio, p.max_log_ratio));
        int w = (int) rint(root(target * ratio).v);
        int h = (int) rint(root(target / ratio).v);
        if (w > 0 && w <= width && h > 0 && h <= height) {
            int top = below(s, height - h + 1);
            int left = below(s, width - w + 1);
            return {top, left, h, w};
        }
    }
    const double min_ratio = 3.0 / 4, max_ratio = 4.0 / 3;
    Real ratio = Real(width) / height;
    int w = ratio.v > max_ratio ? (int) rint((height * Real(max_ratio)).v) : width;
    int h = ratio.v < min_ratio ? (int) rint((width / Real(min_ratio)).v) : height;
    return {(height - h) / 2, (width - w) / 2, h, w};
}

__device__ inline Map random_map(Stream &s, const Policy &p, int height, int width) {
    Map whole = rotation(uniform(s, -p.degrees, p.degrees), height, width);
    if (coin(s)) {
        whole = after(whole, {-1, 0, Real(width - 1), 0, 1, 0});
    }
    if (coin(s)) {
        whole = after(whole, {1, 0, 0, 0, -1, Real(height - 1)});
    }
    Crop crop = random_crop(s, p, height, width);
    Real sx = Real(crop.width) / p.size;
    Real sy = Real(crop.height) / p.size;
    return after(whole, {sx, 0, crop.left + sx / 2 - 0.5, 0, sy, crop.top + sy / 2 - 0.5});
}

// ---------------------------------------------------------------- views.SegmentGeometry

// The b-th segment of a batch, at the top left of its image.
struct Segment { int number, height, width; };

__device__ inline Segment segment(const int *samples, const int *sides, i64 b, int images, int side) {
    int number = samples[b];
    number = number < 0 || number >= images ? 0 : number;
    int height = sides[2 * (i64) number];
    int width = sides[2 * (i64) number + 1];
    return {number, height < 1 ? 1 : height > side ? side : height, width < 1 ? 1 : width > side ? side : width};
}

// A table of (side + 1)² numbers for each segment of the batch. After this kernel its row y + 1 has in column x + 1 how
// many of row y's pixels 0 … x are not zero; row 0 and column 0 are zeros. A warp for each row.
#define ROWS(TYPE, T) \
    extern "C" __global__ void views_rows_##TYPE(const T *images, const int *samples, const int *sides, int *tables, \
            int batch, int count, int side) { \
        i64 stride = side + 1; \
        int lane = threadIdx.x; \
        for (i64 job = blockIdx.x * (i64) blockDim.y + threadIdx.y; job < batch * (i64) side; \
                job += (i64) gridDim.x * blockDim.y) { \
            i64 b = job / side; \
            int y = (int) (job - b * side); \
            Segment s = segment(samples, sides, b, count, side); \
            if (y < s.height) { \
                int *table = tables + b * stride * stride; \
                int *row = table + (y + 1) * stride; \
                const T *pixels = images + (s.number * (i64) side + y) * side; \
                int before = 0; \
                for (int from = 0; from < s.width; from += 32) { \
                    int x = from + lane; \
                    u32 set = __ballot_sync(0xffffffff, x < s.width && pixels[x] != 0); \
                    if (x < s.width) { \
                        row[x + 1] = before + __popc(set & (0xffffffffu >> (31 - lane))); \
                    } \
                    before += __popc(set); \
                } \
                if (lane == 0) { \
                    row[0] = 0; \
                } \
                for (int x = lane; y == 0 && x <= s.width; x += 32) { \
                    table[x] = 0; \
                } \
            } \
        } \
    }
ROWS(f32, float)
ROWS(u16, u16)

#define AHEAD 8                            // rows that a thread reads before it needs them

// Adds up the columns of the tables. A thread for each.
extern "C" __global__ void views_columns(const int *samples, const int *sides, int *tables, int batch, int count,
        int side) {
    i64 stride = side + 1;
    EACH(i, batch * (i64) side) {
        i64 b = i / side;
        int x = (int) (i - b * side);
        Segment s = segment(samples, sides, b, count, side);
        if (x < s.width) {
            int *column = tables + b * stride * stride + stride + x + 1;
            int sum = 0;
            for (int y = 0; y < s.height; y += AHEAD) {
                int held[AHEAD];
                #pragma unroll
                for (int k = 0; k < AHEAD; k++) {
                    held[k] = y + k < s.height ? column[(y + k) * stride] : 0;
                }
                #pragma unroll
                for (int k = 0; k < AHEAD; k++) {
                    sum += held[k];
                    if (y + k < s.height) {
                        column[(y + k) * stride] = sum;
                    }
                }
            }
        }
    }
}

struct Table { const int *sums; i64 stride; int height, width; };

__device__ inline int in_rectangle(const Table &t, int y0, int x0, int y1, int x1) {
    int top = y0 > 0 ? y0 : 0;
    int left = x0 > 0 ? x0 : 0;
    int bottom = y1 + 1 < t.height ? y1 + 1 : t.height;
    int right = x1 + 1 < t.width ? x1 + 1 : t.width;
    if (top >= bottom || left >= right) {
        return 0;
    }
    const int *above = t.sums + top * t.stride;
    const int *last = t.sums + bottom * t.stride;
    return last[right] - above[right] - last[left] + above[left];
}

__device__ inline Real x_of(const Map &m, int u, int v) { return m.a * u + m.b * v + m.c; }
__device__ inline Real y_of(const Map &m, int u, int v) { return m.d * u + m.e * v + m.f; }

__device__ inline bool shows_nothing(const Table &t, const Map &m, int size, Real sx, Real sy) {
    int end = size - 1;
    Real x0 = least(least(x_of(m, 0, 0), x_of(m, end, 0)), least(x_of(m, 0, end), x_of(m, end, end)));
    Real x1 = most(most(x_of(m, 0, 0), x_of(m, end, 0)), most(x_of(m, 0, end), x_of(m, end, end)));
    Real y0 = least(least(y_of(m, 0, 0), y_of(m, end, 0)), least(y_of(m, 0, end), y_of(m, end, end)));
    Real y1 = most(most(y_of(m, 0, 0), y_of(m, end, 0)), most(y_of(m, 0, end), y_of(m, end, end)));
    return in_rectangle(t, (int) floor((y0 - sy).v), (int) floor((x0 - sx).v), (int) ceil((y1 + sy).v),
            (int) ceil((x1 + sx).v)) == 0;
}

#define AT_ONCE 4                          // pixels that a thread counts between two looks at what all have found

// How many pixels of a view are not zero, counted by all threads of a block; stops when it is known to be enough.
__device__ inline int count_sampled(const Table &t, const Map &m, int size, int enough) {
    Real sx = most(1, root(m.a * m.a + m.b * m.b));
    Real sy = most(1, root(m.d * m.d + m.e * m.e));
    if (shows_nothing(t, m, size, sx, sy)) {
        return 0;
    }
    int found = 0;
    for (int from = 0; from < size * size && found < enough; from += AT_ONCE * blockDim.x) {
        int mine = 0;
        #pragma unroll
        for (int k = 0; k < AT_ONCE; k++) {
            int i = from + k * blockDim.x + threadIdx.x;
            if (i < size * size) {
                int v = i / size;
                int u = i - v * size;
                Real x = x_of(m, u, v);
                Real y = y_of(m, u, v);
                mine += in_rectangle(t, (int) floor((y - sy).v) + 1, (int) floor((x - sx).v) + 1,
                        (int) ceil((y + sy).v) - 1, (int) ceil((x + sx).v) - 1) > 0;
            }
        }
        found += block_sum(mine);
    }
    return found;
}

// ---------------------------------------------------------------- views.ViewSampling

// count views of one size of each segment. Where a segment's stream has come to lies in positions between the launches
// for several sizes, and in tallies its tries and its views with enough; begins is not 0 for the first of them.
extern "C" __global__ __launch_bounds__(512) void views_draw(const int *tables, const int *samples, const int *sides,
        const int *key, i64 *positions, int *tallies, float *maps, int *numbers, int batch, int images, int side,
        int begins, int count, int size, int enough, int most_tries, double degrees, double min_scale,
        double max_scale, double min_log_ratio, double max_log_ratio, int kind, Fault *fault) {
    __shared__ double drawn[6];
    Policy policy = {size, degrees, min_scale, max_scale, min_log_ratio, max_log_ratio};
    bool draws = threadIdx.x == 0;
    i64 stride = side + 1;
    u64 of = (u32) key[0] | (u64) (u32) key[1] << 32;
    for (i64 b = blockIdx.x; b < batch; b += gridDim.x) {
        Segment s = segment(samples, sides, b, images, side);
        if (draws && samples[b] != s.number) {
            report(fault, kind, b, samples[b], images);
        }
        Table table = {tables + b * stride * stride, stride, s.height, s.width};
        Stream random = forked(of, s.number, begins ? 0 : positions[b]);
        int all_tries = 0;
        int with_enough = 0;
        for (int v = 0; v < count; v++) {
            Map best;
            int found = -1;
            int tries = 0;
            do {
                __syncthreads();           // the map before is still being read
                if (draws) {
                    Map next = random_map(random, policy, s.height, s.width);
                    drawn[0] = next.a.v;
                    drawn[1] = next.b.v;
                    drawn[2] = next.c.v;
                    drawn[3] = next.d.v;
                    drawn[4] = next.e.v;
                    drawn[5] = next.f.v;
                }
                __syncthreads();
                Map m = {drawn[0], drawn[1], drawn[2], drawn[3], drawn[4], drawn[5]};
                int now = count_sampled(table, m, size, enough);
                tries++;
                if (now > found) {
                    found = now;
                    best = m;
                }
            } while (found < enough && tries < most_tries);
            all_tries += tries;
            with_enough += found >= enough;
            if (draws) {
                i64 row = v * (i64) batch + b;
                maps[6 * row] = (float) best.a.v;
                maps[6 * row + 1] = (float) best.b.v;
                maps[6 * row + 2] = (float) best.c.v;
                maps[6 * row + 3] = (float) best.d.v;
                maps[6 * row + 4] = (float) best.e.v;
                maps[6 * row + 5] = (float) best.f.v;
                numbers[row] = s.number;
            }
        }
        if (draws) {
            positions[b] = random.position;
            tallies[2 * b] = all_tries + (begins ? 0 : tallies[2 * b]);
            tallies[2 * b + 1] = with_enough + (begins ? 0 : tallies[2 * b + 1]);
        }
    }
}

// What drawing took: tries, views, and views with enough. One block.
extern "C" __global__ void views_statistics(const int *tallies, int batch, int views, int *statistics) {
    int tries = 0;
    int enough = 0;
    for (i64 b = threadIdx.x; b < batch; b += blockDim.x) {
        tries += tallies[2 * b];
        enough += tallies[2 * b + 1];
    }
    tries = block_sum(tries);
    enough = block_sum(enough);
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        statistics[0] = tries;
        statistics[1] = batch * views;
        statistics[2] = enough;
    }
}
