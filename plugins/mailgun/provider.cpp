// mailgun: one POST for a message: messages.mime with the finished mail, or messages with single
// fields. Content is opened and named in the form; the host streams it.
//
// Promises: only a JSON answer with an id makes a mail accepted; what Mailgun would refuse is
// refused here first, in the same words before and after acceptance. A test asks for the domain's
// state, or with a sending key for what an empty request lacks, and then sends.
#include <gatepost/provider.hpp>

#include "gatepost_manifest.h"
#include "objections.hpp"
#include "payload.hpp"
#include "settings.hpp"
#include "verdict.hpp"

namespace mailgun {
namespace {

using namespace gatepost::sdk;

constexpr uint64_t most_answer = 256 * 1024;

class provider {
  public:
    provider(const settings& given, diagnostics& said) : how_(read_config(given, said)) {}

    task<outcome> send(context& context, message mail) {
        const options wanted = read_options(mail.options_json());
        const auto found = objections_to(mail, how_, wanted);
        if (!found.empty()) co_return found.front().as_outcome();
        const bool as_form = mode_of(mail, how_, wanted) == mail_mode::form;
        if (as_form) {
            auto sent = co_await send_form(context, mail, wanted);
            co_return sent;
        }
        auto sent = co_await send_mime(context, mail, wanted);
        co_return sent;
    }

    task<outcome> test(context& context, message mail) {
        auto checked = co_await test_domain(context);
        if (checked.verdict != verdict::accepted) co_return checked;
        if (!mail) {
            context.report.skipped("message", "no recipient was given");
            co_return checked;
        }
        context.report.started("message", "Test mail");
        auto sent = co_await send(context, mail);
        context.report.ended("message", sent);
        co_return sent;
    }

    static void check(const settings& given, message mail, diagnostics& said) {
        const options wanted = read_options(mail.options_json());
        config how;
        if (given.text("mode", "mime") == "form") how.mode = mail_mode::form;
        say(said, objections_to(mail, how, wanted));
    }

  private:
    http_request request(std::string_view method, const std::string& path) const {
        http_request made = how_.endpoint.request(method, path);
        made.max_response = most_answer;
        made.headers = {{"authorization", how_.authorization}, {"accept", "application/json"}};
        if (!how_.on_behalf_of.empty())
            made.headers.emplace_back("x-mailgun-on-behalf-of", how_.on_behalf_of);
        return made;
    }

    task<outcome> send_mime(context& context, const message& mail, const options& wanted) {
        const uint32_t flags = mail.smtputf8() ? GATEPOST_BODY_UTF8 : 0;
        const auto whole = co_await context.body.open_whole(body_form::identity, flags);
        if (!whole.ok()) co_return outcome::after(whole, "the message cannot be opened");
        if (whole.length > most_bytes) {
            const objection why{"", "Mailgun takes at most 25 MB; this mail is larger", ""};
            co_return why.as_outcome();
        }
        http_request asked = request("POST", how_.path("/v3/", "/messages.mime"));
        asked.parts = mime_of(mail, how_, wanted, whole.handle);
        asked.commits = true;
        const auto answer = co_await context.http.fetch(asked);
        co_return judge(answer, asked_for_by(how_, wanted), context.wall_now());
    }

    task<outcome> send_form(context& context, const message& mail, const options& wanted) {
        const bool visible = has_visible(mail);
        if (!visible)
            co_return outcome::rejected(blame::message,
                                        "Mailgun cannot mail the rest of the recipients alone: "
                                        "all of them stand in bcc");
        std::vector<opened_part> opened;
        const auto parts = parts_to_open(mail);
        for (const part& one : parts) {
            const auto body = co_await context.body.open_part(one.id, body_form::identity);
            if (!body.ok()) co_return outcome::after(body, "a part cannot be opened");
            opened.push_back({one, body.handle});
        }
        http_request asked = request("POST", how_.path("/v3/", "/messages"));
        asked.parts = form_of(mail, how_, wanted, opened);
        asked.commits = true;
        const auto answer = co_await context.http.fetch(asked);
        co_return judge(answer, asked_for_by(how_, wanted), context.wall_now());
    }

    static bool has_visible(const message& mail) {
        for (const recipient& one : mail.carried()) {
            if (one.role != recipient_role::bcc) return true;
        }
        return false;
    }

    task<outcome> test_domain(context& context) {
        context.report.started("credentials", "Key");
        const http_request asked = request("GET", how_.path("/v4/domains/", ""));
        const auto answer = co_await context.http.fetch(asked);
        const domain_ruling said = judge_domain(answer, context.wall_now());
        if (said.state == domain_state::maybe_sending_key) {
            auto key = co_await test_sending_key(context);
            co_return key;
        }
        if (said.state == domain_state::bad) {
            context.report.ended("credentials", said.why);
            co_return said.why;
        }
        context.report.passed("credentials", "Mailgun knows the key");
        context.report.started("sender", "Domain " + how_.domain);
        if (said.state == domain_state::stopped) {
            context.report.failed("sender", said.why.text, said.why.advice, said.why.code);
            co_return said.why;
        }
        context.report.passed("sender", "the domain is active");
        co_return outcome::passed("Mailgun takes mail for " + how_.domain);
    }

    // A sending key may only post: a request without fields is refused for what it lacks.
    task<outcome> test_sending_key(context& context) {
        http_request asked = request("POST", how_.path("/v3/", "/messages"));
        asked.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
        const auto answer = co_await context.http.fetch(asked);
        auto said = judge_empty_post(answer, context.wall_now());
        const bool knows_key = said.verdict == verdict::accepted || said.code == 400;
        if (!knows_key) {
            context.report.ended("credentials", said);
            co_return said;
        }
        context.report.passed("credentials", "Mailgun knows the sending key");
        context.report.started("sender", "Domain " + how_.domain);
        if (said.verdict == verdict::accepted) {
            context.report.skipped("sender",
                                   "a sending key may not ask for the domain's state; the test "
                                   "mail shows it");
        } else {
            context.report.ended("sender", said);
        }
        co_return said;
    }

    config how_;
};

}  // namespace
}  // namespace mailgun

GATEPOST_PROVIDER(mailgun::provider, gatepost_manifest);
