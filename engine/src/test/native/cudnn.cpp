// libcudnn.so.9 of the host emulator: convolutions as plain loops, for the calls that the backend makes, with the
// status codes of cuDNN 9 (2000 bad parameter, 3000 not supported, 5000 execution failed).
#include "numbers.h"
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000 };
enum { FLOAT = 0, BFLOAT16 = 9, NCHW = 0, NHWC = 1 };

struct Tensor { int type, format, n, c, h, w; long long sn, sc, sh, sw; };
struct Filter { int type, format, k, c, h, w; };
struct Convolution { int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, compute, groups, math; };
// The layout of cudnnConvolution…AlgoPerf_t.
struct Performance { int algo, status; float time; size_t memory; int determinism, math; int reserved[3]; };

extern "C" __attribute__((visibility("default"))) size_t cudnnGetVersion() { return 90501; }
extern "C" __attribute__((visibility("default"))) const char *cudnnGetErrorString(int status) {
    return status == SUCCESS ? "CUDNN_STATUS_SUCCESS" : status == BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM"
            : status == NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_UNKNOWN_STATUS";
}
API cudnnCreate(void **h) { *h = (void *) 0x50; return SUCCESS; }
API cudnnDestroy(void *) { return SUCCESS; }
API cudnnSetStream(void *, void *) { return SUCCESS; }
API cudnnCreateTensorDescriptor(Tensor **t) { *t = new Tensor(); return SUCCESS; }
API cudnnDestroyTensorDescriptor(Tensor *t) { delete t; return SUCCESS; }
API cudnnCreateFilterDescriptor(Filter **f) { *f = new Filter(); return SUCCESS; }
API cudnnDestroyFilterDescriptor(Filter *f) { delete f; return SUCCESS; }
API cudnnCreateConvolutionDescriptor(Convolution **c) { *c = new Convolution(); return SUCCESS; }
API cudnnDestroyConvolutionDescriptor(Convolution *c) { delete c; return SUCCESS; }
API cudnnSetTensor4dDescriptor(Tensor *t, int format, int type, int n, int c, int h, int w) {
    if (n <= 0 || c <= 0 || h <= 0 || w <= 0 || (type != FLOAT && type != BFLOAT16)) {
        return BAD_PARAM;
    }
    *t = {type, format, n, c, h, w, (long long) c * h * w, (long long) h * w, w, 1};
    if (format == NHWC) {
        t->sc = 1;
        t->sw = c;
        t->sh = (long long) w * c;
    }
    return SUCCESS;
}
API cudnnSetFilter4dDescriptor(Filter *f, int type, int format, int k, int c, int h, int w) {
    if (k <= 0 || c <= 0 || h <= 0 || w <= 0 || (type != FLOAT && type != BFLOAT16)) {
        return BAD_PARAM;
    }
    *f = {type, format, k, c, h, w};
    return SUCCESS;
}
API cudnnSetConvolution2dDescriptor(Convolution *c, int ph, int pw, int sh, int sw, int dh, int dw, int mode,
        int compute) {
    if (ph < 0 || pw < 0 || sh <= 0 || sw <= 0 || dh <= 0 || dw <= 0 || mode != 1 || compute != FLOAT) {
        return BAD_PARAM;
    }
    *c = {ph, pw, sh, sw, dh, dw, compute, 1, 0};
    return SUCCESS;
}
API cudnnSetConvolutionGroupCount(Convolution *c, int groups) {
    c->groups = groups;
    return groups > 0 ? SUCCESS : BAD_PARAM;
}
API cudnnSetConvolutionMathType(Convolution *c, int math) { c->math = math; return SUCCESS; }

static int fits(const Tensor *x, const Filter *w, const Convolution *c, const Tensor *y) {
    int h = (x->h + 2 * c->pad_h - c->dilation_h * (w->h - 1) - 1) / c->stride_h + 1;
    int v = (x->w + 2 * c->pad_w - c->dilation_w * (w->w - 1) - 1) / c->stride_w + 1;
    bool good = x->n == y->n && x->c == w->c * c->groups && y->c == w->k && w->k % c->groups == 0 && y->h == h
            && y->w == v && x->type == w->type && x->type == y->type && x->format == w->format
            && x->format == y->format;
    return good ? SUCCESS : BAD_PARAM;
}

// One algorithm, which asks for a workspace so that the backend's handling of it is run, too.
static const size_t WORKSPACE = 1024;
static int found(int status, int wanted, int *count, Performance *results, bool with_space, size_t space) {
    if (status || wanted < 1) {
        return status ? status : BAD_PARAM;
    }
    bool room = !with_space || space >= WORKSPACE;
    results[0] = {1, room ? SUCCESS : NOT_SUPPORTED, room ? 1.0f : -1.0f, WORKSPACE, 1, 0, {0, 0, 0}};
    *count = 1;
    return SUCCESS;
}
API cudnnFindConvolutionForwardAlgorithmEx(void *, Tensor *x, const void *, Filter *w, const void *, Convolution *c,
        Tensor *y, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y), wanted, count, r, true, space);
}
API cudnnFindConvolutionBackwardDataAlgorithmEx(void *, Filter *w, const void *, Tensor *y, const void *,
        Convolution *c, Tensor *x, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y), wanted, count, r, true, space);
}
API cudnnFindConvolutionBackwardFilterAlgorithmEx(void *, Tensor *x, const void *, Tensor *y, const void *,
        Convolution *c, Filter *w, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y), wanted, count, r, true, space);
}

static size_t bytes(const Tensor *t) { return (size_t) t->n * t->c * t->h * t->w * (t->type == FLOAT ? 4 : 2); }
static size_t bytes(const Filter *f) { return (size_t) f->k * f->c * f->h * f->w * (f->type == FLOAT ? 4 : 2); }

static long long at(const Filter *f, int k, int c, int h, int w) {
    return f->format == NHWC ? (((long long) k * f->h + h) * f->w + w) * f->c + c
            : (((long long) k * f->c + c) * f->h + h) * f->w + w;
}

static bool usable(const Tensor *x, const void *xp, const Filter *w, const void *wp, const Tensor *y, const void *yp,
        const void *space, size_t size) {
    return cudahost_inside(xp, bytes(x)) && cudahost_inside(wp, bytes(w)) && cudahost_inside(yp, bytes(y))
            && size >= WORKSPACE && cudahost_inside(space, size);
}

static std::vector<float> all(const void *data, size_t count, bool f32) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) {
        values[i] = get(data, f32, i);
    }
    return values;
}

// Visits every product: element of x, of w and of y.
template <class F> static void visit(const Tensor *x, const Filter *w, const Convolution *c, const Tensor *y, F f) {
    int per_x = x->c / c->groups, per_y = y->c / c->groups;
    for (int n = 0; n < y->n; n++) {
        for (int k = 0; k < y->c; k++) {
            int g = k / per_y;
            for (int h = 0; h < y->h; h++) {
                for (int v = 0; v < y->w; v++) {
                    long long to = n * y->sn + k * y->sc + h * y->sh + v * y->sw;
                    for (int r = 0; r < w->h; r++) {
                        int row = h * c->stride_h - c->pad_h + r * c->dilation_h;
                        if (row < 0 || row >= x->h) {
                            continue;
                        }
                        for (int s = 0; s < w->w; s++) {
                            int column = v * c->stride_w - c->pad_w + s * c->dilation_w;
                            if (column < 0 || column >= x->w) {
                                continue;
                            }
                            long long from = n * x->sn + g * per_x * x->sc + row * x->sh + column * x->sw;
                            long long weight = at(w, k, 0, r, s), step = w->format == NHWC ? 1 : w->h * w->w;
                            for (int i = 0; i < per_x; i++) {
                                f(from + i * x->sc, weight + i * step, to);
                            }
                        }
                    }
                }
            }
        }
    }
}

static void store(const std::vector<double> &values, void *to, bool f32, float alpha, float beta) {
    for (size_t i = 0; i < values.size(); i++) {
        put(to, f32, i, (float) (alpha * values[i] + (beta == 0 ? 0 : beta * get(to, f32, i))));
    }
}

API cudnnConvolutionForward(void *, const float *alpha, Tensor *x, const void *xp, Filter *w, const void *wp,
        Convolution *c, int, void *space, size_t size, const float *beta, Tensor *y, void *yp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return BAD_PARAM;
    }
    bool f32 = x->type == FLOAT;
    std::vector<float> a = all(xp, (size_t) x->n * x->sn, f32), b = all(wp, (size_t) w->k * w->c * w->h * w->w, f32);
    std::vector<double> r((size_t) y->n * y->sn);
    visit(x, w, c, y, [&](long long i, long long j, long long k) { r[k] += (double) a[i] * b[j]; });
    store(r, yp, f32, *alpha, *beta);
    return SUCCESS;
}
API cudnnConvolutionBackwardData(void *, const float *alpha, Filter *w, const void *wp, Tensor *y, const void *yp,
        Convolution *c, int, void *space, size_t size, const float *beta, Tensor *x, void *xp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return BAD_PARAM;
    }
    bool f32 = x->type == FLOAT;
    std::vector<float> a = all(yp, (size_t) y->n * y->sn, f32), b = all(wp, (size_t) w->k * w->c * w->h * w->w, f32);
    std::vector<double> r((size_t) x->n * x->sn);
    visit(x, w, c, y, [&](long long i, long long j, long long k) { r[i] += (double) a[k] * b[j]; });
    store(r, xp, f32, *alpha, *beta);
    return SUCCESS;
}
API cudnnConvolutionBackwardFilter(void *, const float *alpha, Tensor *x, const void *xp, Tensor *y, const void *yp,
        Convolution *c, int, void *space, size_t size, const float *beta, Filter *w, void *wp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return BAD_PARAM;
    }
    bool f32 = x->type == FLOAT;
    std::vector<float> a = all(xp, (size_t) x->n * x->sn, f32), b = all(yp, (size_t) y->n * y->sn, f32);
    std::vector<double> r((size_t) w->k * w->c * w->h * w->w);
    visit(x, w, c, y, [&](long long i, long long j, long long k) { r[j] += (double) a[i] * b[k]; });
    store(r, wp, f32, *alpha, *beta);
    return SUCCESS;
}
