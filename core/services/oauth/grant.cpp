#include "services/oauth/grant.hpp"

#include <gatepost/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "services/http/order.hpp"
#include "services/oauth/failure.hpp"
#include "services/oauth/jwt.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr size_t token_bytes = 16 * 1024;  // Microsoft's have 2 to 4 KiB
constexpr auto unsaid_lifetime = 30min;    // RFC 6749 lets a server leave expires_in out
constexpr auto longest_lifetime = 24h;
constexpr int64_t longest_flow = 3600, shortest_interval = 1, longest_interval = 300;

// RFC 6750 section 2.1: what may stand in a header.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= token_bytes &&
           std::ranges::all_of(text, [](char each) { return each > 0x20 && each < 0x7f; });
}

seconds lifetime_of(const sdk::json_value& said) {
    int64_t number = said.integer(-1);
    if (number < 0 && said.number() > 0)
        number = static_cast<int64_t>(std::min(said.number(), 1e9));
    if (const auto text = text::parse_unsigned(said.text()); text && said.is_string())
        number = static_cast<int64_t>(std::min<uint64_t>(*text, 1'000'000'000));
    if (number < 0) return unsaid_lifetime;
    return std::min<seconds>(seconds(number), longest_lifetime);
}

std::string member_of(const sdk::json_value& object, const char* name) {
    return std::string(object[name].text());
}

std::optional<granted> read_token(const sdk::json_value& said, std::string& problem) {
    granted out;
    const std::string_view kind = said["token_type"].text();
    if (!kind.empty() && !text::equal_ignoring_case(kind, "bearer")) {
        problem = "its token is of the type \"" + text::sanitize(kind, 32) + "\", not Bearer";
        return std::nullopt;
    }
    if (!is_token(said["access_token"].text())) {
        problem = "it has no access_token that can be used";
        return std::nullopt;
    }
    out.access_token = secret(member_of(said, "access_token"));
    out.lifetime = lifetime_of(said["expires_in"]);
    if (const std::string_view next = said["refresh_token"].text(); !next.empty()) {
        if (next.size() > token_bytes || !text::is_utf8(next)) {
            problem = "its refresh_token cannot be used";
            return std::nullopt;
        }
        out.refresh_token = secret(std::string(next));
    }
    return out;
}

}  // namespace

secret form_of(form_fields fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (value.empty()) continue;
        if (!out.empty()) out += '&';
        out += name;
        out += '=';
        out += text::percent_encode(value);
    }
    return secret(std::move(out));
}

secret refresh_form(const oauth_client& client, const secret& refresh_token) {
    return form_of({{"client_id", client.client_id},
                    {"client_secret", client.client_secret.reveal()},
                    {"scope", client.scope_on_refresh ? client.scope : std::string()},
                    {"refresh_token", refresh_token.reveal()},
                    {"grant_type", "refresh_token"}});
}

secret client_credentials_form(const oauth_client& client) {
    return form_of({{"client_id", client.client_id},
                    {"scope", client.scope},
                    {"grant_type", "client_credentials"},
                    {"client_secret", client.client_secret.reveal()}});
}

result<secret> service_account_form(const oauth_client& client, wall_time now) {
    const auto account = read_service_account(client.service_account);
    if (!account) return account.error();
    const auto assertion =
        sign_assertion(*account, {client.scope, client.token_url, client.subject}, now);
    if (!assertion) return assertion.error();
    return form_of({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                    {"assertion", assertion->reveal()}});
}

secret device_begin_form(const oauth_client& client) {
    return form_of({{"client_id", client.client_id}, {"scope", client.scope}});
}

secret device_poll_form(const oauth_client& client, const secret& device_code) {
    return form_of({{"client_id", client.client_id},
                    {"client_secret", client.client_secret.reveal()},
                    {"device_code", device_code.reveal()},
                    {"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}});
}

secret code_form(const oauth_client& client, std::string_view code, const secret& verifier,
                 std::string_view redirect_uri) {
    return form_of({{"client_id", client.client_id},
                    {"client_secret", client.client_secret.reveal()},
                    {"code", code},
                    {"code_verifier", verifier.reveal()},
                    {"redirect_uri", redirect_uri},
                    {"grant_type", "authorization_code"}});
}

grant_answer read_grant(const oauth_client& client, const oauth_response& answer, wall_time now,
                        const secret& asked_with) {
    grant_answer out;
    if (answer.http_status != 200) {
        out.failure = failure_of(client, answer, asked_with);
        if (is_about_time(client, out.failure)) out.clock_ahead = clock_ahead(answer, now);
        return out;
    }
    const auto read = sdk::read_json(answer.body);
    std::string problem = "it is no JSON object";
    if (read.ok() && read.root.is_object()) out.token = read_token(read.root, problem);
    if (!out.token)
        out.failure = {oauth_blame::provider,
                       "the answer of " + host_of(client.token_url) + " cannot be used: " + problem,
                       {},
                       {},
                       false};
    return out;
}

result<device_begun> read_device_begin(const oauth_client& client, const oauth_response& answer,
                                       wall_time) {
    const std::string who = host_of(client.device_url);
    if (answer.http_status != 200)
        return error{error_kind::provider, failure_of(client, answer, {}).sentence};
    const auto read = sdk::read_json(answer.body);
    device_begun out;
    const sdk::json_value& said = read.root;
    out.device_code = secret(member_of(said, "device_code"));
    out.shown.user_code = text::sanitize(said["user_code"].text(), 64);
    out.shown.verification_uri = text::sanitize(said["verification_uri"].text(), 1024);
    if (out.shown.verification_uri.empty())  // Google's name for it
        out.shown.verification_uri = text::sanitize(said["verification_url"].text(), 1024);
    out.shown.verification_uri_complete =
        text::sanitize(said["verification_uri_complete"].text(), 1024);
    if (!read.ok() || out.device_code.empty() || out.shown.user_code.empty() ||
        !out.shown.verification_uri.starts_with("http"))
        return error{
            error_kind::provider,
            "the answer of " + who + " cannot be used: it has no code for the device flow"};
    out.shown.interval =
        seconds(std::clamp(said["interval"].integer(5), shortest_interval, longest_interval));
    out.shown.expires_in =
        seconds(std::clamp<int64_t>(said["expires_in"].integer(900), 1, longest_flow));
    return out;
}

std::string authorize_address(const oauth_client& client, std::string_view redirect_uri,
                              std::string_view state, std::string_view challenge) {
    std::string query(form_of({{"client_id", client.client_id},
                               {"response_type", "code"},
                               {"redirect_uri", redirect_uri},
                               {"scope", client.scope},
                               {"state", state},
                               {"code_challenge", challenge},
                               {"code_challenge_method", "S256"}})
                          .reveal());
    for (const auto& [name, value] : client.authorize_parameters)
        query += "&" + text::percent_encode(name) + "=" + text::percent_encode(value);
    return client.authorize_url + "?" + query;
}

bool is_loopback_address(const std::string& redirect_uri) {
    http_place parts;
    if (!read_url(redirect_uri, parts) || parts.tls) return false;
    return parts.host == "127.0.0.1" || parts.host == "::1" || parts.host == "localhost";
}

}  // namespace gatepost::services
