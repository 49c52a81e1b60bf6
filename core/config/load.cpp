// Finds the files, judges who could have written them, reads each, and gathers what is wrong in all
// of them before saying so: nothing of a configuration with a problem is ever used.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "config/trust.hpp"

namespace gatepost::config {

namespace {

namespace fs = std::filesystem;

// A missing folder is no problem: then there is nothing in it. True if it is to be read.
bool judge_folder(const fs::path& folder, problems& wrong) {
    struct stat facts{};
    if (::stat(folder.c_str(), &facts) != 0) {
        const int why = errno;
        if (why != ENOENT)
            wrong.add(folder, {}, "",
                      error_from_errno(why, "cannot look at the folder").detail + advice_of(why));
        return false;
    }
    if (!S_ISDIR(facts.st_mode)) {
        wrong.add(folder, {}, "", "this is not a folder");
        return false;
    }
    if (const auto why = writable_by_others(facts))
        wrong.add(folder, {}, "", "this folder " + *why);
    return true;
}

struct opened {
    document file;
    struct stat facts{};
};

// Nothing if the file is not there, or if what is wrong with it has been said.
std::optional<opened> open_document(const fs::path& path, bool may_be_missing, problems& wrong) {
    auto read = read_with_facts(path, limits::config_bytes);
    if (!read) {
        if (!may_be_missing || read.error().kind != error_kind::not_found)
            wrong.add(path, {}, "", read.error().detail);
        return std::nullopt;
    }
    if (const auto why = writable_by_others(read->facts)) {
        wrong.add(path, {}, "", "this file " + *why);
        return std::nullopt;
    }
    opened out;
    out.file.file = path;
    out.facts = read->facts;
    toml_problem problem;
    if (parse_toml(read->text, out.file, problem)) return out;
    wrong.add(path, problem.where, "", problem.reason);
    return std::nullopt;
}

// *.toml, in order of their names; hidden files are an editor's.
std::vector<fs::path> connection_files(const fs::path& folder, problems& wrong) {
    std::vector<fs::path> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
    if (!entries) {
        const int why = errno;
        wrong.add(folder, {}, "",
                  error_from_errno(why, "cannot read the folder").detail + advice_of(why));
        return out;
    }
    while (const dirent* entry = ::readdir(entries.get())) {
        const fs::path name(entry->d_name);
        if (entry->d_name[0] != '.' && name.extension() == ".toml") out.push_back(folder / name);
    }
    std::sort(out.begin(), out.end());
    return out;
}

void read_connections(const fs::path& folder, const schema_lookup& plugins, settings& out,
                      problems& wrong) {
    const fs::path place = folder / "connections.d";
    if (!judge_folder(place, wrong)) return;
    for (const fs::path& path : connection_files(place, wrong)) {
        if (!is_connection_name(path.stem().string())) {
            wrong.add(path, {}, "",
                      "the file name is the connection's name and must match "
                      "[a-z0-9][a-z0-9_-]{0,62}");
            continue;
        }
        const auto opened = open_document(path, false, wrong);
        if (!opened) {
            out.connections[path.stem().string()];  // it exists: `default` may name it
            continue;
        }
        const std::string readable = readable_by_others(opened->facts).value_or("");
        connection read = read_connection_file(opened->file, readable, folder, plugins, wrong);
        out.connections[read.name] = std::move(read);
    }
}

void check_default(const document& file, const settings& loaded, problems& wrong) {
    const std::string& name = loaded.default_connection;
    if (name.empty() || loaded.connections.contains(name)) return;
    std::string there;
    std::vector<std::string> names;
    for (const auto& [each, ignored] : loaded.connections) {
        there += (there.empty() ? "" : ", ") + each;
        names.push_back(each);
    }
    const auto meant = text::nearest(name, names);
    wrong.add(file, "/default",
              "there is no connection \"" + text::escape_for_log(name) + "\"; " +
                  (meant           ? "did you mean \"" + *meant + "\"?"
                   : names.empty() ? "there is none at all in connections.d"
                                   : "there are " + there));
}

// gatepost.toml into `out`; gives the document for what is checked later.
document read_gateway(const fs::path& folder, settings& out, problems& wrong) {
    document none;
    none.file = folder / "gatepost.toml";
    if (!judge_folder(folder, wrong)) return none;
    auto opened = open_document(none.file, true, wrong);
    if (!opened) return none;
    for (const misplaced& each : opened->file.oddities)
        wrong.add(opened->file, each.pointer, each.reason);
    read_gateway_file(opened->file, out, wrong);
    return std::move(opened->file);
}

}  // namespace

result<settings> load(const fs::path& folder, const schema_lookup& plugins) {
    problems wrong;
    settings out = default_settings(folder);
    const document gateway = read_gateway(folder, out, wrong);
    read_connections(folder, plugins, out, wrong);
    check_default(gateway, out, wrong);
    if (!wrong.empty()) return wrong.as_error(folder);
    return out;
}

result<settings> load_daemon_part(const fs::path& folder) {
    problems wrong;
    settings out = default_settings(folder);
    read_gateway(folder, out, wrong);
    if (!wrong.empty()) return wrong.as_error(folder);
    return out;
}

}  // namespace gatepost::config
