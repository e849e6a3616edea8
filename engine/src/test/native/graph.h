// Streams whose work is recorded instead of done, and the graphs that come of it. What a call gave by value is copied
// when it is recorded; memory is read when the graph is launched, wherever it then lies. A graph that works on memory
// which was freed since is refused, where a GPU would read somebody else's.
#pragma once
#include "order.h"
#include <functional>

typedef std::function<int(Stream *)> Work;
struct Use { uintptr_t base; long number; };
struct Graph { std::vector<Work> nodes; std::vector<Use> uses; bool valid; };
static std::map<Stream *, Graph *> recording;

static Graph *recorded(void *stream) {
    auto at = recording.find((Stream *) stream);
    return at == recording.end() ? nullptr : at->second;
}

// Does it, or notes it down for later.
static int queue(void *stream, const Work &work) {
    Graph *graph = recorded(stream);
    if (!graph) {
        return work((Stream *) stream);
    }
    graph->nodes.push_back(work);
    return 0;
}
