// The dynamic symbol table is found through the section headers, which linkers always write; every
// offset is held against the size of the file.
#include "check/elf_facts.hpp"

#include <elf.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "base/file.hpp"
#include "base/limits.hpp"

namespace gatepost::check {
namespace {

class image {
  public:
    explicit image(std::string bytes) : bytes_(std::move(bytes)) {}
    template <class T>
    std::optional<T> at(uint64_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T out;
        std::memcpy(&out, bytes_.data() + offset, sizeof out);
        return out;
    }
    std::string text(uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        const std::string_view rest = std::string_view(bytes_).substr(offset);
        return std::string(rest.substr(0, rest.find('\0')));
    }

  private:
    std::string bytes_;
};

void read_symbol(const image& file, uint64_t names, const Elf64_Sym& symbol, elf_facts& out) {
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) return;
    if (binding == STB_GNU_UNIQUE) out.unique.push_back(file.text(names + symbol.st_name));
    if (visibility == STV_DEFAULT || visibility == STV_PROTECTED)
        out.exported.push_back(file.text(names + symbol.st_name));
}

void read_symbols(const image& file, const Elf64_Ehdr& header, const Elf64_Shdr& section,
                  elf_facts& out) {
    const auto strings =
        file.at<Elf64_Shdr>(header.e_shoff + uint64_t{section.sh_link} * header.e_shentsize);
    if (!strings || section.sh_entsize < sizeof(Elf64_Sym)) return;
    for (uint64_t at = 0; at + section.sh_entsize <= section.sh_size; at += section.sh_entsize) {
        const auto symbol = file.at<Elf64_Sym>(section.sh_offset + at);
        if (!symbol) return;
        read_symbol(file, strings->sh_offset, *symbol, out);
    }
}

void read_dynamic(const image& file, const Elf64_Shdr& section, elf_facts& out) {
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
        const auto entry = file.at<Elf64_Dyn>(section.sh_offset + at);
        if (!entry || entry->d_tag == DT_NULL) return;
        if (entry->d_tag == DT_BIND_NOW ||
            (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW) != 0) ||
            (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW) != 0))
            out.bind_now = true;
    }
}

}  // namespace

result<elf_facts> read_elf(const std::filesystem::path& path) {
    auto bytes = read_small_file(path, limits::plugin_file_bytes);
    if (!bytes) return bytes.error();
    const image file(std::move(*bytes));
    const auto header = file.at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return error{error_kind::invalid, "not an ELF file"};
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN)
        return error{error_kind::invalid, "not a 64-bit shared object"};
    elf_facts out;
    for (unsigned i = 0; i < header->e_shnum; ++i) {
        const auto section =
            file.at<Elf64_Shdr>(header->e_shoff + uint64_t{i} * header->e_shentsize);
        if (!section) break;
        if (section->sh_type == SHT_DYNSYM) read_symbols(file, *header, *section, out);
        if (section->sh_type == SHT_DYNAMIC) read_dynamic(file, *section, out);
    }
    for (unsigned i = 0; i < header->e_phnum; ++i) {
        const auto segment =
            file.at<Elf64_Phdr>(header->e_phoff + uint64_t{i} * header->e_phentsize);
        if (segment && segment->p_type == PT_GNU_RELRO) out.relro = true;
    }
    return out;
}

}  // namespace gatepost::check
