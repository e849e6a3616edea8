// libnvToolsExt.so.1 of the host emulator: remembers the ranges of NVTX that were opened and closed, for tests.
#include <cstring>
#include <string>
#define API extern "C" __attribute__((visibility("default")))

static std::string remembered;
static int depth;

API int nvtxRangePushA(const char *name) {
    remembered += std::string(depth, ' ') + name + "\n";
    return depth++;
}
API int nvtxRangePop() {
    return --depth;
}
// What was opened since the last call, indented by its depth, and how many ranges are open.
API int nvtxhost_take(char *to, int room) {
    strncpy(to, remembered.c_str(), room - 1);
    to[room - 1] = 0;
    remembered.clear();
    return depth;
}
