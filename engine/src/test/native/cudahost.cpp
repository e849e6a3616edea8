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
static const int ORDER_LIMIT = 0x7000, LAUNCHES_LIMIT = 0x7001, WAITS_LIMIT = 0x7002, PROFILED_LIMIT = 0x7003;
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
static long launches, profiled, waits, failing = getenv("CUDAHOST_FAIL") ? atol(getenv("CUDAHOST_FAIL")) : 0;
#define USABLE if (broken) { return fail(broken, "launch " + std::to_string(failing) + " was to fail"); }

extern "C" __attribute__((visibility("default"))) bool cudahost_broken() { return broken; }

// ---------------------------------------------------------------- memory

static std::map<uintptr_t, size_t> memory;
static std::map<uintptr_t, long> numbers;               // of allocations: an address may come again
static long allocations;
static std::vector<uintptr_t> lent;
static size_t used;

static size_t capacity() {
    const char *mib = getenv("CUDAHOST_MIB");
    return (size_t) (mib ? atoll(mib) : 4096) << 20;
}

// Whether [address, address + bytes) lies in one live allocation.
extern "C" __attribute__((visibility("default"))) bool cudahost_inside(const void *address, size_t bytes) {
    Locked l(lock);
    auto at = memory.upper_bound((uintptr_t) address);
    if (at == memory.begin()) {
        return false;
    }
    --at;
    return (uintptr_t) address + bytes <= at->first + at->second;
}

extern "C" __attribute__((visibility("default"))) void cudahost_lent(void *address) {
    Locked l(lock);
    lent.push_back((uintptr_t) address);
}
static bool is_lent(uintptr_t base) { return std::find(lent.begin(), lent.end(), base) != lent.end(); }

// Notes what a stream does to device memory; false when another stream may be at it.
static bool ordered(Stream *s, uint64_t address, size_t bytes, bool write) {
    auto at = memory.upper_bound(address);
    uintptr_t base = at == memory.begin() ? 0 : std::prev(at)->first;
    if (noted(s, base, address, bytes, write)) {
        return true;
    }
    fail(INVALID, "two streams use the same memory, and no event makes one wait for the other");
    return false;
}

static int borders() {
    static const std::vector<unsigned char> nan(BORDER, 0xff);
    for (auto &m : memory) {
        if (memcmp((void *) (m.first - BORDER), nan.data(), BORDER)
                || memcmp((void *) (m.first + m.second), nan.data(), BORDER)) {
            memset((void *) (m.first - BORDER), 0xff, BORDER);
            memset((void *) (m.first + m.second), 0xff, BORDER);
            return fail(ADDRESS, "a kernel wrote outside an allocation of " + std::to_string(m.second) + " bytes");
        }
    }
    return SUCCESS;
}

API cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    Locked l(lock);
    USABLE
    if (bytes == 0) {
        return fail(INVALID, "0 bytes asked for");
    }
    if (used + bytes > capacity()) {
        return fail(OUT_OF_MEMORY, "the emulator's memory is full");
    }
    size_t padded = (bytes + 255) & ~(size_t) 255;
    char *raw = (char *) aligned_alloc(256, padded + 2 * BORDER);
    if (!raw) {
        return fail(OUT_OF_MEMORY, "the host's memory is full");
    }
    memset(raw, 0xff, padded + 2 * BORDER);
    memory[(uintptr_t) raw + BORDER] = bytes;
    numbers[(uintptr_t) raw + BORDER] = ++allocations;
    used += bytes;
    *address = (uint64_t) (raw + BORDER);
    return SUCCESS;
}
API cuMemFree_v2(uint64_t address) {
    Locked l(lock);
    USABLE
    auto at = memory.find(address);
    if (at == memory.end()) {
        return fail(INVALID, "not an address of cuMemAlloc");
    }
    for (Stream *s : streams) {
        join(host, s->seen);               // the driver waits for all, too
    }
    settle(host);
    accesses.erase(at->first);
    used -= at->second;
    memset((void *) address, 0xff, at->second);
    numbers.erase(address);
    lent.erase(std::remove(lent.begin(), lent.end(), address), lent.end());
    memory.erase(at);
    free((void *) (address - BORDER));
    return SUCCESS;
}
API cuMemGetInfo_v2(size_t *free, size_t *total) {
    *total = capacity();
    *free = *total - used;
    return SUCCESS;
}
API cuMemHostAlloc(void **p, size_t bytes, unsigned) {
    *p = aligned_alloc(4096, (bytes + 4095) & ~(size_t) 4095);
    return *p ? SUCCESS : OUT_OF_MEMORY;
}
API cuMemFreeHost(void *p) {
    free(p);
    return SUCCESS;
}
static bool outside(uint64_t address, size_t bytes) {
    if (cudahost_inside((void *) address, bytes)) {
        return false;
    }
    fail(INVALID, "a copy of " + std::to_string(bytes) + " bytes reaches outside device memory");
    return true;
}
API cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    Locked l(lock);
    USABLE
    return queue(stream, [=](Stream *s) {
        join(s->seen, host);
        s->seen[s->id]++;
        if (outside(to, bytes) || !ordered(s, to, bytes, true)) {
            return INVALID;
        }
        s->late.push_back({s->seen[s->id], to, from, bytes});
        return SUCCESS;
    });
}
API cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    Locked l(lock);
    USABLE
    return queue(stream, [=](Stream *s) {
        if (outside(from, bytes) || !ordered(begin(s), from, bytes, false)) {
            return INVALID;
        }
        memcpy(to, (void *) from, bytes);
        return SUCCESS;
    });
}
API cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
    Locked l(lock);
    USABLE
    return queue(stream, [=](Stream *s) {
        begin(s);
        if (outside(to, bytes) || outside(from, bytes) || !ordered(s, from, bytes, false)
                || !ordered(s, to, bytes, true)) {
            return INVALID;
        }
        memmove((void *) to, (void *) from, bytes);
        return SUCCESS;
    });
}
API cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void *stream) {
    Locked l(lock);
    USABLE
    return queue(stream, [=](Stream *s) {
        if (outside(to, bytes) || !ordered(begin(s), to, bytes, true)) {
            return INVALID;
        }
        memset((void *) to, value, bytes);
        return SUCCESS;
    });
}

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

// ---------------------------------------------------------------- graphs

static const int RELAXED = 2;

extern "C" __attribute__((visibility("default"))) bool cudahost_recorded(void *stream,
        const std::function<int()> *work) {
    Locked l(lock);
    if (!recorded(stream)) {
        return false;
    }
    queue(stream, [work = *work](Stream *s) {
        begin(s);
        return work() ? fail(FAILED, "a library's call in a graph") : SUCCESS;
    });
    return true;
}
// In the other modes allocations are refused meanwhile: the backend makes some.
API cuStreamBeginCapture_v2(void *stream, int mode) {
    Locked l(lock);
    USABLE
    if (mode != RELAXED || recorded(stream)) {
        return fail(INVALID, "only in the relaxed mode, and once at a time");
    }
    recording[(Stream *) stream] = new Graph {{}, {}, true};
    return SUCCESS;
}
API cuStreamEndCapture(void *stream, void **graph) {
    Locked l(lock);
    Graph *end = recorded(stream);
    if (!end) {
        return fail(INVALID, "nothing is recorded");
    }
    recording.erase((Stream *) stream);
    *graph = end->valid ? end : nullptr;
    if (!end->valid) {
        delete end;
        return fail(INVALIDATED, "the recording was ended by a call that cannot be recorded");
    }
    return SUCCESS;
}
API cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long) {
    *exec = new Graph(*(Graph *) graph);
    return SUCCESS;
}
API cuGraphDestroy(void *graph) { delete (Graph *) graph; return SUCCESS; }
API cuGraphExecDestroy(void *exec) { delete (Graph *) exec; return SUCCESS; }
API cuGraphLaunch(void *exec, void *stream) {
    Locked l(lock);
    USABLE
    if (recorded(stream)) {
        return fail(INVALID, "a graph within a graph");
    }
    for (const Use &use : ((Graph *) exec)->uses) {
        auto now = numbers.find(use.base);
        if (now == numbers.end() || now->second != use.number) {
            return fail(ADDRESS, "the graph works on memory that was freed since it was recorded");
        }
    }
    for (const Work &node : ((Graph *) exec)->nodes) {
        int status = node((Stream *) stream);
        if (status) {
            return status;
        }
        USABLE
    }
    return SUCCESS;
}

// A call that waits, or orders streams, ends the recording it meets.
static int unrecordable(void *stream) {
    Graph *graph = recorded(stream);
    if (!graph) {
        return SUCCESS;
    }
    graph->valid = false;
    return fail(UNRECORDABLE, "the stream is being recorded");
}

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
    *value = limit == WAITS_LIMIT ? waits : limit == PROFILED_LIMIT ? profiled : launches;
    return limit >= LAUNCHES_LIMIT && limit <= PROFILED_LIMIT ? SUCCESS : INVALID;
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
