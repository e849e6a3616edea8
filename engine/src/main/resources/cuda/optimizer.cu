// One step of SGD or LARC over all parameters, in place.
//
// Naive version: a handful of operations for each of a ResNet's 161 tensors, most of them too small to fill the GPU.
// Here: one launch for all. Tensors are cut into pieces of fixed size, a table in device memory says which; LARC's
// norms are summed piece by piece in the pieces' order, so that they repeat bit for bit.
// Bytes: 20 per parameter (p and b read and written, g read), LARC 8 more for the norms. FLOPs: 6 and 10.
//
// With fp16 the gradients are those of a scaled loss: one launch divides them all (8 bytes each) and notes what is not
// finite, the step that follows looks at the note, and a last launch of one thread moves the scale. The host asks for
// none of it, so that nothing waits.

// The scale, steps since it last changed, 1 for an overflow.
struct LossScale { float scale, steps, overflow; };

struct Piece { float *p; const float *g; float *b; i64 from, count; int tensor, padding; };

// g ← (g + decay·p)·scale; b ← momentum·b + g; p ← p − rate·b, with Nesterov p − rate·(g + momentum·b).
__device__ inline void update(const Piece &piece, i64 i, float scale, float decay, float momentum, float rate,
        int nesterov) {
    float p = piece.p[i];
    float g = (piece.g[i] + decay * p) * scale;
    float b = momentum * piece.b[i] + g;
    piece.b[i] = b;
    piece.p[i] = p - rate * (nesterov ? g + momentum * b : b);
}

__device__ inline bool runs(const LossScale *loss) { return loss == nullptr || loss->overflow == 0; }

extern "C" __global__ void sgd_f32(const Piece *pieces, int count, float decay, float momentum, float rate,
        int nesterov, const LossScale *loss) {
    for (int k = blockIdx.x; k < count && runs(loss); k += gridDim.x) {
        Piece piece = pieces[k];
        for (i64 i = piece.from + threadIdx.x; i < piece.from + piece.count; i += blockDim.x) {
            update(piece, i, 1, decay, momentum, rate, nesterov);
        }
    }
}

// Σ p² and Σ g² of each piece.
extern "C" __global__ void larc_squares_f32(const Piece *pieces, int count, float *squares) {
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Piece piece = pieces[k];
        float p = 0;
        float g = 0;
        for (i64 i = piece.from + threadIdx.x; i < piece.from + piece.count; i += blockDim.x) {
            p += piece.p[i] * piece.p[i];
            g += piece.g[i] * piece.g[i];
        }
        p = block_sum(p);
        g = block_sum(g);
        if (threadIdx.x == 0) {
            squares[2 * k] = p;
            squares[2 * k + 1] = g;
        }
    }
}

// For each tensor, whose pieces are first[t] … first[t + 1] − 1: what its gradient is scaled with, and its decay.
extern "C" __global__ void larc_rates_f32(const float *squares, const int *first, int tensors, float *rates,
        float trust, float decay, float eps, float rate, int clip) {
    EACH(t, tensors) {
        double p2 = 0;
        double g2 = 0;
        for (int k = first[t]; k < first[t + 1]; k++) {
            p2 += squares[2 * k];
            g2 += squares[2 * k + 1];
        }
        float p = (float) sqrt(p2);
        float g = (float) sqrt(g2);
        int adapts = p != 0 && g != 0;
        float a = adapts ? trust * p / (g + decay * p + eps) : 1.0f;
        rates[2 * t] = adapts && clip ? smaller(a / rate, 1.0f) : a;
        rates[2 * t + 1] = adapts ? decay : 0.0f;
    }
}

extern "C" __global__ void larc_f32(const Piece *pieces, int count, const float *rates, float momentum, float rate,
        const LossScale *loss) {
    for (int k = blockIdx.x; k < count && runs(loss); k += gridDim.x) {
        Piece piece = pieces[k];
        float scale = rates[2 * piece.tensor];
        float decay = rates[2 * piece.tensor + 1];
        for (i64 i = piece.from + threadIdx.x; i < piece.from + piece.count; i += blockDim.x) {
            update(piece, i, scale, decay, momentum, rate, 0);
        }
    }
}

// p are the gradients here. Threads that find something write the same number.
extern "C" __global__ void unscale_f32(const Piece *pieces, int count, LossScale *loss) {
    float scale = loss->scale;
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Piece piece = pieces[k];
        for (i64 i = piece.from + threadIdx.x; i < piece.from + piece.count; i += blockDim.x) {
            float g = piece.p[i];
            if (!(fabsf(g) < INFINITE)) {
                loss->overflow = 1;
            }
            piece.p[i] = g / scale;
        }
    }
}

extern "C" __global__ void loss_scale_f32(LossScale *loss, float growth, float backoff, int interval) {
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        float larger = loss->scale * growth;
        if (loss->overflow != 0) {
            loss->scale *= backoff;
            loss->steps = 0;
        } else if (loss->steps + 1 >= interval) {
            loss->scale = larger < INFINITE ? larger : loss->scale;
            loss->steps = 0;
        } else {
            loss->steps += 1;
        }
        loss->overflow = 0;
    }
}
