#include "services/oauth/failure.hpp"

#include <gatepost/json.hpp>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "services/http/order.hpp"
#include "services/http/post.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr size_t description_bytes = 300;
constexpr auto longest_wait = 3600s;  // an hour of silence is enough for any wish
constexpr auto clock_tolerance = 60s;

struct said {
    std::string code, description;
};

// Microsoft adds trace ids in lines of their own; the first says it all.
said read_error(const oauth_response& answer, const scrubber& hide) {
    const auto read = sdk::read_json(answer.body);
    if (!read.ok() || !read.root.is_object()) return {};
    said out;
    out.code = text::sanitize(read.root["error"].text(), 64);
    std::string_view description = read.root["error_description"].text();
    description = description.substr(0, description.find_first_of("\r\n"));
    if (const size_t ids = description.find(" Trace ID:"); ids != description.npos)
        description = description.substr(0, ids);
    out.description = text::sanitize(hide.clean(description), description_bytes);
    return out;
}

scrubber hider(const oauth_client& client, const secret& asked_with) {
    std::vector<std::string> hidden;
    for (const secret* each : {&client.client_secret, &client.refresh_token, &asked_with})
        if (each->reveal().size() >= 4) hidden.emplace_back(each->reveal());
    return scrubber(hidden);
}

bool any_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    return std::ranges::find(codes, code) != codes.end();
}

// What to do about a refusal that will not pass.
std::string advice_for(const oauth_client& client, const said& what) {
    const std::string table = "the [oauth] table of " + client.connection;
    if (what.description.find("AADSTS7000222") != std::string::npos)
        return "the client secret has expired: make a new one in the Entra admin center and put it "
               "into client_secret in " +
               table;
    if (any_of(what.code, {"invalid_client"}))
        return "check client_id and client_secret in " + table;
    if (what.code == "invalid_scope") return "check scope in " + table;
    if (client.grant == oauth_grant::refresh_token &&
        any_of(what.code, {"invalid_grant", "interaction_required", "consent_required",
                           "login_required", "access_denied", "invalid_token"}))
        return "run: gatepost oauth login " + client.connection;
    if (client.grant == oauth_grant::service_account && what.code == "invalid_grant")
        return "check subject and the key file in " + table + ", and this machine's clock";
    if (client.grant == oauth_grant::service_account && what.code == "unauthorized_client")
        return "allow the service account domain-wide delegation for the scope " + client.scope +
               " in the admin console";
    if (what.code == "unauthorized_client")
        return "the application may not use this grant: check its registration at the provider";
    return "check " + table;
}

std::string quoted(const said& what, int status) {
    if (what.code.empty() && what.description.empty()) return "HTTP " + std::to_string(status);
    if (what.description.empty()) return what.code;
    return what.code.empty() ? what.description : what.code + " (" + what.description + ")";
}

bool will_pass(int status, const said& what) {
    return status == 408 || status == 425 || status == 429 || status >= 500 ||
           any_of(what.code, {"temporarily_unavailable", "server_error", "slow_down",
                              "rate_limit_exceeded", "authorization_pending"});
}

}  // namespace

std::string host_of(const std::string& url) {
    http_place parts;
    return read_url(url, parts) ? parts.host : "the provider";
}

oauth_failure login_needed(const std::string& connection, const std::string& why) {
    return {oauth_blame::credential,
            why + "; run: gatepost oauth login " + connection,
            "login_required",
            {},
            true};
}

oauth_failure failure_of(const oauth_client& client, const oauth_response& answer,
                         const secret& asked_with) {
    if (answer.http_status == 0) {
        const auto blame = answer.denied ? oauth_blame::config : oauth_blame::network;
        return {blame, "no token: " + answer.problem, {}, {}, false};
    }
    const said what = read_error(answer, hider(client, asked_with));
    const std::string who = host_of(client.token_url);
    const int status = answer.http_status;
    if (will_pass(status, what))
        return {oauth_blame::provider, who + " gives no token now: " + quoted(what, status),
                what.code, retry_after(answer), false};
    // Only a code is the token server's own word (RFC 6749, 5.2). A page of a proxy or of a network
    // that wants a login first must not end a consent.
    if (what.code.empty())
        return {oauth_blame::provider,
                "the answer of " + who + " cannot be used: " + quoted(what, status) +
                    (status / 100 == 4 ? " without an error code; if that stays, check "
                                         "token_url and proxy in the [oauth] table of " +
                                             client.connection
                                       : std::string()),
                {},
                retry_after(answer),
                false};
    return {oauth_blame::credential,
            who + " refuses: " + quoted(what, status) + "; " + advice_for(client, what),
            what.code,
            {},
            true};
}

bool is_about_time(const oauth_client& client, const oauth_failure& failure) {
    if (client.grant != oauth_grant::service_account || failure.code != "invalid_grant")
        return false;
    const std::string text = text::to_lower(failure.sentence);
    constexpr std::array<std::string_view, 5> words{"iat", "exp", "timeframe", "not yet valid",
                                                    "short-lived"};
    return std::ranges::any_of(words, [&](auto each) { return text.find(each) != text.npos; });
}

std::optional<seconds> clock_ahead(const oauth_response& answer, wall_time now) {
    const auto date = read_http_date(answer.header("date"));
    if (!date) return std::nullopt;
    const auto ahead = std::chrono::duration_cast<seconds>(*date - now);
    if (ahead < clock_tolerance && ahead > -clock_tolerance) return std::nullopt;
    return ahead;
}

std::optional<seconds> retry_after(const oauth_response& answer) {
    const std::string said = answer.header("retry-after");
    if (said.empty()) return std::nullopt;
    if (const auto number = text::parse_unsigned(said))
        return seconds(std::min<uint64_t>(*number, longest_wait.count()));
    const auto until = read_http_date(said), now = read_http_date(answer.header("date"));
    if (!until || !now) return std::nullopt;
    return std::clamp<seconds>(std::chrono::duration_cast<seconds>(*until - *now), 0s,
                               longest_wait);
}

}  // namespace gatepost::services
