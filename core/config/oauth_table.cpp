// [oauth] of connections.d/NAME.toml: types, secrets, and what may be shown of it. Its meaning is
// the engine's (services/oauth), which is asked for what is missing.
#include "base/text.hpp"
#include "config/files.hpp"
#include "config/table_reader.hpp"

namespace gatepost::config {

namespace {

using nlohmann::json;

struct secret_place {
    const document& file;
    const std::string& readable_reason;
    const std::filesystem::path& folder;
    problems& wrong;
};

void read_secret(table_reader& reader, const char* key, secret& out, const secret_place& at) {
    const json* found = reader.find(key);
    if (found == nullptr) return;
    if (found->is_string()) {
        out = secret(found->get<std::string>());
        if (out.empty()) return reader.problem(key, "must not be empty");
        if (!at.readable_reason.empty())
            reader.problem(key, "is a plain secret in a file that " + at.readable_reason +
                                    ", or write { file = \"name\" }");
        return;
    }
    auto resolved = found->is_object()
                        ? resolve_secret(at.folder, *found, origin::file)
                        : result<std::string>(
                              error{error_kind::config,
                                    "must be a string, { file = \"name\" }, { env = \"NAME\" } or "
                                    "{ credential = \"name\" }"});
    if (!resolved) return reader.problem(key, resolved.error().detail);
    out = secret(*std::move(resolved));
}

void read_words(table_reader& reader, oauth_table& out) {
    reader.text("profile", out.profile);
    reader.choice("grant", out.grant, {"refresh_token", "client_credentials", "service_account"});
    reader.text("client_id", out.client_id);
    reader.text("scope", out.scope);
    reader.text("tenant", out.tenant);
    reader.text("subject", out.subject);
    reader.text("token_url", out.token_url);
    reader.text("authorize_url", out.authorize_url);
    reader.text("device_url", out.device_url);
    reader.text("ca_file", out.ca_file);
    reader.boolean("allow_http", out.allow_http);
    if (!out.ca_file.empty() && !std::filesystem::path(out.ca_file).is_absolute())
        reader.problem("ca_file", "must be an absolute path");
}

std::string shown(const oauth_table& table) {
    json out{{"grant", table.grant}};
    const auto word = [&](const char* name, const std::string& value) {
        if (!value.empty()) out[name] = value;
    };
    word("profile", table.profile);
    word("client_id", table.client_id);
    word("scope", table.scope);
    word("tenant", table.tenant);
    word("subject", table.subject);
    word("token_url", table.token_url);
    word("authorize_url", table.authorize_url);
    word("device_url", table.device_url);
    word("ca_file", table.ca_file);
    if (table.allow_http) out["allow_http"] = true;
    const auto hidden = [&](const char* name, const secret& value) {
        out[name] = json{{"set", !value.empty()}};
    };
    hidden("client_secret", table.client_secret);
    hidden("refresh_token", table.refresh_token);
    hidden("service_account", table.service_account);
    if (!table.proxy.empty()) hidden("proxy", table.proxy);
    return out.dump();
}

}  // namespace

oauth_table read_oauth_table(const document& file, const json& given,
                             const std::string& readable_reason,
                             const std::filesystem::path& folder, const oauth_check& check,
                             problems& wrong) {
    oauth_table out;
    table_reader reader(file, given, "/oauth", wrong);
    const secret_place at{file, readable_reason, folder, wrong};
    read_words(reader, out);
    read_secret(reader, "client_secret", out.client_secret, at);
    read_secret(reader, "refresh_token", out.refresh_token, at);
    read_secret(reader, "service_account", out.service_account, at);
    read_secret(reader, "proxy", out.proxy, at);
    reader.finish();
    out.shown_json = shown(out);
    if (!check || !given.is_object()) return out;
    for (const field_error& each : check(out))
        wrong.add(file, "/oauth" + each.pointer, each.detail);
    return out;
}

}  // namespace gatepost::config
