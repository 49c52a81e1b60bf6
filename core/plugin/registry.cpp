// Each file goes trust -> copy -> symbol check -> load -> table -> manifest; the first step that
// says no gives the reason. No step throws, and no file can stop the others.
#include "plugin/registry.hpp"

#include <algorithm>
#include <system_error>

#include "base/log.hpp"
#include "plugin/library.hpp"
#include "plugin/strings.hpp"
#include "plugin/trust.hpp"

namespace gatepost::plugin {
namespace {

using std::filesystem::path;

std::vector<path> shared_objects(const path& folder) {
    std::vector<path> files;
    std::error_code problem;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem)) {
        const std::string name = at->path().filename().string();
        if (at->path().extension() == ".so" && name.front() != '.') files.push_back(at->path());
    }
    if (problem && problem != std::errc::no_such_file_or_directory)
        log::warn("plugin.folder", "the plugin folder cannot be read",
                  {{"folder", folder.string()}, {"reason", problem.message()}});
    std::ranges::sort(files);
    return files;
}

// The trust errors name the path themselves; the others are clauses that follow it.
result<std::shared_ptr<const loaded_plugin>> load(const path& file, const registry_options& how) {
    const auto trusted = make_trusted_copy(file, how.copies);
    if (!trusted) return trusted.error();
    const auto table = load_table(trusted->copy, how.host_version);
    if (!table) return error{table.error().kind, file.string() + ' ' + table.error().detail};
    auto facts = parse_manifest(view_of((*table)->manifest), view_of((*table)->id),
                                view_of((*table)->version));
    if (!facts) return error{facts.error().kind, file.string() + ": " + facts.error().detail};
    auto loaded = std::make_shared<loaded_plugin>();
    loaded->table = *table;
    loaded->facts = std::move(*facts);
    loaded->file = file;
    loaded->sha256 = trusted->sha256;
    loaded->sdk = safe_text((*table)->sdk, 64);
    return std::shared_ptr<const loaded_plugin>(std::move(loaded));
}

}  // namespace

registry registry::scan(const registry_options& how) {
    registry found;
    const auto refuse = [&](const path& file, const std::string& reason) {
        log::warn("plugin.refused", "the plugin was not loaded",
                  {{"file", file.string()}, {"reason", reason}});
        found.refused_.push_back({file, reason});
    };
    for (const path& folder : how.folders) {
        for (const path& file : shared_objects(folder)) {
            auto loaded = load(file, how);
            if (!loaded) {
                refuse(file, loaded.error().detail);
                continue;
            }
            const auto [at, is_new] = found.loaded_.emplace((*loaded)->facts.id, *loaded);
            if (!is_new)
                refuse(file, file.string() + " has the id \"" + at->first + "\" of " +
                                 at->second->file.string() + ", which was loaded; remove one");
        }
    }
    return found;
}

std::shared_ptr<const loaded_plugin> registry::find(const std::string& id) const {
    const auto at = loaded_.find(id);
    return at == loaded_.end() ? nullptr : at->second;
}

}  // namespace gatepost::plugin
