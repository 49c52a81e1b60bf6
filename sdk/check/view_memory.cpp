// Guard pages and poison. 0xA5 is what no host wrote yet, 0xDB what no longer exists.
#include "check/view_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace gatepost::check {

view_memory::~view_memory() {
    for (auto& [memory, bytes] : blocks_)
        std::memset(memory.get(), 0xDB, bytes);
    for (auto& [address, bytes] : mappings_)
        munmap(address, bytes);
}

void* view_memory::block(size_t bytes) {
    const size_t units = bytes / sizeof(std::max_align_t) + 1;
    auto memory = std::make_unique<std::max_align_t[]>(units);
    std::memset(memory.get(), 0xA5, units * sizeof(std::max_align_t));
    blocks_.emplace_back(std::move(memory), units * sizeof(std::max_align_t));
    return blocks_.back().first.get();
}

gatepost_string view_memory::string(std::string_view text) {
    if (shape_.guarded) return guarded_string(text);
    if (text.empty()) return {nullptr, 0};
    auto* copy = static_cast<char*>(block(text.size()));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
}

gatepost_string view_memory::guarded_string(std::string_view text) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t body = (text.size() + page - 1) / page * page;
    void* start =
        mmap(nullptr, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) std::abort();
    mappings_.emplace_back(start, body + page);
    char* guard = static_cast<char*>(start) + body;
    if (mprotect(guard, page, PROT_NONE) != 0) std::abort();
    char* data = guard - text.size();
    if (!text.empty()) std::memcpy(data, text.data(), text.size());
    return {data, text.size()};
}

}  // namespace gatepost::check
