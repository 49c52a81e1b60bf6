// The symbol table is read before the library is loaded, because loading runs constructors: a
// library that strayed into the folder must not run. The throwing constructor is used since only it
// keeps the loader's text.
#include "plugin/library.hpp"

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "base/text.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

using boost::dll::shared_library;

constexpr const char* no_entry =
    "is a shared library but no plugin: it does not export " GATEPOST_ENTRY
    "; only plugins belong here";

error refused(std::string clause) {
    return {error_kind::plugin_fault, std::move(clause)};
}

bool exports_entry(const std::filesystem::path& file) {
    try {
        boost::dll::library_info facts(file);
        const std::vector<std::string> symbols = facts.symbols();
        return std::ranges::find(symbols, GATEPOST_ENTRY) != symbols.end();
    } catch (const std::exception&) {
        return false;
    }
}

// Reachable for ever, so that neither a destructor nor a leak checker touches it.
shared_library& keep(std::unique_ptr<shared_library> library) {
    static std::mutex guard;
    static auto& kept = *new std::vector<std::unique_ptr<shared_library>>;
    const std::lock_guard lock(guard);
    return *kept.emplace_back(std::move(library));
}

result<gatepost_entry> load_entry(const std::filesystem::path& file) {
    namespace mode = boost::dll::load_mode;
    try {
        auto library = std::make_unique<shared_library>(file, mode::rtld_now | mode::rtld_local);
        shared_library& kept = keep(std::move(library));
        if (!kept.has(GATEPOST_ENTRY)) return refused(no_entry);
        return &kept.get<const gatepost_plugin*(const gatepost_host_info*)>(GATEPOST_ENTRY);
    } catch (const std::exception& failure) {
        return refused("cannot be loaded: " + text::sanitize(failure.what(), 1024));
    }
}

std::string version_problem(const gatepost_plugin& table) {
    const auto number = [](uint32_t n) { return std::to_string(n); };
    if (table.abi_major > GATEPOST_ABI_MAJOR)
        return "needs plugin interface " + number(table.abi_major) + ", and this gateway has " +
               number(GATEPOST_ABI_MAJOR) + ": upgrade the gateway";
    if (table.abi_major < GATEPOST_ABI_MAJOR)
        return "was built for plugin interface " + number(table.abi_major) +
               ", and this gateway has " + number(GATEPOST_ABI_MAJOR) + ": upgrade the plugin";
    if (table.min_host_minor > GATEPOST_ABI_MINOR)
        return "needs plugin interface " + number(GATEPOST_ABI_MAJOR) + "." +
               number(table.min_host_minor) + " or newer, and this gateway has " +
               number(GATEPOST_ABI_MAJOR) + "." + number(GATEPOST_ABI_MINOR) +
               ": upgrade the gateway";
    return {};
}

}  // namespace

bool is_plugin_id(std::string_view id) {
    if (id.empty() || id.size() > 32 || id.front() < 'a' || id.front() > 'z') return false;
    return std::ranges::all_of(
        id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

status check_table(const gatepost_plugin* table) {
    if (table == nullptr)
        return refused("declined to work with this gateway; upgrade the older of the two");
    // The versions stand first in every major; the rest may differ.
    if (!GATEPOST_HAS(gatepost_plugin, table, min_host_minor))
        return refused("gives a table that is too short; ask its author for a new build");
    if (std::string problem = version_problem(*table); !problem.empty())
        return refused(std::move(problem));
    // `extension` is the last field and optional.
    if (!GATEPOST_HAS(gatepost_plugin, table, cancel))
        return refused("gives a table that is too short; ask its author for a new build");
    if (table->create == nullptr || table->destroy == nullptr || table->start == nullptr ||
        table->cancel == nullptr)
        return refused("gives a table with a function missing; ask its author for a new build");
    if (!is_plugin_id(view_of(table->id)))
        return refused("has the id \"" + text::sanitize(view_of(table->id), 64) +
                       "\", which must be lower case letters, digits and dashes; rename it");
    return success{};
}

result<const gatepost_plugin*> load_table(const std::filesystem::path& file,
                                          const std::string& host_version) {
    if (!exports_entry(file)) return refused(no_entry);
    const auto entry = load_entry(file);
    if (!entry) return entry.error();
    const gatepost_host_info host{sizeof host, GATEPOST_ABI_MAJOR,    GATEPOST_ABI_MINOR,
                                  0,           string_of("gatepost"), string_of(host_version)};
    const gatepost_plugin* table = nullptr;
    try {
        table = (*entry)(&host);
    } catch (...) {
        return refused("throws an exception from " GATEPOST_ENTRY
                       "; ask its author for a new build");
    }
    if (auto checked = check_table(table); !checked) return checked.error();
    return table;
}

}  // namespace gatepost::plugin
