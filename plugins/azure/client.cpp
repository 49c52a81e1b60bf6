// See client.hpp.
#include "client.hpp"

#include <gatepost/mail_text.hpp>

#include "payload.hpp"
#include "sign.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;

constexpr int most_refusals = 2;  // 401s in one exchange

ruling not_digested(const reply& failure) {
    ruling made;
    made.verdict = verdict::deferred;
    made.blame = blame::plugin;
    made.text = "the request cannot be signed: " + failure.reason();
    return made;
}

}  // namespace

task<exchanged> client::exchange(context& context, const wish& asked) {
    exchanged done;
    for (int refusals = 0; refusals < most_refusals; ++refusals) {
        const int64_t now = context.wall_now() + clock_error_;
        http_request request = how_.endpoint.request(asked.method, asked.path_and_query);
        request.headers = {{"accept", "application/json"}};
        if (asked.commits) request.headers.emplace_back("content-type", "application/json");
        if (!asked.operation.empty()) request.headers.emplace_back("operation-id", asked.operation);
        request.body = asked.body;
        request.commits = asked.commits;
        const std::optional<ruling> unsigned_because = co_await sign(context, asked, now, request);
        if (unsigned_because) {
            done.failure = unsigned_because;
            co_return done;
        }
        const auto reply = co_await context.http.fetch(request);
        if (reply.http_status == 0) {
            done.failure = judge_lost(reply);
            done.lost = reply.status == service_status::uncertain;
            co_return done;
        }
        done.said = read_answer(reply, now);
        if (done.said.status != 401) co_return done;
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

task<std::optional<ruling>> client::sign(context& context, const wish& asked, int64_t now,
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
