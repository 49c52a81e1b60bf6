// The checks are those whose breach would hurt the process; everything subtler (a missing library,
// a symbol of a newer C library) is found by the loader, whose own words are then shown.
#include "plugin/elf.hpp"

#include <elf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace gatepost::plugin {
namespace {

#if defined(__x86_64__)
constexpr uint16_t native_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t native_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t native_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr uint16_t native_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr uint16_t native_machine = EM_S390;
#elif defined(__i386__)
constexpr uint16_t native_machine = EM_386;
#elif defined(__arm__)
constexpr uint16_t native_machine = EM_ARM;
#else
#error "name this machine's EM_ constant of elf.h here"
#endif

#if __SIZEOF_POINTER__ == 8
using file_header = Elf64_Ehdr;
using segment_header = Elf64_Phdr;
using section_header = Elf64_Shdr;
constexpr unsigned char native_class = ELFCLASS64;
#else
using file_header = Elf32_Ehdr;
using segment_header = Elf32_Phdr;
using section_header = Elf32_Shdr;
constexpr unsigned char native_class = ELFCLASS32;
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr unsigned char native_order = ELFDATA2LSB;
#else
constexpr unsigned char native_order = ELFDATA2MSB;
#endif

constexpr const char* not_elf =
    "is not a plugin: it is no shared library (ELF); put .so files here";
constexpr const char* truncated = "is cut off or damaged; copy it here again";

bool read_exactly(int fd, void* out, size_t size, uint64_t at) {
    auto* to = static_cast<char*>(out);
    while (size > 0) {
        const ssize_t got = ::pread(fd, to, size, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        size -= static_cast<size_t>(got);
        at += static_cast<uint64_t>(got);
    }
    return true;
}

bool within(uint64_t offset, uint64_t length, uint64_t size) {
    return offset <= size && length <= size - offset;
}

std::string header_problem(const file_header& header) {
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return not_elf;
    if (header.e_ident[EI_CLASS] != native_class || header.e_ident[EI_DATA] != native_order ||
        header.e_machine != native_machine)
        return "was built for another kind of machine; get or build the one for this processor";
    if (header.e_type != ET_DYN)
        return "is not a plugin: it is a program or an object file; link it as a shared library";
    if (header.e_phentsize != sizeof(segment_header) || header.e_phnum == 0) return truncated;
    if (header.e_shnum != 0 && header.e_shentsize != sizeof(section_header)) return truncated;
    return {};
}

template <class Entry>
bool read_table(int fd, uint64_t size, uint64_t offset, size_t count, std::vector<Entry>& out) {
    if (!within(offset, count * sizeof(Entry), size)) return false;
    out.resize(count);
    return count == 0 || read_exactly(fd, out.data(), count * sizeof(Entry), offset);
}

}  // namespace

std::string elf_problem(int fd, uint64_t size) {
    file_header header{};
    if (size < sizeof header || !read_exactly(fd, &header, sizeof header, 0)) return not_elf;
    if (auto problem = header_problem(header); !problem.empty()) return problem;
    std::vector<segment_header> segments;
    std::vector<section_header> sections;
    if (!read_table(fd, size, header.e_phoff, header.e_phnum, segments)) return truncated;
    if (!read_table(fd, size, header.e_shoff, header.e_shnum, sections)) return truncated;
    for (const segment_header& each : segments) {
        if (!within(each.p_offset, each.p_filesz, size)) return truncated;
    }
    for (const section_header& each : sections) {
        const bool in_file = each.sh_type != SHT_NOBITS && each.sh_type != SHT_NULL;
        if (in_file && !within(each.sh_offset, each.sh_size, size)) return truncated;
    }
    if (header.e_shnum != 0 && header.e_shstrndx >= header.e_shnum) return truncated;
    return {};
}

}  // namespace gatepost::plugin
