// libcuda.so.1 of the host emulator: the driver calls that the backend makes. Kernels run on the calling thread, the
// threads of a block as fibers, so that __syncthreads and warp shuffles are real meeting points. Memory begins as NaN,
// device and shared alike; allocations have borders of NaN that are checked after every launch; pointers are checked
// before it. The order of threads and blocks can be chosen (limit 0x7000): 0 as numbered, 1 backwards, 2 … shuffled,
// −1 all of 0, 1, 2 with their results compared, which shows a missing barrier as a difference. Copies from the host
// are done as late as their stream's order allows; two streams that use the same memory with no event between are
// refused. Streams can be recorded as graphs (graph.h).
#include "cudahost.h"
#include "fibers.h"
#include "graph.h"
#include "order.h"
#include <dlfcn.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, INVALID = 1, OUT_OF_MEMORY = 2, NO_IMAGE = 200, NOT_FOUND = 500, ADDRESS = 700, FAILED = 719,
    UNRECORDABLE = 900, INVALIDATED = 901 };
static const int ORDER_LIMIT = 0x7000, LAUNCHES_LIMIT = 0x7001, WAITS_LIMIT = 0x7002, PROFILED_LIMIT = 0x7003,
    UPLOADED_LIMIT = 0x7004;
static const size_t BORDER = 256;
static std::recursive_mutex lock;
static std::string detail;
typedef std::lock_guard<std::recursive_mutex> Locked;

static int fail(int code, const std::string &why) {
    detail = why;
    return code;
}

// A launch that fails as on a GPU: unnoticed, and from then on every call says so (CUDAHOST_FAIL: its number, from 1).
static int broken;
static bool profiling;
static long launches, profiled, waits, uploaded, failing = getenv("CUDAHOST_FAIL") ? atol(getenv("CUDAHOST_FAIL")) : 0;
#define USABLE if (broken) { return fail(broken, "launch " + std::to_string(failing) + " was to fail"); }

extern "C" __attribute__((visibility("default"))) bool cudahost_broken() { return broken; }

#include "device_memory.h"

// ---------------------------------------------------------------- launches

struct Module { void *library; const Kernel *kernels; char *shared; size_t shared_bytes; };
struct Function { const Kernel *kernel; Module *module; };

static long order = getenv("CUDAHOST_ORDER") ? atol(getenv("CUDAHOST_ORDER")) : 0;

static int run_grid(const Function &f, uint3 blocks, uint3 threads, long how) {
    unsigned n = threads.x * threads.y * threads.z;
    uint64_t count = (uint64_t) blocks.x * blocks.y * blocks.z, random = 88172645463325252ull + how;
    std::vector<unsigned> sequence(n);
    for (unsigned i = 0; i < n; i++) {
        sequence[i] = how == 1 ? n - 1 - i : i;
    }
    for (uint64_t b = 0; b < count; b++) {
        for (unsigned k = n; how >= 2 && k > 1; k--) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            std::swap(sequence[k - 1], sequence[random % k]);
        }
        uint64_t id = how == 1 ? count - 1 - b : b;
        uint3 block = {(unsigned) (id % blocks.x), (unsigned) (id / blocks.x % blocks.y),
                (unsigned) (id / ((uint64_t) blocks.x * blocks.y))};
        memset(f.module->shared, 0xff, f.module->shared_bytes);
        for (unsigned i = 0; i < n; i++) {
            uint3 at = {i % threads.x, i / threads.x % threads.y, i / (threads.x * threads.y)};
            fibers[i].thread = {at, block, threads, blocks, Wait::nothing, 0, 0};
        }
        kernel = f.kernel;
        if (!run_block(sequence)) {
            return fail(FAILED, "deadlock: some threads wait at __syncthreads and others for their warp");
        }
    }
    return borders();
}

typedef std::map<uintptr_t, std::vector<char>> Contents;

static Contents contents() {
    Contents all;
    for (auto &m : memory) {
        if (is_lent(m.first)) {
            continue;
        }
        all[m.first] = std::vector<char>((char *) m.first, (char *) m.first + m.second);
    }
    return all;
}

// Whether the pointers among a kernel's arguments are addresses of device memory, and that of kernels.
static int pointers(const Kernel &kernel, void **given) {
    for (unsigned i = 0; i < kernel.count; i++) {
        void *value = *(void **) given[i];
        if (kernel.pointers >> i & 1 && value
                && (!cudahost_inside(value, 1) || is_lent(std::prev(memory.upper_bound((uintptr_t) value))->first))) {
            return fail(ADDRESS, std::string(kernel.name) + ": argument " + std::to_string(i)
                    + " is no address of device memory");
        }
    }
    return SUCCESS;
}

static int run_kernel(Stream *stream, const Function &f, uint3 grid, uint3 block, void **given) {
    int status = pointers(*f.kernel, given);
    if (status) {
        return status;
    }
    Stream *s = begin(stream);
    for (unsigned i = 0; i < f.kernel->count; i++) {
        void *value = *(void **) given[i];
        if (f.kernel->pointers >> i & 1 && value) {
            auto place = std::prev(memory.upper_bound((uintptr_t) value));
            if (!ordered(s, place->first, place->second, true)) {
                return INVALID;
            }
        }
    }
    profiled += profiling;
    if (++launches == failing) {
        broken = ADDRESS;
        return SUCCESS;
    }
    arguments = given;
    if (order >= 0) {
        return run_grid(f, grid, block, order);
    }
    Contents before = contents();
    status = run_grid(f, grid, block, 0);
    Contents first = contents();
    for (long how = 1; status == SUCCESS && how <= 2; how++) {
        for (auto &m : before) {
            memcpy((void *) m.first, m.second.data(), m.second.size());
        }
        status = run_grid(f, grid, block, how);
        if (status == SUCCESS && contents() != first) {
            status = fail(FAILED, std::string(f.kernel->name) + ": the result depends on the order of threads");
        }
    }
    return status;
}

// What a launch was given, kept for later.
struct Given {
    std::vector<uint64_t> values;
    std::vector<size_t> at;

    Given(const Kernel &kernel, void **given) {
        for (unsigned i = 0; i < kernel.count; i++) {
            at.push_back(values.size());
            values.resize(values.size() + (kernel.sizes[i] + 7) / 8);
            memcpy(&values[at[i]], given[i], kernel.sizes[i]);
        }
    }

    std::vector<void *> pointers() {
        std::vector<void *> all;
        for (size_t i : at) {
            all.push_back(&values[i]);
        }
        return all;
    }
};

API cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
        unsigned shared, void *stream, void **given, void **) {
    Locked l(lock);
    USABLE
    Function &f = *(Function *) function;
    uint64_t threads = (uint64_t) bx * by * bz;
    if (threads == 0 || threads > MAX_THREADS || gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || shared) {
        return fail(INVALID, "grid or block size");
    }
    uint3 grid = {gx, gy, gz}, block = {bx, by, bz};
    Graph *graph = recorded(stream);
    if (!graph) {
        return run_kernel((Stream *) stream, f, grid, block, given);
    }
    int status = pointers(*f.kernel, given);
    if (status) {
        return status;
    }
    for (unsigned i = 0; i < f.kernel->count; i++) {
        void *value = *(void **) given[i];
        if (f.kernel->pointers >> i & 1 && value) {
            uintptr_t base = std::prev(memory.upper_bound((uintptr_t) value))->first;
            graph->uses.push_back({base, numbers[base]});
        }
    }
    return queue(stream, [&f, grid, block, kept = Given(*f.kernel, given)](Stream *s) mutable {
        return run_kernel(s, f, grid, block, kept.pointers().data());
    });
}

#include "graph_calls.h"

// ---------------------------------------------------------------- modules

API cuModuleLoadData(void **module, const void *image) {
    Locked l(lock);
    const char *elf = (const char *) image;
    if (memcmp(elf, "\177ELF", 4)) {
        return fail(NO_IMAGE, "not what the emulator's NVRTC gives");
    }
    uint64_t sections;
    uint16_t size, count;
    memcpy(&sections, elf + 40, 8);
    memcpy(&size, elf + 58, 2);
    memcpy(&count, elf + 60, 2);
    char name[] = "/tmp/cudahost-XXXXXX";
    int file = mkstemp(name);
    size_t bytes = sections + (size_t) size * count;
    bool written = file >= 0 && write(file, image, bytes) == (ssize_t) bytes;
    if (file >= 0) {
        close(file);
    }
    void *library = written ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : nullptr;
    std::string why = library ? "" : written ? dlerror() : "no room in /tmp";
    unlink(name);
    if (!library) {
        return fail(NO_IMAGE, why);
    }
    Module *m = new Module();
    m->library = library;
    m->kernels = ((const Kernel *(*) ()) dlsym(library, "cudahost_kernels"))();
    ((void (*)(char **, size_t *)) dlsym(library, "cudahost_shared"))(&m->shared, &m->shared_bytes);
    *module = m;
    return SUCCESS;
}
API cuModuleGetFunction(void **function, void *module, const char *name) {
    Module *m = (Module *) module;
    for (const Kernel *k = m->kernels; k->name; k++) {
        if (!strcmp(k->name, name)) {
            *function = new Function {k, m};
            return SUCCESS;
        }
    }
    return fail(NOT_FOUND, std::string("no kernel ") + name);
}

// ---------------------------------------------------------------- device, streams, events

API cuInit(unsigned) { return SUCCESS; }
API cuDriverGetVersion(int *v) { *v = 13000; return SUCCESS; }
API cuDeviceGetCount(int *n) { *n = 1; return SUCCESS; }
API cuDeviceGet(int *d, int ordinal) { *d = ordinal; return ordinal == 0 ? SUCCESS : 101; }
API cuDeviceGetName(char *s, int n, int) { snprintf(s, n, "host emulator (no GPU)"); return SUCCESS; }
API cuDeviceGetAttribute(int *v, int attribute, int) {
    switch (attribute) {
        case 16: *v = 2; break;             // multiprocessors
        case 75: *v = 9; break;             // compute capability 9.0
        case 76: *v = 0; break;
        default: *v = 0;
    }
    return SUCCESS;
}
API cuDeviceTotalMem_v2(size_t *n, int) { *n = capacity(); return SUCCESS; }
API cuDevicePrimaryCtxRetain(void **c, int) { *c = (void *) 0x10; return SUCCESS; }
API cuCtxSetCurrent(void *) { return SUCCESS; }
API cuCtxSynchronize() {
    Locked l(lock);
    USABLE
    for (Stream *s : streams) {
        join(host, s->seen);
    }
    settle(host);
    return SUCCESS;
}
API cuCtxGetLimit(size_t *value, int limit) {
    *value = limit == WAITS_LIMIT ? waits : limit == PROFILED_LIMIT ? profiled : limit == UPLOADED_LIMIT ? uploaded
            : launches;
    return limit >= LAUNCHES_LIMIT && limit <= UPLOADED_LIMIT ? SUCCESS : INVALID;
}
API cuProfilerStart() { profiling = true; return SUCCESS; }
API cuProfilerStop() { profiling = false; return SUCCESS; }
API cuCtxSetLimit(int limit, size_t value) {
    if (limit != ORDER_LIMIT) {
        return INVALID;
    }
    order = (long) value;
    return SUCCESS;
}
API cuStreamCreate(void **s, unsigned) {
    Locked l(lock);
    streams.push_back(new Stream {(unsigned) streams.size(), {}, {}});
    *s = streams.back();
    return SUCCESS;
}
API cuStreamSynchronize(void *s) {
    Locked l(lock);
    USABLE
    if (unrecordable(s)) {
        return UNRECORDABLE;
    }
    waits++;
    join(host, ((Stream *) s)->seen);
    settle(host);
    return SUCCESS;
}
API cuStreamWaitEvent(void *s, void *e, unsigned) {
    Locked l(lock);
    USABLE
    if (unrecordable(s)) {
        return UNRECORDABLE;
    }
    join(((Stream *) s)->seen, ((Event *) e)->seen);
    return SUCCESS;
}
API cuEventCreate(void **e, unsigned) { *e = new Event {}; return SUCCESS; }
API cuEventRecord(void *e, void *s) {
    Locked l(lock);
    USABLE
    if (unrecordable(s)) {
        return UNRECORDABLE;
    }
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    *(Event *) e = {std::chrono::duration<double, std::milli>(now).count(), ((Stream *) s)->seen};
    return SUCCESS;
}
API cuEventSynchronize(void *e) {
    Locked l(lock);
    USABLE
    join(host, ((Event *) e)->seen);
    settle(host);
    return SUCCESS;
}
API cuEventElapsedTime(float *ms, void *a, void *b) {
    *ms = (float) (((Event *) b)->ms - ((Event *) a)->ms);
    return SUCCESS;
}

static const char *name(int code) {
    switch (code) {
        case SUCCESS: return "CUDA_SUCCESS";
        case INVALID: return "CUDA_ERROR_INVALID_VALUE";
        case OUT_OF_MEMORY: return "CUDA_ERROR_OUT_OF_MEMORY";
        case 101: return "CUDA_ERROR_INVALID_DEVICE";
        case NO_IMAGE: return "CUDA_ERROR_INVALID_IMAGE";
        case NOT_FOUND: return "CUDA_ERROR_NOT_FOUND";
        case ADDRESS: return "CUDA_ERROR_ILLEGAL_ADDRESS";
        case FAILED: return "CUDA_ERROR_LAUNCH_FAILED";
        case UNRECORDABLE: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
        case INVALIDATED: return "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED";
        default: return "CUDA_ERROR_UNKNOWN";
    }
}
API cuGetErrorName(int code, const char **text) { *text = name(code); return SUCCESS; }
API cuGetErrorString(int code, const char **text) {
    static std::string last;
    last = "emulator: " + detail;
    *text = code ? last.c_str() : "no error";
    return SUCCESS;
}
