// One step of SGD or LARC over all parameters, in place.
//
// Naive version: a handful of operations for each of a ResNet's 161 tensors, most of them too small to fill the GPU.
// Here: one launch for all, in packs of 16 bytes. Tensors are cut into pieces of fixed size; two tables say which, and
// where the tensors lie, and stay in device memory from step to step. LARC's norms are summed piece by piece in an order
// that is the pieces' alone, so that they repeat bit for bit.
// Bytes: 20 per parameter (p and b read and written, g read), LARC 8 more for the norms. FLOPs: 6 and 10.
//
// With fp16 the gradients are those of a scaled loss: one launch divides them all (8 bytes each) and notes what is not
// finite, the step that follows looks at the note, and a last launch of one thread moves the scale. The host asks for
// none of it, so that nothing waits. The learning rate lies in device memory, too: a step that was recorded as a graph is
// queued again with another.

// The scale, steps since it last changed, 1 for an overflow.
struct LossScale { float scale, steps, overflow; };

// Where a tensor's parameters, gradient and momentum lie.
struct Place3 { float *p; const float *g; float *b; };

// A block's piece of the three; packs: whether 16 bytes can be read at once.
struct Part {
    float *p;
    const float *g;
    float *b;
    int count, packs;
};

__device__ inline Part part_of(const Piece &piece, const Place3 *tensors) {
    Place3 t = tensors[piece.tensor];
    Part part = {t.p + piece.from, t.g + piece.from, t.b + piece.from, piece.count, 0};
    part.packs = (((u64) part.p | (u64) part.g | (u64) part.b) % 16 == 0) ? piece.count / 4 : 0;
    return part;
}

typedef pack<float> four;

// g ← (g + decay·p)·scale; b ← momentum·b + g; p ← p − rate·b, with Nesterov p − rate·(g + momentum·b).
struct Update { float scale, decay, momentum, rate; int nesterov; };

__device__ inline void update(const Update &u, float &p, float g, float &b) {
    g = (g + u.decay * p) * u.scale;
    b = u.momentum * b + g;
    p = p - u.rate * (u.nesterov ? g + u.momentum * b : b);
}

__device__ inline void update(const Update &u, const Part &part) {
    for (int i = threadIdx.x; i < part.packs; i += blockDim.x) {
        four p = ((four *) part.p)[i];
        four g = ((const four *) part.g)[i];
        four b = ((four *) part.b)[i];
        #pragma unroll
        for (int e = 0; e < 4; e++) {
            update(u, p.v[e], g.v[e], b.v[e]);
        }
        ((four *) part.b)[i] = b;
        ((four *) part.p)[i] = p;
    }
    for (int i = 4 * part.packs + threadIdx.x; i < part.count; i += blockDim.x) {
        update(u, part.p[i], part.g[i], part.b[i]);
    }
}

__device__ inline bool runs(const LossScale *loss) { return loss == nullptr || loss->overflow == 0; }

extern "C" __global__ void sgd_f32(const Piece *pieces, const Place3 *tensors, int count, float decay, float momentum,
        const float *rate, int nesterov, const LossScale *loss) {
    Update u = {1, decay, momentum, *rate, nesterov};
    for (int k = blockIdx.x; k < count && runs(loss); k += gridDim.x) {
        update(u, part_of(pieces[k], tensors));
    }
}

// Σ p² and Σ g² of each piece.
extern "C" __global__ void larc_squares_f32(const Piece *pieces, const Place3 *tensors, int count, float *squares) {
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Part part = part_of(pieces[k], tensors);
        float p = 0;
        float g = 0;
        #pragma unroll 4
        for (int i = threadIdx.x; i < part.packs; i += blockDim.x) {
            four vp = ((const four *) part.p)[i];
            four vg = ((const four *) part.g)[i];
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                p += vp.v[e] * vp.v[e];
                g += vg.v[e] * vg.v[e];
            }
        }
        for (int i = 4 * part.packs + threadIdx.x; i < part.count; i += blockDim.x) {
            p += part.p[i] * part.p[i];
            g += part.g[i] * part.g[i];
        }
        p = block_sum(p);
        g = block_sum(g);
        if (threadIdx.x == 0) {
            squares[2 * k] = p;
            squares[2 * k + 1] = g;
        }
    }
}

// For each tensor, whose pieces are first[t] … first[t + 1] − 1: what its gradient is scaled with, and its decay. A
// warp each, in blocks of 32 × 8 threads.
extern "C" __global__ void larc_rates_f32(const float *squares, const int *first, int tensors, float *rates,
        float trust, float decay, float eps, const float *rate, int clip) {
    for (int t = blockIdx.x * blockDim.y + threadIdx.y; t < tensors; t += gridDim.x * blockDim.y) {
        double p2 = 0;
        double g2 = 0;
        for (int k = first[t] + threadIdx.x; k < first[t + 1]; k += 32) {
            p2 += squares[2 * k];
            g2 += squares[2 * k + 1];
        }
        float p = (float) sqrt(warp_sum(p2));
        float g = (float) sqrt(warp_sum(g2));
        int adapts = p != 0 && g != 0;
        float a = adapts ? trust * p / (g + decay * p + eps) : 1.0f;
        if (threadIdx.x == 0) {
            rates[2 * t] = adapts && clip ? smaller(a / *rate, 1.0f) : a;
            rates[2 * t + 1] = adapts ? decay : 0.0f;
        }
    }
}

// The last pieces first: the cache still has them from the sums of squares.
extern "C" __global__ void larc_f32(const Piece *pieces, const Place3 *tensors, int count, const float *rates,
        float momentum, const float *rate, const LossScale *loss) {
    for (int k = count - 1 - blockIdx.x; k >= 0 && runs(loss); k -= gridDim.x) {
        Piece piece = pieces[k];
        Update u = {rates[2 * piece.tensor], rates[2 * piece.tensor + 1], momentum, *rate, 0};
        update(u, part_of(piece, tensors));
    }
}

#define UNDER_WAY 4                        // packs that a thread reads before it needs the first

// p are the gradients here. Threads that find something write the same number.
extern "C" __global__ void unscale_f32(const Piece *pieces, const Place3 *tensors, int count, LossScale *loss) {
    float scale = loss->scale;
    bool finite = true;
    for (int k = blockIdx.x; k < count; k += gridDim.x) {
        Part part = part_of(pieces[k], tensors);
        four *packs = (four *) part.p;
        for (int i = threadIdx.x; i < part.packs; i += UNDER_WAY * blockDim.x) {
            four g[UNDER_WAY];
            #pragma unroll
            for (int u = 0; u < UNDER_WAY; u++) {
                if (i + u * (int) blockDim.x < part.packs) {
                    g[u] = packs[i + u * blockDim.x];
                }
            }
            #pragma unroll
            for (int u = 0; u < UNDER_WAY; u++) {
                if (i + u * (int) blockDim.x < part.packs) {
                    #pragma unroll
                    for (int e = 0; e < 4; e++) {
                        finite = finite && fabsf(g[u].v[e]) < INFINITE;
                        g[u].v[e] = g[u].v[e] / scale;
                    }
                    packs[i + u * blockDim.x] = g[u];
                }
            }
        }
        for (int i = 4 * part.packs + threadIdx.x; i < part.count; i += blockDim.x) {
            float g = part.p[i];
            finite = finite && fabsf(g) < INFINITE;
            part.p[i] = g / scale;
        }
    }
    if (!finite) {
        loss->overflow = 1;
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
