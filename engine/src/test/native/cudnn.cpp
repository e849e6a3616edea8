// libcudnn.so.9 of the host emulator: convolutions as plain loops behind the calls of the graph API that the backend
// makes, with the status codes of cuDNN 9 (2000 bad parameter, 3000 not supported, 5000 execution failed).
#include "numbers.h"
#include <cmath>
#include <map>
#include <memory>
#include <thread>
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };
enum { FLOAT = 0, HALF = 2, BFLOAT16 = 9 };

static bool known(int type) { return type == FLOAT || type == HALF || type == BFLOAT16; }
static Element element(int type) {
    return type == FLOAT ? Element::f32 : type == HALF ? Element::f16 : Element::bf16;
}

// A filter is an image whose batch is its outputs.
struct Tensor { int type; long long n, c, h, w, sn, sc, sh, sw; };
struct Convolution { int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, groups; };

extern "C" __attribute__((visibility("default"))) size_t cudnnGetVersion() { return 90501; }
extern "C" __attribute__((visibility("default"))) const char *cudnnGetErrorString(int status) {
    return status == SUCCESS ? "CUDNN_STATUS_SUCCESS" : status == BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM"
            : status == NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED"
            : status == EXECUTION_FAILED ? "CUDNN_STATUS_EXECUTION_FAILED" : "CUDNN_UNKNOWN_STATUS";
}
struct Handle { void *stream; };

API cudnnCreate(Handle **h) { *h = new Handle(); return SUCCESS; }
API cudnnDestroy(Handle *h) { delete h; return SUCCESS; }
API cudnnSetStream(Handle *h, void *stream) { h->stream = stream; return SUCCESS; }

static size_t bytes(const Tensor &t) { return (size_t) (t.n * t.c * t.h * t.w) * bytes_of(element(t.type)); }

// Images as [n, h, w, c] and filters as [k, h, w, c] in float32, whatever they are in memory.
static std::vector<float> load(const Tensor *t, const void *data, bool rounding) {
    std::vector<float> values((size_t) t->n * t->c * t->h * t->w);
    size_t i = 0;
    for (long long n = 0; n < t->n; n++) {
        for (long long h = 0; h < t->h; h++) {
            for (long long w = 0; w < t->w; w++) {
                for (long long c = 0; c < t->c; c++) {
                    float v = get(data, element(t->type), n * t->sn + c * t->sc + h * t->sh + w * t->sw);
                    values[i++] = rounding ? tf32(v) : v;
                }
            }
        }
    }
    return values;
}
static void store(const std::vector<double> &values, const Tensor *t, void *data) {
    size_t i = 0;
    for (long long n = 0; n < t->n; n++) {
        for (long long h = 0; h < t->h; h++) {
            for (long long w = 0; w < t->w; w++) {
                for (long long c = 0; c < t->c; c++) {
                    put(data, element(t->type), n * t->sn + c * t->sc + h * t->sh + w * t->sw, (float) values[i++]);
                }
            }
        }
    }
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
template <class F> static void visit(const Tensor *x, const Tensor *w, const Convolution *c, const Tensor *y, int from,
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


// What is done to a sum of a channel before it is stored.
typedef std::function<double(double, long long)> Ending;

static void forward(const Tensor &x, const void *xp, const Tensor &w, const void *wp, const Convolution &c,
        const Tensor &y, void *yp, bool rounding, const Ending &ending) {
    std::vector<float> a = load(&x, xp, rounding), b = load(&w, wp, rounding);
    std::vector<double> r(y.n * y.c * y.h * y.w);
    share(y.n, [&](int from, int to) {
        visit(&x, &w, &c, &y, from, to, true, [&](size_t i, size_t j, size_t k, int n) {
            r[k] += dot(&a[i], &b[j], n);
        });
    });
    for (size_t i = 0; i < r.size(); i++) {
        r[i] = ending(r[i], i % y.c);
    }
    store(r, &y, yp);
}
static void backward_data(const Tensor &x, void *xp, const Tensor &w, const void *wp, const Convolution &c,
        const Tensor &y, const void *yp, float alpha, float beta, bool rounding) {
    std::vector<float> a = load(&y, yp, rounding), b = load(&w, wp, rounding);
    std::vector<double> r(x.n * x.c * x.h * x.w);
    share(y.n, [&](int from, int to) {
        visit(&x, &w, &c, &y, from, to, true, [&](size_t i, size_t j, size_t k, int n) {
            add(&r[i], a[k], &b[j], n);
        });
    });
    std::vector<float> before = beta == 0 ? std::vector<float>(r.size()) : load(&x, xp, false);
    for (size_t i = 0; i < r.size(); i++) {
        r[i] = alpha * r[i] + beta * before[i];
    }
    store(r, &x, xp);
}
static void backward_filter(const Tensor &x, const void *xp, const Tensor &w, void *wp, const Convolution &c,
        const Tensor &y, const void *yp, bool rounding) {
    std::vector<float> a = load(&x, xp, rounding), b = load(&y, yp, rounding);
    std::vector<double> r(w.n * w.c * w.h * w.w);
    share(y.c, [&](int from, int to) {
        visit(&x, &w, &c, &y, from, to, false, [&](size_t i, size_t j, size_t k, int n) {
            add(&r[j], b[k], &a[i], n);
        });
    });
    store(r, &w, wp);
}

// The graph API, for graphs of one convolution or product, and behind it up to two pointwise operations: a bias that is
// added, and a function. A descriptor is its attributes by number, as cudnn_backend.h has them.
enum Kind { POINTWISE = 0, CONVOLUTION = 1, ENGINE = 2, CONFIGURATION = 3, HEURISTICS = 4, PLAN = 5, FORWARD = 10,
        BACKWARD_FILTER = 11, BACKWARD_DATA = 12, POINTWISE_OPERATION = 13, GRAPH = 15, PACK = 16, TENSOR = 17,
        MATMUL = 18, MATMUL_OPERATION = 19 };
enum Mode { ADD = 0, RELU = 100, GELU = 104 };
enum Note { TENSOR_CORE = 0, REDUCED_PRECISION_REDUCTION = 2, NONDETERMINISTIC = 4 };

// What the heuristics name, in their order. Only the last is what the backend may take for float32: one gives other
// bits each time, one has fewer digits, one adds in 16 bits, and one is refused when it is run, as happens.
struct EngineKind { int index; std::vector<int> notes; };
static const EngineKind ENGINES[] = {{7, {TENSOR_CORE, NONDETERMINISTIC}}, {3, {TENSOR_CORE, 99}},
        {5, {REDUCED_PRECISION_REDUCTION}}, {2, {}}, {0, {}}};
enum { NOT_REPEATABLE, ROUNDING, NARROW, REFUSED, SOUND, COUNT };
static const int HEURISTIC_A = 3;
// Engines ask for a workspace so that the backend's handling of it is run, too.
static const size_t WORKSPACE = 1024;

struct Work;
struct Descriptor {
    int kind;
    bool finished;
    int engine;
    std::shared_ptr<Work> work;
    std::map<int, std::vector<char>> attributes;

    int count(int name) const { return attributes.at(name).size() / sizeof(long long); }
    long long number(int name, int i = 0) const { return ((const long long *) attributes.at(name).data())[i]; }
    int constant(int name) const { return *(const int *) attributes.at(name).data(); }
    float real(int name) const { return *(const float *) attributes.at(name).data(); }
    const std::vector<char> &raw(int name) const { return attributes.at(name); }
    Descriptor *descriptor(int name, int i = 0) const { return (Descriptor *) number(name, i); }
    bool in_no_memory() const { return attributes.count(907) && attributes.at(907)[0]; }
};

// A matrix [1, rows, columns] is an image of as many single pixels as it has rows.
static Tensor tensor_of(const Descriptor *d) {
    if (d->count(902) == 3) {
        return {d->constant(901), d->number(902, 0) * d->number(902, 1), d->number(902, 2), 1, 1, d->number(903, 1),
                d->number(903, 2), 1, 1};
    }
    return {d->constant(901), d->number(902, 0), d->number(902, 1), d->number(902, 2), d->number(902, 3),
            d->number(903, 0), d->number(903, 1), d->number(903, 2), d->number(903, 3)};
}

// What the backend must call the types of attributes that are not numbers, reals or descriptors.
static int type_of(int kind, int name) {
    static const std::map<std::pair<int, int>, int> TYPES = {{{POINTWISE, 0}, 14}, {{POINTWISE, 1}, 1},
            {{POINTWISE, 2}, 10}, {{CONVOLUTION, 100}, 1}, {{CONVOLUTION, 101}, 7}, {{MATMUL, 1500}, 1},
            {{HEURISTICS, 200}, 8}, {{TENSOR, 901}, 1}, {{TENSOR, 907}, 2}};
    auto found = TYPES.find({kind, name});
    return found == TYPES.end() ? -1 : found->second;
}

static Tensor transposed(Tensor t) {
    return {t.type, t.c, t.n, t.h, t.w, t.sc, t.sn, t.sh, t.sw};
}

static double gelu(double v) { return 0.5 * v * (1 + erf(v / sqrt(2.0))); }

// A graph's operations with their operands. A product is the convolution of single pixels.
struct Work {
    int kind;
    Tensor x, w, y, bias{};
    Convolution c;
    float alpha = 1, beta = 0;
    std::vector<int> modes;
    bool linked = true;

    explicit Work(const Descriptor *graph) {
        const Descriptor *op = graph->descriptor(801), *result;
        kind = op->kind;
        if (kind == MATMUL_OPERATION) {
            x = tensor_of(op->descriptor(1520));
            w = transposed(tensor_of(op->descriptor(1521)));
            result = op->descriptor(1522);
            c = {0, 0, 1, 1, 1, 1, 1};
        } else {
            int first = kind == FORWARD ? 702 : kind == BACKWARD_DATA ? 708 : 714;
            alpha = op->real(first - 2);
            beta = op->real(first - 1);
            const Descriptor *conv = op->descriptor(first);
            w = tensor_of(op->descriptor(first + 1));
            x = tensor_of(op->descriptor(first + 2));
            result = op->descriptor(first + 3);
            c = {(int) conv->number(105, 0), (int) conv->number(105, 1), (int) conv->number(103, 0),
                    (int) conv->number(103, 1), (int) conv->number(102, 0), (int) conv->number(102, 1),
                    w.c > 0 ? (int) (x.c / w.c) : 0};
        }
        std::vector<const Descriptor *> named;
        for (int i = 1; i < graph->count(801); i++) {
            named.push_back(result);
            const Descriptor *next = graph->descriptor(801, i);
            modes.push_back(next->descriptor(750)->constant(0));
            linked &= next->kind == POINTWISE_OPERATION && result->in_no_memory() && next->descriptor(751) == result
                    && (modes.back() == ADD) == (next->attributes.count(752) > 0);
            if (modes.back() == ADD) {
                bias = tensor_of(next->descriptor(752));
                named.push_back(next->descriptor(752));
            }
            result = next->descriptor(753);
        }
        linked &= !result->in_no_memory();
        y = tensor_of(result);
        named.push_back(result);
        for (size_t i = 0; i < named.size(); i++) {
            for (size_t k = 0; k < i; k++) {
                linked &= named[i]->number(906) != named[k]->number(906);
            }
            linked &= !named[i]->in_no_memory() || (named[i]->constant(901) == FLOAT
                    && named[i]->raw(902) == result->raw(902) && named[i]->raw(903) == result->raw(903));
        }
    }

    bool fits() const {
        long long h = (x.h + 2 * c.pad_h - c.dilation_h * (w.h - 1) - 1) / c.stride_h + 1;
        long long v = (x.w + 2 * c.pad_w - c.dilation_w * (w.w - 1) - 1) / c.stride_w + 1;
        bool ends = modes.empty() || kind == FORWARD || kind == MATMUL_OPERATION;
        return linked && ends && x.n == y.n && c.groups > 0 && x.c == w.c * c.groups && y.c == w.n
                && w.n % c.groups == 0 && y.h == h && y.w == v && x.type == w.type && x.type == y.type
                && (kind == MATMUL_OPERATION || (x.sc == 1) == (y.sc == 1))
                && (!adds() || (bias.type == y.type && bias.c == y.c && bias.sc == 1 && bias.n * bias.h * bias.w == 1));
    }

    bool adds() const { return std::count(modes.begin(), modes.end(), (int) ADD) > 0; }

    // As some versions do, it has none for grouped convolutions in channels-last.
    bool grouped() const { return c.groups > 1 && x.sc == 1; }

    // Adding to what is there is for gradients of images alone, for one engine alone, and there for even channels; so
    // is going on behind the sums.
    bool takes(int engine) const {
        if (!modes.empty() && (engine != SOUND || y.c % 2)) {
            return false;
        }
        return beta == 0 ? alpha == 1 : kind == BACKWARD_DATA && engine == SOUND && x.c % 2 == 0;
    }

    double ended(double sum, double added) const {
        for (int mode : modes) {
            sum = mode == ADD ? sum + added : mode == RELU ? (sum < 0 ? 0 : sum) : gelu(sum);
        }
        return sum;
    }

    int run(int engine, void *xp, void *wp, void *yp, void *bp, void *space) const {
        if (engine == REFUSED || ((uintptr_t) xp | (uintptr_t) wp | (uintptr_t) yp | (uintptr_t) bp) % 16
                || !cudahost_inside(xp, bytes(x)) || !cudahost_inside(wp, bytes(w))
                || !cudahost_inside(yp, bytes(y)) || !cudahost_inside(space, WORKSPACE)
                || (adds() && !cudahost_inside(bp, bytes(bias)))) {
            return BAD_PARAM;
        }
        bool rounding = engine == ROUNDING;
        if (kind == FORWARD || kind == MATMUL_OPERATION) {
            forward(x, xp, w, wp, c, y, yp, rounding, [this, bp](double sum, long long channel) {
                return ended(sum, adds() ? get(bp, element(bias.type), channel) : 0);
            });
        } else if (kind == BACKWARD_DATA) {
            backward_data(x, xp, w, wp, c, y, yp, alpha, beta, rounding);
        } else {
            backward_filter(x, xp, w, wp, c, y, yp, rounding);
        }
        return SUCCESS;
    }
};

API cudnnBackendCreateDescriptor(int kind, Descriptor **d) {
    *d = new Descriptor{kind, false, -1, {}, {}};
    return SUCCESS;
}
API cudnnBackendDestroyDescriptor(Descriptor *d) {
    delete d;
    return SUCCESS;
}
API cudnnBackendSetAttribute(Descriptor *d, int name, int type, long long count, const void *values) {
    if (d->finished || count < 1) {
        return BAD_PARAM;
    }
    if (type_of(d->kind, name) >= 0 && type != type_of(d->kind, name)) {
        return BAD_PARAM;
    }
    bool four = type == 1 || type == 2 || type == 10 || type == 4 || type == 7 || type == 8 || type == 11 || type == 14;
    d->attributes[name].assign((const char *) values, (const char *) values + count * (four ? 4 : 8));
    return SUCCESS;
}
API cudnnBackendFinalize(Descriptor *d) {
    if (cudahost_broken() || d->finished) {
        return cudahost_broken() ? EXECUTION_FAILED : BAD_PARAM;
    }
    if (d->kind == TENSOR) {
        Tensor t = tensor_of(d);
        if (d->number(900) % 16 || !known(t.type) || t.n <= 0 || t.c <= 0 || t.h <= 0 || t.w <= 0) {
            return BAD_PARAM;
        }
    }
    if (d->kind == CONVOLUTION && (d->constant(100) != FLOAT || d->constant(101) != 1 || d->number(106) != 2
            || d->number(104, 0) != d->number(105, 0) || d->number(104, 1) != d->number(105, 1))) {
        return BAD_PARAM;
    }
    if (d->kind == POINTWISE && (d->constant(1) != FLOAT
            || (d->constant(0) != ADD && d->constant(0) != RELU && d->constant(0) != GELU)
            || (d->constant(0) == RELU && (!d->attributes.count(2) || d->constant(2) != 1)))) {
        return NOT_SUPPORTED;
    }
    if (d->kind == MATMUL && d->constant(1500) != FLOAT) {
        return NOT_SUPPORTED;
    }
    if (d->kind == GRAPH && (!d->number(800) || !Work(d).fits())) {
        return BAD_PARAM;
    }
    if (d->kind == PLAN) {                 // lives on without its graph
        Descriptor *configuration = d->descriptor(401);
        d->engine = configuration->engine;
        d->work = configuration->work;
        if (!d->work->takes(d->engine)) {
            return NOT_SUPPORTED;
        }
    }
    d->finished = true;
    return SUCCESS;
}
API cudnnBackendGetAttribute(Descriptor *d, int name, int, long long wanted, long long *count, void *values) {
    if (!d->finished) {
        return BAD_PARAM;
    }
    long long *longs = (long long *) values;
    *count = 1;
    if (d->kind == HEURISTICS && name == 202) {
        std::shared_ptr<Work> work = std::make_shared<Work>(d->descriptor(201));
        *count = d->constant(200) == HEURISTIC_A && !work->grouped() ? COUNT : 0;
        for (int i = 0; i < *count && i < wanted; i++) {
            Descriptor *configuration = (Descriptor *) longs[i];
            configuration->engine = i;
            configuration->work = work;
            configuration->finished = true;
        }
    } else if (d->kind == CONFIGURATION && name == 300) {
        ((Descriptor *) longs[0])->engine = d->engine;
        ((Descriptor *) longs[0])->finished = true;
    } else if (d->kind == ENGINE && name == 1303) {
        const std::vector<int> &notes = ENGINES[d->engine].notes;
        *count = notes.size();
        std::copy(notes.begin(), notes.end(), (int *) values);
    } else if (d->kind == ENGINE && name == 1301) {
        *longs = ENGINES[d->engine].index;
    } else if (d->kind == PLAN && name == 402) {
        *longs = WORKSPACE;
    } else {
        return BAD_PARAM;
    }
    return SUCCESS;
}
API cudnnBackendExecute(Handle *handle, Descriptor *plan, Descriptor *pack) {
    if (cudahost_broken() || !plan->finished || !pack->finished) {
        return cudahost_broken() ? EXECUTION_FAILED : BAD_PARAM;
    }
    std::map<long long, void *> at;
    for (int i = 0; i < pack->count(1000); i++) {
        at[pack->number(1000, i)] = (void *) pack->number(1001, i);
    }
    if (at.count('b') != plan->work->adds()) {           // names that the graph has not
        return BAD_PARAM;
    }
    void *x = at['x'], *w = at['w'], *y = at['y'], *b = at['b'], *space = (void *) pack->number(1003);
    std::function<int()> work = [work = plan->work, engine = plan->engine, x, w, y, b, space] {
        return work->run(engine, x, w, y, b, space);
    };
    return cudahost_recorded(handle->stream, &work) ? SUCCESS : work();
}
