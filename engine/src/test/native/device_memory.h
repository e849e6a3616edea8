// Device memory of the emulator: allocations with borders of NaN, copies, and who may use what when. Part of
// cudahost.cpp.
#pragma once

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
        uploaded += bytes;
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
