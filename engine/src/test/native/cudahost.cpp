// libcuda.so.1 of the host emulator: the driver calls that the backend makes. Kernels run on the calling thread, the
// threads of a block as fibers, so that __syncthreads and warp shuffles are real meeting points. Memory begins as NaN,
// device and shared alike; allocations have borders of NaN that are checked after every launch; pointers are checked
// before it. The order of threads and blocks can be chosen (limit 0x7000): 0 as numbered, 1 backwards, 2 … shuffled,
// −1 all of 0, 1, 2 with their results compared, which shows a missing barrier as a difference.
#include "cudahost.h"
#include <dlfcn.h>
#include <sys/mman.h>
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

using cudahost::Kernel;
using cudahost::Thread;
using cudahost::Wait;

enum { SUCCESS = 0, INVALID = 1, OUT_OF_MEMORY = 2, NO_IMAGE = 200, NOT_FOUND = 500, ADDRESS = 700, FAILED = 719 };
static const int ORDER_LIMIT = 0x7000, LAUNCHES_LIMIT = 0x7001;
static const size_t BORDER = 256, STACK = 64 << 10, MAX_THREADS = 1024;
static std::recursive_mutex lock;
static std::string detail;
typedef std::lock_guard<std::recursive_mutex> Locked;

static int fail(int code, const std::string &why) {
    detail = why;
    return code;
}

// A launch that fails as on a GPU: unnoticed, and from then on every call says so (CUDAHOST_FAIL: its number, from 1).
static int broken;
static long launches, failing = getenv("CUDAHOST_FAIL") ? atol(getenv("CUDAHOST_FAIL")) : 0;
#define USABLE if (broken) { return fail(broken, "launch " + std::to_string(failing) + " was to fail"); }

extern "C" __attribute__((visibility("default"))) bool cudahost_broken() { return broken; }

// ---------------------------------------------------------------- memory

static std::map<uintptr_t, size_t> memory;
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
    used -= at->second;
    memset((void *) address, 0xff, at->second);
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
API cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *) {
    Locked l(lock);
    USABLE
    if (outside(to, bytes)) {
        return INVALID;
    }
    memcpy((void *) to, from, bytes);
    return SUCCESS;
}
API cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *) {
    Locked l(lock);
    USABLE
    if (outside(from, bytes)) {
        return INVALID;
    }
    memcpy(to, (void *) from, bytes);
    return SUCCESS;
}
API cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *) {
    Locked l(lock);
    USABLE
    if (outside(to, bytes) || outside(from, bytes)) {
        return INVALID;
    }
    memmove((void *) to, (void *) from, bytes);
    return SUCCESS;
}
API cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void *) {
    Locked l(lock);
    USABLE
    if (outside(to, bytes)) {
        return INVALID;
    }
    memset((void *) to, value, bytes);
    return SUCCESS;
}

// ---------------------------------------------------------------- fibers

#if defined(__x86_64__)
// Saves the callee-saved registers and the stack pointer, and goes on where the other fiber stopped.
extern "C" void cudahost_switch(void **save, void *load);
asm(R"(
.text
.globl cudahost_switch
.hidden cudahost_switch
.type cudahost_switch,@function
cudahost_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size cudahost_switch,.-cudahost_switch
)");
struct Context { void *stack = nullptr; };
static void change(Context &from, Context &to) { cudahost_switch(&from.stack, to.stack); }
static void prepare(Context &c, char *stack, size_t bytes, void (*entry)()) {
    void **top = (void **) (((uintptr_t) stack + bytes) & ~(uintptr_t) 63);
    *--top = nullptr;                       // the entry sees the alignment of a called function
    *--top = (void *) entry;
    for (int i = 0; i < 6; i++) {
        *--top = nullptr;
    }
    c.stack = top;
}
#else
#include <ucontext.h>
struct Context { ucontext_t uc; };
static void change(Context &from, Context &to) { swapcontext(&from.uc, &to.uc); }
static void prepare(Context &c, char *stack, size_t bytes, void (*entry)()) {
    getcontext(&c.uc);
    c.uc.uc_stack.ss_sp = stack;
    c.uc.uc_stack.ss_size = bytes;
    c.uc.uc_link = nullptr;
    makecontext(&c.uc, entry, 0);
}
#endif

struct Fiber { Thread thread; Context context; char *stack; };
struct Module { void *library; const Kernel *kernels; char *shared; size_t shared_bytes; };
struct Function { const Kernel *kernel; Module *module; };

extern "C" { __attribute__((visibility("default"))) Thread *cudahost_current; }
static std::vector<Fiber> fibers(MAX_THREADS);
static std::vector<char *> stacks;
static Context scheduler;
static unsigned running;
static const Kernel *kernel;
static void **arguments;
static long order = getenv("CUDAHOST_ORDER") ? atol(getenv("CUDAHOST_ORDER")) : 0;

extern "C" __attribute__((visibility("default"))) void cudahost_wait(Wait what, unsigned mask) {
    Fiber &me = fibers[running];
    me.thread.wait = what;
    me.thread.mask = mask;
    change(me.context, scheduler);
}

extern "C" __attribute__((visibility("default"))) uint64_t cudahost_exchange(unsigned mask, uint64_t value,
        unsigned lane) {
    unsigned me = running;
    fibers[me].thread.slot = value;
    cudahost_wait(Wait::warp, mask);
    unsigned from = (me & ~31u) + (lane & 31);
    uint64_t result = fibers[from].thread.slot;
    cudahost_wait(Wait::warp, mask);
    return result;
}

static void entry() {
    kernel->call(arguments);
    cudahost_wait(Wait::over, 0);
}

static void resume(unsigned i) {
    Fiber &f = fibers[i];
    if (!f.stack) {
        if (stacks.empty()) {
            stacks.push_back((char *) mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        }
        f.stack = stacks.back();
        stacks.pop_back();
        prepare(f.context, f.stack, STACK, entry);
    }
    running = i;
    cudahost_current = &f.thread;
    change(scheduler, f.context);
    if (f.thread.wait == Wait::over) {
        stacks.push_back(f.stack);
        f.stack = nullptr;
    }
}

// Lets the warps go on whose named lanes have all come.
static bool warps(unsigned n) {
    bool moved = false;
    for (unsigned w = 0; w < n; w += 32) {
        unsigned lanes = std::min(32u, n - w), mask = 0;
        for (unsigned l = 0; l < lanes; l++) {
            mask |= fibers[w + l].thread.wait == Wait::warp ? fibers[w + l].thread.mask : 0;
        }
        bool all = mask != 0;
        for (unsigned l = 0; l < lanes; l++) {
            Wait wait = fibers[w + l].thread.wait;
            all &= !(mask >> l & 1) || wait == Wait::warp || wait == Wait::over;
        }
        for (unsigned l = 0; all && l < lanes; l++) {
            if (fibers[w + l].thread.wait == Wait::warp) {
                fibers[w + l].thread.wait = Wait::nothing;
                moved = true;
            }
        }
    }
    return moved;
}

static int run_block(const std::vector<unsigned> &sequence) {
    unsigned n = sequence.size(), live = n;
    while (live) {
        bool moved = false;
        for (unsigned i : sequence) {
            if (fibers[i].thread.wait == Wait::nothing) {
                resume(i);
                moved = true;
                live -= fibers[i].thread.wait == Wait::over;
            }
        }
        unsigned at_barrier = 0;
        for (unsigned i = 0; i < n; i++) {
            at_barrier += fibers[i].thread.wait == Wait::block;
        }
        if (live && at_barrier == live) {
            for (unsigned i = 0; i < n; i++) {
                if (fibers[i].thread.wait == Wait::block) {
                    fibers[i].thread.wait = Wait::nothing;
                }
            }
        } else if (live && !warps(n) && !moved) {
            for (unsigned i = 0; i < n; i++) {
                if (fibers[i].stack) {
                    stacks.push_back(fibers[i].stack);
                    fibers[i].stack = nullptr;
                }
            }
            return fail(FAILED, "deadlock: some threads wait at __syncthreads and others for their warp");
        }
    }
    return SUCCESS;
}

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
        int status = run_block(sequence);
        if (status) {
            return status;
        }
    }
    return borders();
}

typedef std::map<uintptr_t, std::vector<char>> Contents;

static Contents contents() {
    Contents all;
    for (auto &m : memory) {
        all[m.first] = std::vector<char>((char *) m.first, (char *) m.first + m.second);
    }
    return all;
}

API cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
        unsigned shared, void *, void **given, void **) {
    Locked l(lock);
    USABLE
    Function &f = *(Function *) function;
    uint64_t threads = (uint64_t) bx * by * bz;
    if (threads == 0 || threads > MAX_THREADS || gx == 0 || gy == 0 || gz == 0 || gy > 65535 || gz > 65535 || shared) {
        return fail(INVALID, "grid or block size");
    }
    for (unsigned i = 0; i < f.kernel->count; i++) {
        void *value = *(void **) given[i];
        if (f.kernel->pointers >> i & 1 && value && !cudahost_inside(value, 1)) {
            return fail(ADDRESS, std::string(f.kernel->name) + ": argument " + std::to_string(i)
                    + " is no address of device memory");
        }
    }
    if (++launches == failing) {
        broken = ADDRESS;
        return SUCCESS;
    }
    arguments = given;
    if (order >= 0) {
        return run_grid(f, {gx, gy, gz}, {bx, by, bz}, order);
    }
    Contents before = contents();
    int status = run_grid(f, {gx, gy, gz}, {bx, by, bz}, 0);
    Contents first = contents();
    for (long how = 1; status == SUCCESS && how <= 2; how++) {
        for (auto &m : before) {
            memcpy((void *) m.first, m.second.data(), m.second.size());
        }
        status = run_grid(f, {gx, gy, gz}, {bx, by, bz}, how);
        if (status == SUCCESS && contents() != first) {
            status = fail(FAILED, std::string(f.kernel->name) + ": the result depends on the order of threads");
        }
    }
    return status;
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
API cuCtxSynchronize() { USABLE return SUCCESS; }
API cuCtxGetLimit(size_t *value, int limit) {
    *value = launches;
    return limit == LAUNCHES_LIMIT ? SUCCESS : INVALID;
}
API cuCtxSetLimit(int limit, size_t value) {
    if (limit != ORDER_LIMIT) {
        return INVALID;
    }
    order = (long) value;
    return SUCCESS;
}
API cuStreamCreate(void **s, unsigned) { *s = (void *) 0x30; return SUCCESS; }
API cuStreamSynchronize(void *) { USABLE return SUCCESS; }
API cuStreamWaitEvent(void *, void *, unsigned) { USABLE return SUCCESS; }
API cuEventCreate(void **e, unsigned) { *e = new double(0); return SUCCESS; }
API cuEventRecord(void *e, void *) {
    USABLE
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    *(double *) e = std::chrono::duration<double, std::milli>(now).count();
    return SUCCESS;
}
API cuEventSynchronize(void *) { USABLE return SUCCESS; }
API cuEventElapsedTime(float *ms, void *a, void *b) { *ms = (float) (*(double *) b - *(double *) a); return SUCCESS; }

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
