// The table of providers, and what a table of the settings needs for its grant. Pure.
#include <algorithm>

#include "base/text.hpp"
#include "services/http/order.hpp"
#include "services/oauth/jwt.hpp"
#include "services/oauth/oauth.hpp"
#include "services/stream/proxy.hpp"

namespace gatepost::services {
namespace {

using plugin::oauth_profile;
using plugin::oauth_profiles;

constexpr std::string_view tenant_mark = "{tenant}";

const oauth_profiles& built_in() {
    static const oauth_profiles table{
        {"google",
         {.token_url = "https://oauth2.googleapis.com/token",
          .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
          .device_url = "https://oauth2.googleapis.com/device/code",
          .scope = "https://mail.google.com/",
          .client_credentials_scope = {},
          .scope_on_refresh = false,
          .tenant = {},
          // Without the first there is no refresh token, without the second none at a second login.
          .authorize_parameters = {{"access_type", "offline"}, {"prompt", "consent"}},
          .no_device_flow = "Google does not allow the scope https://mail.google.com/ in the "
                            "device flow; log in with a browser instead, on this machine or by "
                            "pasting the address it ends at"}},
        {"microsoft",
         {.token_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
          .authorize_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
          .device_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
          .scope = "https://outlook.office.com/SMTP.Send offline_access",
          .client_credentials_scope = "https://outlook.office365.com/.default",
          .scope_on_refresh = true,
          .tenant = "common",
          .authorize_parameters = {{"response_mode", "query"}},
          .no_device_flow = {}}},
    };
    return table;
}

// What is wrong with a table, one problem a key.
class objections {
  public:
    void add(const char* key, std::string reason) {
        const std::string pointer = std::string("/") + key;
        const auto told = [&](const field_error& each) { return each.pointer == pointer; };
        if (std::ranges::none_of(fields, told)) fields.push_back({pointer, std::move(reason)});
    }
    void need(const char* key, bool there, const std::string& why) {
        if (!there) add(key, "is required: " + why);
    }
    void not_for(const char* key, bool there, oauth_grant grant) {
        if (there) add(key, "is not for grant = \"" + std::string(name_of(grant)) + "\"");
    }
    std::vector<field_error> fields;
};

std::string list_of(const oauth_profiles& known) {
    std::string out;
    for (const auto& [name, unused] : known)
        out += (out.empty() ? "\"" : ", \"") + name + "\"";
    return out;
}

const oauth_profile* find_profile(const std::string& name, const oauth_profiles& known,
                                  objections& wrong) {
    static const oauth_profile none;
    if (name.empty()) return &none;
    if (const auto found = known.find(name); found != known.end()) return &found->second;
    std::vector<std::string> names;
    for (const auto& [each, unused] : known)
        names.push_back(each);
    const auto meant = text::nearest(name, names);
    wrong.add("profile", "is not known; " + (meant ? "did you mean \"" + *meant + "\"?"
                                                   : "there are: " + list_of(known)));
    return nullptr;
}

bool is_tenant(const std::string& name) {
    return !name.empty() && name.size() <= 255 && std::ranges::all_of(name, [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
               (each >= '0' && each <= '9') || each == '.' || each == '-';
    });
}

std::string with_tenant(std::string url, const std::string& tenant) {
    for (size_t at = url.find(tenant_mark); at != url.npos; at = url.find(tenant_mark, at))
        url.replace(at, tenant_mark.size(), tenant);
    return url;
}

bool names_tenant(const std::string& url) {
    return url.find(tenant_mark) != url.npos;
}

void complete_tenant(oauth_client& client, const oauth_profile& by, objections& wrong) {
    const bool needed = names_tenant(client.token_url) || names_tenant(client.authorize_url) ||
                        names_tenant(client.device_url);
    if (!needed) {
        if (!client.tenant.empty()) wrong.add("tenant", "is not used: no address has {tenant}");
        return;
    }
    const bool application = client.grant == oauth_grant::client_credentials;
    const bool given = !client.tenant.empty();
    if (!given && !application) client.tenant = by.tenant;
    if (!given && client.tenant.empty())
        return wrong.add("tenant", "is required: the id or domain of your directory");
    if (!is_tenant(client.tenant))
        return wrong.add("tenant", "must be the id or domain of your directory");
    const bool many = client.tenant == "common" || client.tenant == "organizations" ||
                      client.tenant == "consumers";
    if (application && many)
        return wrong.add("tenant",
                         "must be the id or domain of your directory: an application signs in to "
                         "one, not to \"" +
                             client.tenant + "\"");
    client.token_url = with_tenant(client.token_url, client.tenant);
    client.authorize_url = with_tenant(client.authorize_url, client.tenant);
    client.device_url = with_tenant(client.device_url, client.tenant);
}

void check_url(const char* key, const std::string& url, const oauth_client& client,
               objections& wrong) {
    if (url.empty()) return;
    http_place parts;
    if (!read_url(url, parts) || url.find('?') != url.npos)
        return wrong.add(key, "must be an address such as https://login.example.com/token");
    if (!parts.tls && !client.allow_http)
        wrong.add(key,
                  "must begin with https://; allow_http = true allows http://, which shows "
                  "every secret to the network");
}

void check_grant(const oauth_client& client, objections& wrong) {
    const bool application = client.grant == oauth_grant::client_credentials;
    const bool account = client.grant == oauth_grant::service_account;
    if (!account) {
        wrong.need("client_id", !client.client_id.empty(), "the application's id at the provider");
        wrong.not_for("service_account", !client.service_account.empty(), client.grant);
        wrong.not_for("subject", !client.subject.empty(), client.grant);
    }
    if (application) {
        wrong.need("client_secret", !client.client_secret.empty(),
                   "an application signs in with its own secret");
        wrong.not_for("refresh_token", !client.refresh_token.empty(), client.grant);
    }
    if (!account) return;
    wrong.not_for("client_id", !client.client_id.empty(), client.grant);
    wrong.not_for("client_secret", !client.client_secret.empty(), client.grant);
    wrong.not_for("refresh_token", !client.refresh_token.empty(), client.grant);
    wrong.need("subject", !client.subject.empty(), "the mailbox to send as");
    wrong.need("service_account", !client.service_account.empty(),
               "the content of the JSON key file, such as { file = \"service-account.json\" }");
    wrong.need("scope", !client.scope.empty(), "the profile names none");
    if (client.service_account.empty()) return;
    if (auto key = read_service_account(client.service_account); !key)
        wrong.add("service_account", key.error().detail);
}

void lay_under(oauth_client& client, const oauth_profile& by) {
    client.owners_token_url = !client.token_url.empty();
    client.owners_device_url = !client.device_url.empty();
    client.scope_on_refresh = by.scope_on_refresh || !client.scope.empty();
    // The device flow's ban is of the profile's own scope and address.
    const bool own_flow = client.owners_device_url || !client.scope.empty();
    client.no_device_flow = own_flow ? std::string() : by.no_device_flow;
    client.authorize_parameters = by.authorize_parameters;
    const bool application = client.grant == oauth_grant::client_credentials;
    const auto either = [](std::string& own, const std::string& other) {
        if (own.empty()) own = other;
    };
    either(client.token_url, by.token_url);
    either(client.authorize_url, by.authorize_url);
    either(client.device_url, by.device_url);
    either(client.scope, application ? by.client_credentials_scope : by.scope);
}

void lay_over(oauth_profile& base, const oauth_profile& with) {
    const auto either = [](std::string& under, const std::string& over) {
        if (!over.empty()) under = over;
    };
    either(base.token_url, with.token_url);
    either(base.authorize_url, with.authorize_url);
    either(base.device_url, with.device_url);
    // A ban of the device flow was of the scope that is replaced.
    if (!with.scope.empty() && with.scope != base.scope) base.no_device_flow.clear();
    either(base.scope, with.scope);
    either(base.client_credentials_scope, with.client_credentials_scope);
    either(base.tenant, with.tenant);
    either(base.no_device_flow, with.no_device_flow);
    base.scope_on_refresh = base.scope_on_refresh || with.scope_on_refresh;
    if (!with.authorize_parameters.empty()) base.authorize_parameters = with.authorize_parameters;
}

}  // namespace

std::string_view name_of(oauth_grant grant) {
    switch (grant) {
        case oauth_grant::client_credentials: return "client_credentials";
        case oauth_grant::service_account: return "service_account";
        case oauth_grant::refresh_token: break;
    }
    return "refresh_token";
}

std::optional<oauth_grant> grant_named(std::string_view name) {
    for (const auto each : {oauth_grant::refresh_token, oauth_grant::client_credentials,
                            oauth_grant::service_account})
        if (name == name_of(each)) return each;
    return std::nullopt;
}

plugin::oauth_profiles oauth_profiles_with(const plugin::oauth_profiles& of_manifest) {
    oauth_profiles out = built_in();
    for (const auto& [name, with] : of_manifest)
        lay_over(out[name], with);
    return out;
}

result<oauth_client> complete_client(oauth_client given, const plugin::oauth_profiles& known) {
    objections wrong;
    if (const oauth_profile* by = find_profile(given.profile, known, wrong)) {
        lay_under(given, *by);
        if (given.profile.empty() && given.token_url.empty())
            wrong.add("profile", "or token_url is required; profiles are: " + list_of(known));
        complete_tenant(given, *by, wrong);
        check_grant(given, wrong);
        check_url("token_url", given.token_url, given, wrong);
        check_url("authorize_url", given.authorize_url, given, wrong);
        check_url("device_url", given.device_url, given, wrong);
    }
    if (!given.proxy.empty())
        if (auto proxy = parse_proxy(given.proxy.reveal()); !proxy)
            wrong.add("proxy", proxy.error().detail);
    if (wrong.fields.empty()) return given;
    return error{error_kind::invalid, "the [oauth] table is not complete", std::move(wrong.fields)};
}

}  // namespace gatepost::services
