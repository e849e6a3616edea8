// The threads of a block as fibers of the emulator, which are run one after the other.
#pragma once
#include "cudahost.h"
#include <sys/mman.h>
#include <algorithm>
#include <vector>

using cudahost::Kernel;
using cudahost::Thread;
using cudahost::Wait;

static const size_t STACK = 64 << 10, MAX_THREADS = 1024;

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

extern "C" { __attribute__((visibility("default"))) Thread *cudahost_current; }
static std::vector<Fiber> fibers(MAX_THREADS);
static std::vector<char *> stacks;
static Context scheduler;
static unsigned running;
static const Kernel *kernel;
static void **arguments;

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

// Lets the lanes of the warp that begins at thread w go on, if those that are named have all come.
static bool release(unsigned w, unsigned n) {
    bool moved = false;
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
    return moved;
}

// False for a deadlock. Each warp runs as far as it can before the next one begins: between warps only barriers of the
// block hold, and what needs one but meets at shuffles alone shows.
static bool run_block(const std::vector<unsigned> &sequence) {
    unsigned n = sequence.size(), live = n;
    static std::vector<std::vector<unsigned>> members;
    static std::vector<unsigned> warps;
    members.assign((n + 31) / 32, {});
    warps.clear();
    for (unsigned i : sequence) {
        if (members[i / 32].empty()) {
            warps.push_back(i / 32);
        }
        members[i / 32].push_back(i);
    }
    while (live) {
        bool moved = false;
        for (unsigned w : warps) {
            do {
                for (unsigned i : members[w]) {
                    if (fibers[i].thread.wait == Wait::nothing) {
                        resume(i);
                        moved = true;
                        live -= fibers[i].thread.wait == Wait::over;
                    }
                }
            } while (release(32 * w, n));
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
        } else if (live && !moved) {
            for (unsigned i = 0; i < n; i++) {
                if (fibers[i].stack) {
                    stacks.push_back(fibers[i].stack);
                    fibers[i].stack = nullptr;
                }
            }
            return false;
        }
    }
    return true;
}
