// connections.d/NAME.toml: what the host understands of a connection; [settings] is the plugin's
// and goes by its schema (settings.cpp).
#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "config/table_reader.hpp"
#include "schema/format.hpp"

namespace gatepost::config {

namespace {

using nlohmann::json;

constexpr uint32_t rate_most = 1'000'000'000;  // more than any machine sends in a day

void read_limits(const document& file, table_reader& top, limits_table& out, problems& wrong) {
    const json* table = top.find("limits");
    if (table == nullptr) return;
    table_reader reader(file, *table, "/limits", wrong);
    reader.count("concurrency", out.concurrency, 1, limits::concurrency_max);
    reader.count("per_second", out.per_second, 1, rate_most);
    reader.count("per_minute", out.per_minute, 1, rate_most);
    reader.count("per_hour", out.per_hour, 1, rate_most);
    reader.count("per_day", out.per_day, 1, rate_most);
    reader.count("lookups_per_minute", out.lookups_per_minute, 1, rate_most);
    reader.count("lookups_per_hour", out.lookups_per_hour, 1, rate_most);
    reader.finish();
}

void read_sender(table_reader& top, connection& out) {
    top.text("from_email", out.from_email);
    if (!out.from_email.empty() && !schema::has_format(schema::format::email, out.from_email))
        top.problem("from_email", "must be an email address such as name@example.com");
    top.text("from_name", out.from_name);
    if (out.from_name.size() > limits::display_name_bytes)
        top.problem("from_name",
                    "must have at most " + std::to_string(limits::display_name_bytes) + " bytes");
    if (!out.from_name.empty() && out.from_email.empty() && !top.has("from_email"))
        top.problem("from_name", "has no from_email to go with");
    std::string sender = "keep";
    top.choice("sender", sender, {"keep", "force"});
    out.force_sender = sender == "force";
    if (out.force_sender && out.from_email.empty() && !top.has("from_email"))
        top.problem("sender", "is \"force\", but there is no from_email to put in its place");
}

result<schema::schema> schema_of(const std::string& provider, const schema_lookup& plugins) {
    auto plugin = plugins(provider);
    if (!plugin) return std::move(plugin).error();
    auto parsed = schema::schema::parse(plugin->settings_schema);
    if (!parsed)
        return error{error_kind::config,
                     "its settings cannot be checked: " + parsed.error().detail};
    return parsed;
}

void read_settings(const document& file, table_reader& top, const std::string& readable_reason,
                   const std::filesystem::path& folder, const schema_lookup& plugins,
                   connection& out, problems& wrong) {
    const json* given = top.find("settings");
    if (given != nullptr && !given->is_object()) return top.problem("settings", "must be a table");
    if (out.provider.empty()) return;
    const auto by = schema_of(out.provider, plugins);
    if (!by) return top.problem("provider", by.error().detail);
    const auto report = [&](const std::string& pointer, const std::string& reason) {
        wrong.add(file, "/settings" + pointer, reason);
    };
    const size_t before = wrong.size();
    const complete_settings whole =
        complete(folder, given == nullptr ? json::object() : *given, *by, origin::file, report);
    const auto plugin = plugins(out.provider);
    if (wrong.size() == before && plugin && plugin->check_settings) {
        for (const field_error& each : plugin->check_settings(out.name, secret(whole.json)))
            report(each.pointer, each.detail);
    }
    out.settings_json = secret(whole.json);
    out.public_settings_json = whole.shown;
    if (readable_reason.empty()) return;
    for (const std::string& pointer : whole.plain_secrets)
        report(pointer, "is a plain secret in a file that " + readable_reason +
                            ", or write { file = \"name\" }");
}

oauth_check oauth_check_of(const std::string& provider, const schema_lookup& plugins) {
    if (provider.empty()) return nullptr;
    const auto plugin = plugins(provider);
    return plugin ? plugin->check_oauth : nullptr;
}

}  // namespace

bool is_connection_name(std::string_view name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 63 && plain(name[0]) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return plain(c) || c == '_' || c == '-'; });
}

// Refused in words of its own: whoever writes it believes that his mail takes another way.
void read_on_unknown(table_reader& top, std::string& value) {
    const json* given = top.find("on_unknown");
    if (given != nullptr && *given == "failover")
        return top.problem("on_unknown",
                           "\"failover\" does not exist yet: no mail moves to another connection "
                           "by itself; use \"retry\" or \"hold\"");
    top.choice("on_unknown", value, {"retry", "hold"});
}

connection read_connection_file(const document& file, const std::string& readable_reason,
                                const std::filesystem::path& folder, const schema_lookup& plugins,
                                problems& wrong) {
    connection out;
    out.file = file.file;
    out.name = file.file.stem().string();
    table_reader top(file, file.root, "", wrong);
    for (const misplaced& each : file.oddities)
        wrong.add(file, each.pointer, each.reason);
    top.required("provider");
    top.text("provider", out.provider);
    if (out.provider.empty() && top.has("provider")) top.problem("provider", "must not be empty");
    top.boolean("active", out.active);
    top.boolean("trace", out.trace);
    top.text("organization", out.organization);
    read_sender(top, out);
    read_on_unknown(top, out.on_unknown);
    read_limits(file, top, out.limits, wrong);
    read_settings(file, top, readable_reason, folder, plugins, out, wrong);
    if (const json* table = top.find("oauth"); table != nullptr)
        out.oauth = read_oauth_table(file, *table, readable_reason, folder,
                                     oauth_check_of(out.provider, plugins), wrong);
    top.finish();
    return out;
}

}  // namespace gatepost::config
