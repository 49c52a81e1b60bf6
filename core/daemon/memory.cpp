#include "daemon/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace gatepost::daemon {
namespace {

using std::chrono::microseconds;

// Of processor time in an interval: less is no work, but timers.
constexpr microseconds hardly_anything{20'000};

// Code that was relocated in place differs from its file, and must stay.
bool is_as_in_its_file(const dl_phdr_info& object) {
    for (const ElfW(Phdr)* part = object.dlpi_phdr; part != object.dlpi_phdr + object.dlpi_phnum;
         ++part) {
        if (part->p_type != PT_DYNAMIC) continue;
        const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + part->p_vaddr);
        for (; entry->d_tag != DT_NULL; ++entry) {
            const bool flagged = entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0;
            if (entry->d_tag == DT_TEXTREL || flagged) return false;
        }
    }
    return true;
}

// What is mapped from the file and never written: the code and the constants. What is only read
// after relocation lies in a part that is writable here, and stays.
int give_back_object(dl_phdr_info* object, size_t, void* page) {
    if (!is_as_in_its_file(*object)) return 0;
    const auto size = *static_cast<const ElfW(Addr)*>(page);
    const auto table = reinterpret_cast<ElfW(Addr)>(object->dlpi_phdr);  // is read here, and stays
    for (const ElfW(Phdr)* part = object->dlpi_phdr; part != object->dlpi_phdr + object->dlpi_phnum;
         ++part) {
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
        ElfW(Addr) begin = (object->dlpi_addr + part->p_vaddr) / size * size;
        const ElfW(Addr) end = (object->dlpi_addr + part->p_vaddr + part->p_filesz) / size * size;
        if (begin == table / size * size) begin += size;
        if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
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
    auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
    ::dl_iterate_phdr(give_back_object, &page);
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
