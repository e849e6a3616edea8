// libcublas.so.12 of the host emulator: matrix products as plain loops, for the calls that the backend makes.
#include "numbers.h"
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, INVALID = 7, FAILED = 13, NOT_SUPPORTED = 15 };
enum { F32 = 0, F16 = 2, BF16 = 14, COMPUTE_F32 = 68, COMPUTE_TF32 = 77 };

struct Handle { void *stream, *workspace; };

API cublasCreate_v2(Handle **handle) { *handle = new Handle(); return SUCCESS; }
API cublasDestroy_v2(Handle *handle) { delete handle; return SUCCESS; }
API cublasSetStream_v2(Handle *handle, void *stream) { *handle = {stream, nullptr}; return SUCCESS; }
API cublasSetWorkspace_v2(Handle *handle, void *at, size_t bytes) {
    if (!cudahost_inside(at, bytes) || (uintptr_t) at % 256) {
        return INVALID;
    }
    cudahost_lent(at);
    handle->workspace = at;
    return SUCCESS;
}
API cublasSetMathMode(void *, int) { return SUCCESS; }
API cublasGetVersion_v2(void *, int *v) { *v = 120600; return SUCCESS; }
extern "C" __attribute__((visibility("default"))) const char *cublasGetStatusString(int status) {
    return status == SUCCESS ? "success" : status == INVALID ? "an unsupported value or parameter was passed"
            : status == FAILED ? "the GPU program failed to execute"
            : status == NOT_SUPPORTED ? "the functionality requested is not supported" : "unknown";
}

// Column-major, as cuBLAS: C[m, n] = alpha·op(A)·op(B) + beta·C, batch times.
struct Product {
    int ta, tb, m, n, k;
    float alpha, beta;
    const void *a, *b;
    void *c;
    Element type;
    int lda, ldb, ldc;
    long long sa, sb, sc;
    int batch;
    bool ten_bits;

    bool inside() const {
        size_t size = bytes_of(type);
        bool all = cudahost_inside(c, size * (sc * (batch - 1) + (size_t) ldc * (n - 1) + m));
        if (k > 0) {
            all &= cudahost_inside(a, size * (sa * (batch - 1) + (size_t) lda * ((ta ? m : k) - 1) + (ta ? k : m)))
                    && cudahost_inside(b, size * (sb * (batch - 1) + (size_t) ldb * ((tb ? k : n) - 1) + (tb ? n : k)));
        }
        return all;
    }

    int run() const {
        if (!inside()) {
            return INVALID;
        }
        std::vector<double> column(m);
        for (int q = 0; q < batch; q++) {
            for (int j = 0; j < n; j++) {
                std::fill(column.begin(), column.end(), 0.0);
                for (int l = 0; l < k; l++) {
                    add(q, j, l, column);
                }
                for (int i = 0; i < m; i++) {
                    long long to = q * sc + (long long) j * ldc + i;
                    double before = beta == 0 ? 0 : beta * get(c, type, to);
                    put(c, type, to, (float) (alpha * column[i] + before));
                }
            }
        }
        return SUCCESS;
    }

    // Column l of op(A) times element [l, j] of op(B).
    void add(int q, int j, int l, std::vector<double> &column) const {
        float g = get(b, type, q * sb + (tb ? (long long) l * ldb + j : (long long) j * ldb + l));
        double f = ten_bits ? tf32(g) : g;
        long long from = q * sa + (ta ? l : (long long) l * lda), step = ta ? lda : 1;
        if (type == Element::f32) {
            const float *x = (const float *) a + from;
            for (int i = 0; i < m; i++) {
                column[i] += f * (ten_bits ? tf32(x[i * step]) : x[i * step]);
            }
        } else {
            for (int i = 0; i < m; i++) {
                column[i] += f * get(a, type, from + i * step);
            }
        }
    }
};

API cublasGemmStridedBatchedEx(Handle *handle, int ta, int tb, int m, int n, int k, const float *alpha, const void *a,
        int at, int lda, long long sa, const void *b, int bt, int ldb, long long sb, const float *beta, void *c, int ct,
        int ldc, long long sc, int batch, int compute, int) {
    if (cudahost_broken()) {
        return FAILED;
    }
    if ((compute != COMPUTE_F32 && compute != COMPUTE_TF32) || at != bt || at != ct
            || (at != F32 && at != BF16 && at != F16)) {
        return NOT_SUPPORTED;
    }
    if (m < 0 || n < 0 || k < 0 || lda < std::max(1, ta ? k : m) || ldb < std::max(1, tb ? n : k)
            || ldc < std::max(1, m)) {
        return INVALID;
    }
    if (m == 0 || n == 0 || batch == 0) {
        return SUCCESS;
    }
    Element type = at == F32 ? Element::f32 : at == BF16 ? Element::bf16 : Element::f16;
    Product product = {ta, tb, m, n, k, *alpha, *beta, a, b, c, type, lda, ldb, ldc, sa, sb, sc, batch,
            compute == COMPUTE_TF32};
    std::function<int()> work = [product] { return product.run(); };
    return cudahost_recorded(handle->stream, &work) ? SUCCESS : work();
}
API cublasGemmEx(Handle *h, int ta, int tb, int m, int n, int k, const float *alpha, const void *a, int at, int lda,
        const void *b, int bt, int ldb, const float *beta, void *c, int ct, int ldc, int compute, int algorithm) {
    return cublasGemmStridedBatchedEx(h, ta, tb, m, n, k, alpha, a, at, lda, 0, b, bt, ldb, 0, beta, c, ct, ldc, 0, 1,
            compute, algorithm);
}
