// sendgrid: one POST /v3/mail/send for a message. Texts and files are opened and named in the JSON;
// the host streams them, so nothing of an attachment passes through here.
//
// Promises: only an answer of SendGrid makes a mail accepted; what it would refuse is refused here
// first, in the same words before and after acceptance. A test asks for the key's permissions, lets
// SendGrid check the mail without sending it, and then sends it.
#include <gatepost/provider.hpp>

#include "gatepost_manifest.h"
#include "objections.hpp"
#include "payload.hpp"
#include "settings.hpp"
#include "verdict.hpp"

namespace sendgrid {
namespace {

using namespace gatepost::sdk;

constexpr uint64_t most_answer = 256 * 1024;  // scopes of a full key: about 10 KiB

class provider {
  public:
    provider(const settings& given, diagnostics& said) : how_(read_config(given, said)) {}

    task<outcome> send(context& context, message mail) {
        const auto sent = co_await post(context, mail, how_, true);
        co_return sent;
    }

    task<outcome> test(context& context, message mail) {
        auto key = co_await test_key(context);
        if (key.verdict != verdict::accepted) co_return key;
        if (!mail) {
            context.report.skipped("sender", "name a recipient to have the sender checked");
            context.report.skipped("message", "no recipient was given");
            co_return outcome::passed("SendGrid takes the API key");
        }
        auto sender = co_await test_sender(context, mail);
        if (sender.verdict != verdict::accepted) co_return sender;
        context.report.started("message", "Test mail");
        auto sent = co_await post(context, mail, how_, true);
        context.report.ended("message", sent);
        co_return sent;
    }

    static void check(const settings& given, message mail, diagnostics& said) {
        static_cast<void>(given);
        const options wanted = read_options(mail.options_json());
        say(said, objections_to(mail, wanted));
    }

  private:
    http_request request(std::string_view method, std::string_view path) const {
        http_request made = how_.endpoint.request(method, path);
        made.max_response = most_answer;
        made.headers = {{"authorization", "Bearer " + how_.api_key},
                        {"accept", "application/json"}};
        if (!how_.on_behalf_of.empty())
            made.headers.emplace_back("on-behalf-of", how_.on_behalf_of);
        return made;
    }

    // `commits` is false only where the answer is not the message's end: the check of a test.
    task<outcome> post(context& context, const message& mail, const config& how, bool commits) {
        const options wanted = read_options(mail.options_json());
        const auto found = objections_to(mail, wanted);
        if (!found.empty()) co_return found.front().as_outcome();
        const bool to_somebody = has_visible(mail);
        if (!to_somebody)
            co_return outcome::rejected(blame::message,
                                        "SendGrid cannot mail the rest of the recipients alone: "
                                        "none of them stands in to");
        std::vector<opened_part> opened;
        const auto parts = parts_to_open(mail);
        for (const part& one : parts) {
            const body_form form = form_of(one);
            const auto body = co_await context.body.open_part(one.id, form);
            if (!body.ok()) co_return outcome::after(body, "a part cannot be opened");
            opened.push_back({one, body.handle});
        }
        http_request asked = request("POST", "/v3/mail/send");
        asked.headers.emplace_back("content-type", "application/json");
        asked.body = body_of(mail, how, wanted, opened);
        const bool sandboxed = is_sandboxed(how, wanted);
        asked.commits = commits;
        const auto answer = co_await context.http.fetch(asked);
        co_return judge(answer, sandboxed, context.wall_now());
    }

    static bool has_visible(const message& mail) {
        for (const recipient& one : mail.carried()) {
            if (one.role == recipient_role::to) return true;
        }
        return false;
    }

    task<outcome> test_key(context& context) {
        context.report.started("credentials", "API key");
        const http_request asked = request("GET", "/v3/scopes");
        const auto answer = co_await context.http.fetch(asked);
        const key_ruling said = judge_scopes(answer, context.wall_now());
        if (said.state == key_state::may_send) {
            context.report.passed("credentials", "the API key may send mail");
            co_return outcome::passed("");
        }
        if (said.state == key_state::cannot_tell) {
            context.report.passed("credentials",
                                  "SendGrid knows the API key; it may not list its permissions, "
                                  "so the next step shows whether it may send");
            co_return outcome::passed("");
        }
        context.report.ended("credentials", said.why);
        co_return said.why.as_failure();
    }

    // The mail itself, in the sandbox: checks the permission, the sender and every field.
    task<outcome> test_sender(context& context, const message& mail) {
        context.report.started("sender", "Sender and message, checked without sending");
        config careful = how_;
        careful.sandbox = true;
        const auto said = co_await post(context, mail, careful, false);
        if (said.verdict == verdict::accepted) {
            context.report.passed("sender",
                                  "SendGrid takes mail from " + std::string(mail.from().address));
            co_return said;
        }
        context.report.ended("sender", said);
        co_return said.as_failure();
    }

    config how_;
};

}  // namespace
}  // namespace sendgrid

GATEPOST_PROVIDER(sendgrid::provider, gatepost_manifest);
