// gatepost.toml: every key, its range and its default. config/gatepost.toml is the reference for
// people; a test holds the two against each other.
#include <grp.h>
#include <unistd.h>

#include <array>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "config/table_reader.hpp"
#include "config/units.hpp"
#include "schema/format.hpp"

namespace gatepost::config {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr size_t socket_path_bytes = 107;  // sun_path of unix(7), less its NUL

bool is_absolute(const std::string& path) {
    return !path.empty() && path[0] == '/';
}

bool group_exists(const std::string& name) {
    std::array<char, 16 * 1024> space;
    struct group entry{};
    struct group* found = nullptr;
    return ::getgrnam_r(name.c_str(), &entry, space.data(), space.size(), &found) == 0 &&
           found != nullptr;
}

listener read_listener(const document& file, const json& table, const std::string& pointer,
                       problems& wrong) {
    listener out;
    table_reader reader(file, table, pointer, wrong);
    reader.required("path");
    std::string path, mode = "0660", rights = "send";
    reader.text("path", path);
    if (!path.empty() && !is_absolute(path)) reader.problem("path", "must be an absolute path");
    if (path.size() > socket_path_bytes)
        reader.problem("path", "must have at most " + std::to_string(socket_path_bytes) +
                                   " bytes: the system allows no longer socket path");
    if (const json* given = reader.find("mode"); given != nullptr && given->is_number())
        reader.problem("mode", "must be a string such as \"0660\"");
    reader.text("mode", mode);
    if (const auto bits = parse_mode(mode))
        out.mode = *bits;
    else
        reader.problem("mode", "must be an octal mode such as \"0660\"");
    reader.text("group", out.group);
    if (!out.group.empty() && !group_exists(out.group))
        reader.problem("group", "is not a group of this machine");
    reader.choice("role", rights, {"send", "admin"});
    reader.finish();
    out.path = path;
    out.rights = rights == "admin" ? role::admin : role::send;
    return out;
}

void read_listeners(const document& file, table_reader& top, settings& out, problems& wrong) {
    const json* list = top.find("listen");
    if (list == nullptr) return;
    if (!list->is_array()) return top.problem("listen", "must be written as [[listen]]");
    std::set<std::filesystem::path> seen;
    for (size_t i = 0; i < list->size(); ++i) {
        const std::string pointer = text::below_pointer("/listen", std::to_string(i));
        out.listen.push_back(read_listener(file, (*list)[i], pointer, wrong));
        const auto& path = out.listen.back().path;
        if (!path.empty() && !seen.insert(path).second)
            wrong.add(file, pointer + "/path", "is the path of an earlier [[listen]] too");
    }
}

void read_plugins(const document& file, table_reader& top, settings& out, problems& wrong) {
    const json* list = top.find("plugins");
    if (list == nullptr) return;
    if (!list->is_array()) return top.problem("plugins", "must be an array of folders");
    for (size_t i = 0; i < list->size(); ++i) {
        const json& each = (*list)[i];
        if (each.is_string() && is_absolute(each.get<std::string>()))
            out.plugins.emplace_back(each.get<std::string>());
        else
            wrong.add(file, text::below_pointer("/plugins", std::to_string(i)),
                      "must be an absolute path");
    }
}

void read_retry(const document& file, table_reader& top, settings& out, problems& wrong) {
    const json* table = top.find("retry");
    if (table == nullptr) return;
    table_reader retry(file, *table, "/retry", wrong);
    retry.duration("first", out.retry_first, {1s, 24h});
    retry.duration("max", out.retry_max, {1s, 7 * 24h});
    retry.duration("lifetime", out.lifetime, {1min, 30 * 24h});
    retry.duration("unknown_delay", out.unknown_delay, {1s, 24h});
    if (out.retry_max < out.retry_first)
        retry.problem(
            "max", "must not be shorter than first, which is " + format_duration(out.retry_first));
    retry.finish();
}

void read_limits(const document& file, table_reader& top, settings& out, problems& wrong) {
    const json* table = top.find("limits");
    if (table == nullptr) return;
    table_reader limits_reader(file, *table, "/limits", wrong);
    limits_reader.size("message_size", out.message_bytes, 1024, limits::message_bytes);
    limits_reader.finish();
}

}  // namespace

settings default_settings(const std::filesystem::path& folder) {
    settings out;
    out.folder = folder;
    out.retry_first = limits::retry_first;
    out.retry_max = limits::retry_max;
    out.lifetime = limits::message_lifetime;
    out.unknown_delay = limits::retry_unknown_first;
    out.message_bytes = limits::message_bytes;
    return out;
}

void read_gateway_file(const document& file, settings& out, problems& wrong) {
    table_reader top(file, file.root, "", wrong);
    top.text("default", out.default_connection);
    top.text("host_name", out.host_name);
    if (!out.host_name.empty() && !schema::has_format(schema::format::hostname, out.host_name))
        top.problem("host_name", "must be a host name such as mail.example.com");
    top.text("default_domain", out.default_domain);
    if (!out.default_domain.empty() &&
        !schema::has_format(schema::format::hostname, out.default_domain))
        top.problem("default_domain", "must be a domain such as example.com");
    if (const json* aliases = top.find("aliases")) read_aliases(file, *aliases, out, wrong);
    top.choice("log_level", out.log_level, {"debug", "info", "warn", "error", "off"});
    std::string state;
    top.text("state", state);
    if (!state.empty() && !is_absolute(state)) top.problem("state", "must be an absolute path");
    if (!state.empty()) out.state = state;
    read_plugins(file, top, out, wrong);
    read_listeners(file, top, out, wrong);
    read_limits(file, top, out, wrong);
    read_retry(file, top, out, wrong);
    for (const char* later : {"callers", "route", "routes", "spool", "templates"})
        top.not_offered(later);
    top.finish();
}

}  // namespace gatepost::config
