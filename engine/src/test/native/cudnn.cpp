// libcudnn.so.9 of the host emulator: convolutions as plain loops, for the calls that the backend makes, with the
// status codes of cuDNN 9 (2000 bad parameter, 3000 not supported, 5000 execution failed).
#include "numbers.h"
#include <thread>
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };
enum { FLOAT = 0, HALF = 2, BFLOAT16 = 9, NCHW = 0, NHWC = 1 };

static bool known(int type) { return type == FLOAT || type == HALF || type == BFLOAT16; }
static Element element(int type) {
    return type == FLOAT ? Element::f32 : type == HALF ? Element::f16 : Element::bf16;
}

struct Tensor { int type, format, n, c, h, w; long long sn, sc, sh, sw; };
struct Filter { int type, format, k, c, h, w; };
struct Convolution { int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, compute, groups, math; };
// The layout of cudnnConvolution…AlgoPerf_t.
struct Performance { int algo, status; float time; size_t memory; int determinism, math; int reserved[3]; };

extern "C" __attribute__((visibility("default"))) size_t cudnnGetVersion() { return 90501; }
extern "C" __attribute__((visibility("default"))) const char *cudnnGetErrorString(int status) {
    return status == SUCCESS ? "CUDNN_STATUS_SUCCESS" : status == BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM"
            : status == NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED"
            : status == EXECUTION_FAILED ? "CUDNN_STATUS_EXECUTION_FAILED" : "CUDNN_UNKNOWN_STATUS";
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
    if (n <= 0 || c <= 0 || h <= 0 || w <= 0 || !known(type)) {
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
    if (k <= 0 || c <= 0 || h <= 0 || w <= 0 || !known(type)) {
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
// As some versions do, it has none for grouped convolutions in channels-last: the backend has to find its way around.
static int grouped(const Convolution *c, const Filter *w) {
    return c->groups > 1 && w->format == NHWC ? NOT_SUPPORTED : SUCCESS;
}
static int found(int status, int wanted, int *count, Performance *results, bool with_space, size_t space) {
    *count = 1 << 20;                      // what a refusal leaves behind has no meaning
    if (cudahost_broken() || status || wanted < 1) {
        return cudahost_broken() ? EXECUTION_FAILED : status ? status : BAD_PARAM;
    }
    bool room = !with_space || space >= WORKSPACE;
    results[0] = {1, room ? SUCCESS : NOT_SUPPORTED, room ? 1.0f : -1.0f, WORKSPACE, 1, 0, {0, 0, 0}};
    *count = 1;
    return SUCCESS;
}
API cudnnFindConvolutionForwardAlgorithmEx(void *, Tensor *x, const void *, Filter *w, const void *, Convolution *c,
        Tensor *y, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y) + grouped(c, w), wanted, count, r, true, space);
}
API cudnnFindConvolutionBackwardDataAlgorithmEx(void *, Filter *w, const void *, Tensor *y, const void *,
        Convolution *c, Tensor *x, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y) + grouped(c, w), wanted, count, r, true, space);
}
API cudnnFindConvolutionBackwardFilterAlgorithmEx(void *, Tensor *x, const void *, Tensor *y, const void *,
        Convolution *c, Filter *w, void *, int wanted, int *count, Performance *r, void *, size_t space) {
    return found(fits(x, w, c, y) + grouped(c, w), wanted, count, r, true, space);
}

static size_t bytes(const Tensor *t) { return (size_t) t->n * t->c * t->h * t->w * bytes_of(element(t->type)); }
static size_t bytes(const Filter *f) { return (size_t) f->k * f->c * f->h * f->w * bytes_of(element(f->type)); }

static bool usable(const Tensor *x, const void *xp, const Filter *w, const void *wp, const Tensor *y, const void *yp,
        const void *space, size_t size) {
    return !cudahost_broken() && cudahost_inside(xp, bytes(x)) && cudahost_inside(wp, bytes(w))
            && cudahost_inside(yp, bytes(y)) && size >= WORKSPACE && cudahost_inside(space, size);
}

// Images as [n, h, w, c] and filters as [k, h, w, c] in float32, whatever they are in memory.
static std::vector<float> load(const Tensor *t, const void *data) {
    std::vector<float> values((size_t) t->n * t->c * t->h * t->w);
    size_t i = 0;
    for (int n = 0; n < t->n; n++) {
        for (int h = 0; h < t->h; h++) {
            for (int w = 0; w < t->w; w++) {
                for (int c = 0; c < t->c; c++) {
                    values[i++] = get(data, element(t->type), n * t->sn + c * t->sc + h * t->sh + w * t->sw);
                }
            }
        }
    }
    return values;
}
static void store(const std::vector<double> &values, const Tensor *t, void *data, float alpha, float beta) {
    size_t i = 0;
    for (int n = 0; n < t->n; n++) {
        for (int h = 0; h < t->h; h++) {
            for (int w = 0; w < t->w; w++) {
                for (int c = 0; c < t->c; c++) {
                    long long at = n * t->sn + c * t->sc + h * t->sh + w * t->sw;
                    put(data, element(t->type), at, (float) (alpha * values[i++]
                            + (beta == 0 ? 0 : beta * get(data, element(t->type), at))));
                }
            }
        }
    }
}
// A filter is an image whose batch is its outputs.
static Tensor image(const Filter *f) {
    Tensor t;
    cudnnSetTensor4dDescriptor(&t, f->format, f->type, f->k, f->c, f->h, f->w);
    return t;
}

static float dot(const float *a, const float *b, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}
static void add(double *to, float factor, const float *x, int n) {
    for (int i = 0; i < n; i++) {
        to[i] += (double) factor * x[i];
    }
}

// Visits the products by runs over a group's channels: where they begin in x and w, and the element of y.
template <class F> static void visit(const Tensor *x, const Filter *w, const Convolution *c, const Tensor *y, int from,
        int to, bool by_image, F f) {
    int per_x = x->c / c->groups, per_y = y->c / c->groups;
    for (int n = by_image ? from : 0; n < (by_image ? to : y->n); n++) {
        for (int h = 0; h < y->h; h++) {
            for (int v = 0; v < y->w; v++) {
                for (int r = 0; r < w->h; r++) {
                    int row = h * c->stride_h - c->pad_h + r * c->dilation_h;
                    for (int s = 0; s < w->w; s++) {
                        int column = v * c->stride_w - c->pad_w + s * c->dilation_w;
                        if (row < 0 || row >= x->h || column < 0 || column >= x->w) {
                            continue;
                        }
                        size_t px = (((size_t) n * x->h + row) * x->w + column) * x->c;
                        size_t py = (((size_t) n * y->h + h) * y->w + v) * y->c;
                        for (int k = by_image ? 0 : from; k < (by_image ? y->c : to); k++) {
                            f(px + k / per_y * per_x, (((size_t) k * w->h + r) * w->w + s) * per_x, py + k, per_x);
                        }
                    }
                }
            }
        }
    }
}

// Shares 0 … n − 1 among threads, each of which writes elements of its own.
template <class F> static void share(int n, F f) {
    int threads = std::max(1, std::min(n, (int) std::thread::hardware_concurrency()));
    std::vector<std::thread> others;
    for (int t = 1; t < threads; t++) {
        others.emplace_back(f, n * t / threads, n * (t + 1) / threads);
    }
    f(0, n / threads);
    for (std::thread &t : others) {
        t.join();
    }
}

API cudnnConvolutionForward(void *, const float *alpha, Tensor *x, const void *xp, Filter *w, const void *wp,
        Convolution *c, int, void *space, size_t size, const float *beta, Tensor *y, void *yp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return cudahost_broken() ? EXECUTION_FAILED : BAD_PARAM;
    }
    Tensor filter = image(w);
    std::vector<float> a = load(x, xp), b = load(&filter, wp);
    std::vector<double> r((size_t) y->n * y->sn);
    share(y->n, [&](int from, int to) {
        visit(x, w, c, y, from, to, true, [&](size_t i, size_t j, size_t k, int n) {
            r[k] += dot(&a[i], &b[j], n);
        });
    });
    store(r, y, yp, *alpha, *beta);
    return SUCCESS;
}
API cudnnConvolutionBackwardData(void *, const float *alpha, Filter *w, const void *wp, Tensor *y, const void *yp,
        Convolution *c, int, void *space, size_t size, const float *beta, Tensor *x, void *xp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return cudahost_broken() ? EXECUTION_FAILED : BAD_PARAM;
    }
    Tensor filter = image(w);
    std::vector<float> a = load(y, yp), b = load(&filter, wp);
    std::vector<double> r((size_t) x->n * x->sn);
    share(y->n, [&](int from, int to) {
        visit(x, w, c, y, from, to, true, [&](size_t i, size_t j, size_t k, int n) { add(&r[i], a[k], &b[j], n); });
    });
    store(r, x, xp, *alpha, *beta);
    return SUCCESS;
}
API cudnnConvolutionBackwardFilter(void *, const float *alpha, Tensor *x, const void *xp, Tensor *y, const void *yp,
        Convolution *c, int, void *space, size_t size, const float *beta, Filter *w, void *wp) {
    if (fits(x, w, c, y) || !usable(x, xp, w, wp, y, yp, space, size)) {
        return cudahost_broken() ? EXECUTION_FAILED : BAD_PARAM;
    }
    Tensor filter = image(w);
    std::vector<float> a = load(x, xp), b = load(y, yp);
    std::vector<double> r((size_t) w->k * w->c * w->h * w->w);
    share(y->c, [&](int from, int to) {
        visit(x, w, c, y, from, to, false, [&](size_t i, size_t j, size_t k, int n) { add(&r[j], b[k], &a[i], n); });
    });
    store(r, &filter, wp, *alpha, *beta);
    return SUCCESS;
}
