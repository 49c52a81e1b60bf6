#include "daemon/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::daemon {
namespace {

using std::chrono::microseconds;

// Of processor time in an interval: less is no work, but timers.
constexpr microseconds hardly_anything{20'000};

using address = ElfW(Addr);

struct range {
    address begin, end;
};

// What is mapped from files, cannot be written, and nobody has ever written: no relocation, no
// breakpoint, no patch would be lost.
std::vector<range> as_in_their_files() {
    std::vector<range> found;
    std::ifstream maps("/proc/self/smaps");
    range now{};
    bool file = false;
    for (std::string line; std::getline(maps, line);) {
        std::array<char, 5> rights{};
        unsigned long begin = 0, end = 0, inode = 0, changed = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %lu", &begin, &end, rights.data(),
                        &inode) == 4) {
            now = {begin, end};
            file = inode != 0 && rights[0] == 'r' && rights[1] == '-' && rights[3] == 'p';
        } else if (file && std::sscanf(line.c_str(), "Anonymous: %lu", &changed) == 1 &&
                   changed == 0) {
            found.push_back(now);
        }
    }
    return found;
}

// Of one library: the loader's lock is held, so that it stays where it is.
int give_back_object(dl_phdr_info* object, size_t, void* unchanged) {
    const auto page = static_cast<address>(::sysconf(_SC_PAGESIZE));
    const auto table = reinterpret_cast<address>(object->dlpi_phdr);  // is read here, and stays
    for (const ElfW(Phdr)* part = object->dlpi_phdr; part != object->dlpi_phdr + object->dlpi_phnum;
         ++part) {
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
        address begin = (object->dlpi_addr + part->p_vaddr) / page * page;
        const address end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) / page * page;
        if (begin == table / page * page) begin += page;
        const auto holds = [&](const range& each) {
            return each.begin <= begin && end <= each.end;
        };
        if (begin < end && std::ranges::any_of(*static_cast<std::vector<range>*>(unchanged), holds))
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

microseconds processor_time() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

}  // namespace

void give_memory_back() {
    ::malloc_trim(0);
    auto unchanged = as_in_their_files();
    ::dl_iterate_phdr(give_back_object, &unchanged);
}

idle_watch::idle_watch() {
    give_memory_back();
    used_ = given_ = processor_time();
}

void idle_watch::look() {
    const microseconds now = processor_time();
    const bool idle = now - std::exchange(used_, now) < hardly_anything;
    if (!idle || now - given_ < hardly_anything) return;
    give_memory_back();
    used_ = given_ = processor_time();
}

}  // namespace gatepost::daemon
