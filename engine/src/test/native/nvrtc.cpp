// libnvrtc.so.12 of the host emulator: compiles a .cu file with g++ to a shared object that libcuda.so.1 beside it runs.
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>
#define API extern "C" __attribute__((visibility("default"))) int

enum { SUCCESS = 0, INVALID_INPUT = 3, COMPILATION = 6, INTERNAL = 11 };
struct Program { std::string source, name, log, image; };

static std::string here() {
    Dl_info info;
    dladdr((void *) &here, &info);
    std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/'));
}

static std::string read(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}

static int shell(const std::string &command) { return system(command.c_str()); }

static std::string quoted(const std::string &s) { return "'" + s + "'"; }

static int compile(Program &p, const std::string &folder) {
    std::string source = folder + "/kernel.cu", unit = folder + "/unit.cpp", log = folder + "/log";
    std::ofstream(source) << p.source;
    std::string flags = "-std=c++17 -O2 -fPIC -w -fvisibility=hidden -fno-gnu-unique -ffp-contract=off -include "
            + quoted(here() + "/cudahost.h");
    if (shell("g++ " + flags + " -E -P -x c++ " + quoted(source) + " -o " + quoted(folder + "/text") + " 2> "
            + quoted(log))) {
        p.log = read(log);
        return COMPILATION;
    }
    std::string text = read(folder + "/text");
    std::regex declared("extern \"C\" __attribute__\\(\\(used\\)\\) void +(\\w+)\\(");
    std::set<std::string> names;
    for (std::sregex_iterator i(text.begin(), text.end(), declared), end; i != end; ++i) {
        names.insert((*i)[1]);
    }
    std::ofstream out(unit);
    out << "#include " << '"' << source << "\"\n" << "extern \"C\" char __bss_start[], _end[];\n"
            << "extern \"C\" __attribute__((visibility(\"default\"))) void cudahost_shared(char **at, size_t *bytes) {\n"
            << "    *at = __bss_start;\n    *bytes = _end - __bss_start;\n}\n"
            << "static const cudahost::Kernel kernels[] = {\n";
    for (const std::string &name : names) {
        out << "    CUDAHOST_KERNEL(" << name << "),\n";
    }
    out << "    {nullptr, nullptr, 0, 0, nullptr}};\n"
            << "extern \"C\" __attribute__((visibility(\"default\"))) const cudahost::Kernel *cudahost_kernels() {\n"
            << "    return kernels;\n}\n";
    out.close();
    std::string image = folder + "/image.so";
    int status = shell("g++ " + flags + " -shared -nostartfiles " + quoted(unit) + " -o " + quoted(image) + " "
            + quoted(here() + "/libcuda.so.1") + " -lm 2> " + quoted(log));
    p.log = read(log);
    p.image = read(image);
    return status || p.image.empty() ? COMPILATION : SUCCESS;
}

API nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 6; return SUCCESS; }
API nvrtcGetNumSupportedArchs(int *n) { *n = 2; return SUCCESS; }
API nvrtcGetSupportedArchs(int *archs) { archs[0] = 80; archs[1] = 90; return SUCCESS; }
API nvrtcCreateProgram(void **program, const char *source, const char *name, int, const char *const *,
        const char *const *) {
    *program = new Program {source, name ? name : "", "", ""};
    return SUCCESS;
}
API nvrtcCompileProgram(void *program, int, const char *const *) {
    char folder[] = "/tmp/cudahost-nvrtc-XXXXXX";
    if (!mkdtemp(folder)) {
        return INTERNAL;
    }
    int status = compile(*(Program *) program, folder);
    shell("rm -rf " + quoted(folder));
    return status;
}
API nvrtcGetProgramLogSize(void *p, size_t *n) { *n = ((Program *) p)->log.size() + 1; return SUCCESS; }
API nvrtcGetProgramLog(void *p, char *to) {
    Program &program = *(Program *) p;
    program.log.copy(to, program.log.size());
    to[program.log.size()] = 0;
    return SUCCESS;
}
API nvrtcGetCUBINSize(void *p, size_t *n) { *n = ((Program *) p)->image.size(); return SUCCESS; }
API nvrtcGetCUBIN(void *p, char *to) {
    Program &program = *(Program *) p;
    program.image.copy(to, program.image.size());
    return SUCCESS;
}
API nvrtcDestroyProgram(void **p) { delete (Program *) *p; *p = nullptr; return SUCCESS; }
extern "C" __attribute__((visibility("default"))) const char *nvrtcGetErrorString(int code) {
    return code == SUCCESS ? "NVRTC_SUCCESS" : code == COMPILATION ? "NVRTC_ERROR_COMPILATION"
            : code == INVALID_INPUT ? "NVRTC_ERROR_INVALID_INPUT" : "NVRTC_ERROR_INTERNAL_ERROR";
}
