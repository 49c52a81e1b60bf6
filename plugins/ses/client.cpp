// See client.hpp.
#include "client.hpp"

#include <gatepost/no_answer.hpp>

#include "role.hpp"
#include "text.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

constexpr auto role_timeout = std::chrono::seconds(5);
constexpr std::string_view keys_in_cache = "keys";

constexpr std::string_view container_advice =
    "container_path = { env = \"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI\" }, and give the task a "
    "role.";
constexpr std::string_view instance_advice =
    "Give the instance a role with ses:SendEmail and ses:SendRawEmail. From a container on it, the "
    "hop limit of the metadata service must be 2.";

outcome no_keys(std::string text, std::string_view advice, blame who) {
    outcome made;
    made.verdict = verdict::deferred;
    made.blame = who;
    made.text = std::move(text);
    made.advice = advice;
    return made;
}

outcome not_digested(const reply& failure) {
    return no_keys("the request cannot be signed: " + failure.reason(), {}, blame::plugin);
}

outcome role_failure(const http_reply& got, bool container) {
    std::string text =
        container ? "the container's role gave no keys: " : "the instance's role gave no keys: ";
    text += got.http_status != 0 ? "HTTP " + std::to_string(got.http_status) : got.reason();
    const bool down = got.http_status == 0 || got.http_status >= 500;
    return no_keys(std::move(text), container ? container_advice : instance_advice,
                   down ? blame::network : blame::credential);
}

}  // namespace

// Signs, sends, and once more if the clock or the session was to blame.
task<exchanged> client::exchange(context& context, const wish& asked) {
    exchanged done;
    bool renewed = false, corrected = false;
    for (;;) {
        const keys_found found = co_await get_keys(context, renewed);
        if (found.failure) {
            done.failure = found.failure;
            co_return done;
        }
        const int64_t now = context.wall_now() + clock_error_;
        http_request request = request_for(asked);
        const std::optional<outcome> unsigned_because =
            co_await sign(context, asked, found.keys, now, request);
        if (unsigned_because) {
            done.failure = unsigned_because;
            co_return done;
        }
        done.reply = co_await context.http.fetch(request);
        done.said = read_answer(done.reply, now);
        if (is_lost(done.reply, done.said)) {
            done.failure = no_answer(done.reply, "SES");
            co_return done;
        }
        const std::optional<int64_t> error = clock_error(done.said, now);
        if (error && !corrected) {
            corrected = true;
            clock_error_ += *error;
            context.log(log_level::warning,
                        "this machine's clock differs from that of AWS; requests are signed "
                        "with theirs");
            continue;
        }
        const bool by_role = how_.source != key_source::settings;
        if (!is_expired_token(done.said) || !by_role || renewed) co_return done;
        renewed = true;
    }
}

http_request client::request_for(const wish& asked) const {
    http_request request = how_.endpoint.request(asked.method, asked.path);
    request.body = asked.body;
    request.commits = asked.commits;
    return request;
}

// Adds the headers of the signature; what stays empty went well.
task<std::optional<outcome>> client::sign(context& context, const wish& asked,
                                          const credentials& by, int64_t now,
                                          http_request& request) {
    const std::string date = amz_date(now);
    const auto payload = co_await context.crypto.sha256(asked.body);
    if (!payload.ok()) co_return not_digested(payload);
    canonical form{asked.method, how_.prefix + asked.path, {}, {}, hex(payload.data)};
    form.headers = {{"host", how_.authority},
                    {"x-amz-content-sha256", form.payload_hash},
                    {"x-amz-date", date}};
    if (asked.commits) form.headers.emplace_back("content-type", "application/json");
    if (!by.session_token.empty())
        form.headers.emplace_back("x-amz-security-token", by.session_token);
    const segments text(canonical_request(form));
    const auto hashed = co_await context.crypto.sha256(text);
    if (!hashed.ok()) co_return not_digested(hashed);
    const std::optional<outcome> keyless = co_await make_day_key(context, by, date);
    if (keyless) co_return keyless;
    const std::string scope = scope_of(date, how_.region);
    const segments to_sign(string_to_sign(date, scope, hex(hashed.data)));
    const std::string key = day_key_;
    const auto signature = co_await context.crypto.hmac_sha256(key, to_sign);
    if (!signature.ok()) co_return not_digested(signature);
    for (const header& one : form.headers) {
        if (one.first != "host") request.headers.push_back(one);
    }
    request.headers.emplace_back("authorization",
                                 authorization(by, scope, signed_names(form), hex(signature.data)));
    co_return std::nullopt;
}

// Good for a day, a region and a secret: four digests once, not at every mail.
task<std::optional<outcome>> client::make_day_key(context& context, const credentials& by,
                                                  const std::string& date) {
    const std::string day = date.substr(0, 8);
    if (day_of_key_ == day && signer_of_key_ == by) co_return std::nullopt;
    std::string key = "AWS4" + by.secret;
    const std::vector<std::string> chain = key_chain(date, how_.region);
    for (const std::string& one : chain) {
        const segments text(one);
        const auto made = co_await context.crypto.hmac_sha256(key, text);
        if (!made.ok()) co_return not_digested(made);
        key = made.data;
    }
    day_key_ = key;
    day_of_key_ = day;
    signer_of_key_ = by;
    co_return std::nullopt;
}

task<keys_found> client::get_keys(context& context, bool fresh) {
    keys_found found;
    if (how_.source == key_source::settings) {
        found.keys = how_.keys;
        co_return found;
    }
    if (!fresh) {
        const auto kept = co_await context.cache.get(keys_in_cache);
        if (const auto keys = kept.ok() ? from_cache(kept.data) : std::nullopt) {
            found.keys = *keys;
            co_return found;
        }
    }
    const bool container = how_.source == key_source::container;
    http_request request = role_request(how_.container_path);
    if (!container) {
        const std::optional<outcome> failure = co_await ask_instance(context, request);
        if (failure) {
            found.failure = failure;
            co_return found;
        }
    }
    const auto got = co_await context.http.fetch(request);
    const std::optional<role_keys> read = read_role_keys(got.data);
    if (!got.ok() || got.http_status != 200 || !read) {
        found.failure = role_failure(got, container);
        co_return found;
    }
    found.keys = read->keys;
    const std::string text = cached(read->keys);
    const auto lifetime =
        std::chrono::milliseconds(keep_for(*read, context.wall_now() + clock_error_));
    co_await context.cache.put(keys_in_cache, text, lifetime);
    co_return found;
}

// IMDSv2: a token, then the role's name; leaves the request for its keys.
task<std::optional<outcome>> client::ask_instance(context& context, http_request& request) {
    request = role_request(instance_token_path);
    request.method = "PUT";
    request.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    const auto token = co_await context.http.fetch(request);
    const bool good = token.http_status == 200 && is_printable(token.data) && !token.data.empty();
    if (!good) co_return role_failure(token, false);
    request = role_request(instance_roles_path);
    request.headers.emplace_back("x-aws-ec2-metadata-token", token.data);
    const auto roles = co_await context.http.fetch(request);
    const std::string role = roles.http_status == 200 ? first_role(roles.data) : std::string();
    if (role.empty()) co_return role_failure(roles, false);
    request.url += role;
    co_return std::nullopt;
}

http_request client::role_request(std::string_view path) const {
    http_request request;
    request.method = "GET";
    request.url = how_.role_endpoint + std::string(path);
    request.clear_text = true;  // link-local by definition; the services speak nothing else
    request.timeout = role_timeout;
    request.max_response = 65536;
    return request;
}

}  // namespace ses
