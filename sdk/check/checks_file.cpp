// What can be said of the file, and of the table it gives, before an instance exists.
#include <algorithm>

#include "check/elf_facts.hpp"
#include "check/kit.hpp"

namespace gatepost::check {
namespace {

using needs = check_case::needs;

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (size_t i = 0; i < names.size() && i < 5; ++i)
        out += (i == 0 ? "" : ", ") + names[i];
    return names.size() > 5 ? out + ", ..." : out;
}

finding one_export(const subject& of) {
    const auto facts = read_elf(of.file);
    if (!facts) return failed(facts.error().detail);
    if (facts->exported == std::vector<std::string>{GATEPOST_ENTRY}) return {};
    return failed("exports " + std::to_string(facts->exported.size()) +
                  " symbols: " + listed(facts->exported) + "; build with hidden visibility");
}

finding no_unique(const subject& of) {
    const auto facts = read_elf(of.file);
    if (!facts) return failed(facts.error().detail);
    if (facts->unique.empty()) return {};
    return failed(listed(facts->unique) + "; build with -fno-gnu-unique");
}

finding relro(const subject& of) {
    const auto facts = read_elf(of.file);
    if (!facts) return failed(facts.error().detail);
    if (facts->relro && facts->bind_now) return {};
    return failed("link with -Wl,-z,relro -Wl,-z,now");
}

bool is_id(std::string_view id) {
    if (id.empty() || id.size() > 32 || id[0] < 'a' || id[0] > 'z') return false;
    return id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

finding table(const subject& of) {
    const gatepost_plugin& plugin = *of.table;
    if (plugin.abi_major != GATEPOST_ABI_MAJOR)
        return failed("abi_major is " + std::to_string(plugin.abi_major) + ", this host has 1");
    if (plugin.min_host_minor > GATEPOST_ABI_MINOR)
        return failed("needs a host of minor " + std::to_string(plugin.min_host_minor));
    if (!GATEPOST_HAS(gatepost_plugin, &plugin, cancel))
        return failed("the table ends before `cancel`");
    if (plugin.create == nullptr || plugin.destroy == nullptr || plugin.start == nullptr ||
        plugin.cancel == nullptr)
        return failed("create, destroy, start and cancel must be there");
    if (!is_id(text_of(plugin.id))) return failed("the id is not [a-z][a-z0-9-]{0,31}");
    if (plugin.version.size == 0) return failed("the version is empty");
    return {};
}

finding entry_repeats(const subject& of) {
    view_memory memory({.guarded = true, .future = true});
    gatepost_host_info info{};
    info.abi_major = GATEPOST_ABI_MAJOR;
    info.abi_minor = 99;
    info.name = memory.string("gatepost");
    info.version = memory.string("9.9.9");
    const gatepost_host_info* later = memory.grow(info);
    for (int i = 0; i < 3; ++i) {
        if (of.entry(later) != of.table)
            return failed("the entry function gives another table when called again");
    }
    return {};
}

finding unknown_extension(const subject& of) {
    if (!GATEPOST_HAS(gatepost_plugin, of.table, extension) || of.table->extension == nullptr)
        return {};
    view_memory memory({.guarded = true});
    for (const char* id : {"gatepost.nothing/1", "gatepost.check/", "gatepost.check/10",
                           "gatepost.check", "", "Gatepost.check/1"}) {
        if (of.table->extension(memory.string(id)) != nullptr)
            return failed(std::string("gives a table for \"") + id + "\"");
    }
    return {};
}

}  // namespace

std::vector<check_case> file_checks() {
    return {
        {"one-export", "The file exports gatepost_plugin_v1 and nothing else.", needs::file,
         one_export},
        {"no-unique-symbols", "No symbol of the file is shared by the whole process.", needs::file,
         no_unique},
        {"relro", "The file has full RELRO.", needs::file, relro},
        {"table", "The entry function gives a complete table of this major.", needs::table, table},
        {"entry-repeats", "Called again, also by a later host, the entry gives the same table.",
         needs::table, entry_repeats},
        {"unknown-extension", "An extension id nobody knows gives NULL.", needs::table,
         unknown_extension},
    };
}

}  // namespace gatepost::check
