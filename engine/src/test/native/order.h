// The order of streams in the emulator: what each knows to be done, copies that are late, and who used which memory.
#pragma once
#include <stdint.h>
#include <string.h>
#include <algorithm>
#include <deque>
#include <map>
#include <vector>

// Vector clocks: how far each stream's work is known to be done, from where something is queued (Lamport; Mattern).
typedef std::map<unsigned, long> Clock;
static void join(Clock &into, const Clock &other) {
    for (auto &o : other) {
        into[o.first] = std::max(into[o.first], o.second);
    }
}
struct Late { long time; uint64_t to; const void *from; size_t bytes; };
struct Stream { unsigned id; Clock seen; std::deque<Late> late; };
struct Event { double ms; Clock seen; };
struct Access { unsigned stream; long time; uintptr_t from, end; bool write; };
static std::vector<Stream *> streams;
static Clock host;
static std::map<uintptr_t, std::vector<Access>> accesses;

// Copies that are known to be done by then are done now.
static void settle(const Clock &known) {
    for (Stream *s : streams) {
        auto at = known.find(s->id);
        while (at != known.end() && !s->late.empty() && s->late.front().time <= at->second) {
            Late &c = s->late.front();
            memcpy((void *) c.to, c.from, c.bytes);
            s->late.pop_front();
        }
    }
}

// Work of a stream begins; whatever the host has waited for is over by now.
static Stream *begin(void *stream) {
    Stream *s = (Stream *) stream;
    join(s->seen, host);
    settle(s->seen);
    s->seen[s->id]++;
    return s;
}

// Notes what a stream does to [address, address + bytes) of an allocation; false when another may be at it.
static bool noted(Stream *s, uintptr_t base, uint64_t address, size_t bytes, bool write) {
    std::vector<Access> &all = accesses[base];
    Access now = {s->id, s->seen[s->id], address, address + bytes, write};
    for (Access &a : all) {
        if (a.stream != s->id && (a.write || write) && a.from < now.end && now.from < a.end
                && s->seen[a.stream] < a.time) {
            return false;
        }
    }
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Access &a) {
        bool covered = (write || !a.write) && a.from >= now.from && a.end <= now.end, known = true;
        for (Stream *other : streams) {
            known &= other->id == a.stream || other->seen[a.stream] >= a.time;
        }
        return known || (covered && (a.stream == s->id || s->seen[a.stream] >= a.time));
    }), all.end());
    all.push_back(now);
    return true;
}
