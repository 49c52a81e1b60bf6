#include "services/oauth/account.hpp"

#include <gatepost/json.hpp>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "services/oauth/failure.hpp"
#include "services/oauth/jwt.hpp"

namespace gatepost::services {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds renew_early = 5min, wait_below = 60s;
constexpr int64_t record_version = 1;

std::string further_member(std::string_view name, std::string_view value) {
    return ",\"" + std::string(name) + "\":\"" + sdk::json_escaped(value) + "\"";
}

}  // namespace

secret write_record(const refresh_record& record) {
    std::string out = "{\"version\":" + std::to_string(record_version);
    out += further_member("refresh_token", record.token.reveal());
    out += further_member("source", record.source) + further_member("from", record.from);
    out +=
        further_member("client_id", record.client_id) + further_member("host", record.host) + "}";
    return secret(std::move(out));
}

std::optional<refresh_record> read_record(const secret& text) {
    const auto read = sdk::read_json(text.reveal());
    if (!read.ok() || read.root["version"].integer() != record_version) return std::nullopt;
    const auto word = [&](const char* name) { return std::string(read.root[name].text()); };
    refresh_record out{secret(word("refresh_token")), word("source"), word("from"),
                       word("client_id"), word("host")};
    if (out.token.empty()) return std::nullopt;
    return out;
}

std::string mark_of(const secret& configured) {
    return configured.empty() ? std::string() : text::to_hex(sha256_of(configured.reveal()));
}

refresh_record record_for(const oauth_client& client, const secret& token, std::string source) {
    return {token, std::move(source), mark_of(client.refresh_token), client.client_id,
            host_of(client.token_url)};
}

chosen_token choose_refresh_token(const oauth_client& client,
                                  const std::optional<refresh_record>& kept,
                                  const std::string& lost) {
    const bool configured = !client.refresh_token.empty();
    const bool descends = kept && (!configured || kept->from == mark_of(client.refresh_token));
    const bool same =
        kept && kept->client_id == client.client_id && kept->host == host_of(client.token_url);
    if (descends && same) return {kept->token, kept->source, {}};
    if (configured) return {client.refresh_token, "settings", {}};
    if (kept) return {{}, {}, "the login that is kept is of another client_id or provider"};
    if (!lost.empty()) return {{}, {}, lost};
    return {{}, {}, "nobody has logged in yet, and the [oauth] table has no refresh_token"};
}

held_token hold(const granted& token, mono_time now, wall_time wall_now) {
    return {token.access_token, token.lifetime, now + token.lifetime, wall_now + token.lifetime};
}

milliseconds left_of(const held_token& token, mono_time now, wall_time wall_now) {
    const auto by_mono = std::chrono::duration_cast<milliseconds>(token.until - now);
    return std::min(by_mono, token.expires_at - wall_now);
}

readiness readiness_of(const held_token& token, milliseconds left) {
    const milliseconds whole = token.lifetime;
    if (left <= std::min(wait_below, whole / 10)) return readiness::wait;
    return left <= std::min(renew_early, whole / 4) ? readiness::renew : readiness::good;
}

std::chrono::seconds back_off(unsigned failures) {
    constexpr std::array<std::chrono::seconds, 7> steps{1s, 2s, 5s, 10s, 20s, 40s, 60s};
    return steps[std::min<size_t>(std::max(failures, 1U), steps.size()) - 1];
}

}  // namespace gatepost::services
