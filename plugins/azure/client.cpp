// See client.hpp.
#include "client.hpp"

#include <gatepost/mail_text.hpp>
#include <gatepost/no_answer.hpp>
#include <gatepost/token.hpp>

#include "payload.hpp"
#include "sign.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;

constexpr int most_refusals = 2;  // 401s in one exchange

outcome not_digested(const reply& failure) {
    outcome made;
    made.verdict = verdict::deferred;
    made.blame = blame::plugin;
    made.text = "the request cannot be signed: " + failure.reason();
    return made;
}

outcome no_token(const reply& failure) {
    outcome made;
    made.verdict = verdict::deferred;
    made.blame = failure.ok() ? blame::provider : blame_of_token(failure.status);
    made.text = failure.ok() ? "the gateway's access token cannot be sent"
                             : "no access token: " + failure.reason();
    made.retry_after = wait_for_token(failure);
    made.advice = made.blame == blame::config
                      ? "Set access_key or connection_string, or give the connection an [oauth] "
                        "table to sign in by Entra ID."
                      : advice_of_token(failure.status);
    return made;
}

}  // namespace

task<exchanged> client::exchange(context& context, const wish& asked) {
    exchanged done;
    std::string refused_token;
    for (int refusals = 0; refusals < most_refusals; ++refusals) {
        const int64_t now = context.wall_now() + clock_error_;
        http_request request = how_.endpoint.request(asked.method, asked.path_and_query);
        request.headers = {{"accept", "application/json"}};
        if (asked.commits) request.headers.emplace_back("content-type", "application/json");
        if (!asked.operation.empty()) request.headers.emplace_back("operation-id", asked.operation);
        request.body = asked.body;
        request.commits = asked.commits;
        const bool again = refusals > 0;
        const std::optional<outcome> unproven = co_await prove(context, asked, now, again, request);
        if (unproven) {
            done.failure = unproven;
            co_return done;
        }
        if (how_.entra) {
            // Nothing newer is to be had: what was refused is not sent again.
            const std::string token = request.headers.back().second;
            if (token == refused_token) co_return done;
            refused_token = token;
        }
        const auto reply = co_await context.http.fetch(request);
        if (!is_answered(reply)) {
            done.failure = no_answer(reply, "Azure");
            done.lost = reply.status == service_status::uncertain;
            co_return done;
        }
        done.said = read_answer(reply, now);
        done.said.by_token = how_.entra;
        if (done.said.status != 401) co_return done;
        if (how_.entra) continue;
        const std::optional<int64_t> error = clock_error(done.said, now);
        if (!error) continue;
        clock_error_ += *error;
        context.log(log_level::warning,
                    "this machine's clock differs from that of Azure; requests are signed with "
                    "theirs");
    }
    co_return done;
}

task<exchanged> client::look(context& context, const std::string& operation) {
    const wish asked{"GET", operation_path(how_, operation), {}, {}, false};
    auto done = co_await exchange(context, asked);
    co_return done;
}

task<std::optional<outcome>> client::prove(context& context, const wish& asked, int64_t now,
                                           bool fresh, http_request& request) {
    if (how_.entra) {
        const std::optional<outcome> tokenless = co_await bear(context, fresh, request);
        co_return tokenless;
    }
    const std::optional<outcome> unsigned_because = co_await sign(context, asked, now, request);
    co_return unsigned_because;
}

task<std::optional<outcome>> client::bear(context& context, bool fresh, http_request& request) {
    const auto token = co_await context.oauth.token(fresh);
    if (!token.ok() || !is_safe_token(token.data)) co_return no_token(token);
    request.headers.emplace_back("authorization", "Bearer " + token.data);
    co_return std::nullopt;
}

task<std::optional<outcome>> client::sign(context& context, const wish& asked, int64_t now,
                                          http_request& request) {
    const auto content = co_await context.crypto.sha256(asked.body);
    if (!content.ok()) co_return not_digested(content);
    const std::string hash = base64(content.data);
    const std::string date = mail_date_text(now);
    const segments text(string_to_sign(asked.method, asked.path_and_query, date, how_.host, hash));
    const auto signature = co_await context.crypto.hmac_sha256(how_.key, text);
    if (!signature.ok()) co_return not_digested(signature);
    request.headers.emplace_back("x-ms-date", date);
    request.headers.emplace_back("x-ms-content-sha256", hash);
    request.headers.emplace_back("authorization", authorization(base64(signature.data)));
    co_return std::nullopt;
}

}  // namespace azure
