// The driver's calls for recorded streams and graphs (graph.h). Part of cudahost.cpp.
#pragma once

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
