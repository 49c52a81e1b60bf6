// ses: carries mail to Amazon SES over its v2 API. Here is only the glue: bodies are opened, the
// request goes out through the client, and its answer is judged.
//
// Promises: content is streamed twice (hashed, then sent) and never copied. What fails after the
// request was sent whole is unknown: SES knows no idempotency.
#include <gatepost/json.hpp>
#include <gatepost/provider.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

#include "account.hpp"
#include "client.hpp"
#include "gatepost_manifest.h"
#include "objections.hpp"
#include "payload.hpp"
#include "settings.hpp"
#include "sign.hpp"
#include "verdict.hpp"
#include "verdict_table.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

// The first mail does not wait for the limits; those that come after it hold to them.
constexpr auto first_look = std::chrono::minutes(1);
constexpr auto look_every = std::chrono::minutes(5);

diagnostics nobody() {
    return diagnostics(nullptr, gatepost_sink{});
}

class provider {
  public:
    provider(const settings& given, diagnostics& said)
        : how_(read_options(given, said)), client_(how_) {}

    static void check(const settings& given, message mail, diagnostics& said) {
        diagnostics silent = nobody();
        const options how = read_options(given, silent);
        const json_document chosen = read_json(mail.options_json());
        say(said, objections_to(how, mail, chosen.root));
    }

    task<outcome> send(context& context, message mail) {
        const json_document chosen = read_json(mail.options_json());
        const std::vector<objection> found = objections_to(how_, mail, chosen.root);
        if (!found.empty()) co_return found.front().as_outcome();
        opened bodies;
        const std::optional<outcome> unopened =
            co_await open_bodies(context, mail, chosen.root, bodies);
        if (unopened) co_return *unopened;
        wish asked{"POST", std::string(send_path), {}, true};
        asked.body = request_body(how_, mail, chosen.root, bodies);
        if (limits_are_due(context)) {
            co_await learn_limits(context);
        }
        const exchanged done = co_await client_.exchange(context, asked);
        if (done.failure) co_return *done.failure;
        const asked_for by{mail.from().ascii_address, named_things(how_, chosen.root)};
        outcome made = judge(done.said, by);
        if (made.blame == blame::quota) look_soon(context);
        made.provider_message_id = done.said.message_id;
        co_return made;
    }

    task<outcome> test(context& context, message mail) {
        const std::optional<outcome> account_failed = co_await test_account(context);
        if (account_failed) co_return *account_failed;
        context.report.started("sender", "Sender");
        if (!mail) {
            context.report.skipped("sender", "no sender is known without a test mail");
            context.report.started("message", "Test mail");
            context.report.skipped("message", "no recipient was given");
            co_return outcome::passed("SES in " + how_.region + " takes these keys");
        }
        const std::optional<outcome> sender_failed = co_await test_sender(context, mail);
        if (sender_failed) co_return *sender_failed;
        context.report.started("message", "Test mail");
        const outcome sent = co_await send(context, mail);
        if (sent.verdict == verdict::accepted) {
            context.report.passed("message", "SES took it as " + sent.provider_message_id);
        } else {
            context.report.failed("message", sent.text, sent.advice, sent.code);
        }
        co_return sent;
    }

  private:
    task<std::optional<outcome>> test_account(context& context) {
        context.report.started("credentials", "Credentials");
        const wish asked{"GET", std::string(account_path), {}, false};
        const exchanged done = co_await client_.exchange(context, asked);
        outcome why = done.failure ? *done.failure : judge(done.said, {});
        if (!done.failure && done.said.status == 200) {
            const account read = read_account(done.reply.data);
            const finding found = describe(read, how_.region);
            if (found.good) {
                report_quota(context, read);
                const std::string more = found.advice.empty() ? "" : ". " + found.advice;
                context.report.passed("credentials", found.text + more);
                co_return std::nullopt;
            }
            why.blame = blame::config;
            why.text = found.text;
            const outcome said = outcome::failed(why.blame, found.text, found.advice);
            context.report.failed("credentials", found.text, found.advice, done.said.status);
            co_return said;
        }
        if (done.said.type.starts_with("AccessDenied")) {
            // The signature is good; limits stay unknown.
            context.report.passed("credentials",
                                  "the keys are good; without the right ses:GetAccount the limits "
                                  "of the account are not known");
            co_return std::nullopt;
        }
        context.report.ended("credentials", why);
        co_return why.as_failure();
    }

    static void report_quota(const context& context, const account& read) {
        const auto count = [](double value) {
            return value > 0 ? static_cast<uint64_t>(value) : uint64_t{0};
        };
        if (read.per_day >= 0)
            context.report.quota("recipients per day", count(read.per_day), count(read.sent));
        context.report.quota("recipients per second", count(read.per_second), 0);
    }

    // Once for all sends that run at the same time.
    bool limits_are_due(const context& context) {
        const std::chrono::nanoseconds now = context.now();
        if (!look_at_) look_at_ = now + first_look;
        if (now < *look_at_) return false;
        looked_at_ = now;
        look_at_ = now + look_every;
        return true;
    }

    // What is held to is too much: the next mail asks, but not every mail of a flood.
    void look_soon(const context& context) {
        std::chrono::nanoseconds soon = context.now();
        if (looked_at_) soon = std::max(soon, *looked_at_ + first_look);
        look_at_ = std::min(look_at_.value_or(soon), soon);
    }

    // Without the right to ask, the limits stay what they are.
    task<void> learn_limits(context& context) {
        const wish asked{"GET", std::string(account_path), {}, false};
        const exchanged done = co_await client_.exchange(context, asked);
        const bool answered = !done.failure && done.said.status == 200;
        const account read = answered ? read_account(done.reply.data) : account{};
        tell_limit(context, "per_second", read.per_second);
        tell_limit(context, "per_day", read.per_day);
    }

    // Half a mail a second counts as one.
    static void tell_limit(const context& context, std::string_view rate, double limit) {
        const double most = std::max(1.0, std::min(limit, 4e9));
        if (limit > 0) context.report.quota(rate, static_cast<uint64_t>(most), 0);
    }

    // The address itself, its domain, the domains above: whichever is verified is enough.
    task<std::optional<outcome>> test_sender(context& context, message mail) {
        const std::string address(mail.from().ascii_address);
        const std::vector<std::string> identities = identities_of(address);
        bool known = false;
        for (const std::string& one : identities) {
            const wish asked{"GET", "/v2/email/identities/" + encoded_segment(one), {}, false};
            const exchanged done = co_await client_.exchange(context, asked);
            if (!done.failure && done.said.status == 404) continue;
            const identity found = read_identity(done.reply.data);
            if (done.failure || done.said.status != 200 || !found.readable) {
                // No right to look, or too fast: the mail itself will tell.
                context.report.skipped("sender",
                                       "the right ses:GetEmailIdentity is missing or SES did not "
                                       "say; the test mail will tell");
                co_return std::nullopt;
            }
            known = true;
            if (!found.verified) continue;
            context.report.passed("sender", one + " is verified in " + how_.region);
            co_return std::nullopt;
        }
        const std::string text =
            known ? address + " waits for its verification in " + how_.region
                  : address + " and its domain are no identities of this account in " + how_.region;
        context.report.failed("sender", text, table::verify_sender, 404);
        co_return outcome::failed(blame::sender, text, std::string(table::verify_sender));
    }

    // What stays empty went well.
    task<std::optional<outcome>> open_bodies(context& context, const message& mail,
                                             const json_value& chosen, opened& bodies) {
        if (content_of(how_, chosen) == content::raw) {
            auto whole = co_await context.body.open_whole(body_form::base64, GATEPOST_BODY_7BIT);
            if (!whole.ok()) {
                // 8-bit mail that came raw is not written anew; SES takes it as it is.
                auto as_it_is = co_await context.body.open_whole(body_form::base64);
                whole = std::move(as_it_is);
            }
            if (!whole.ok()) co_return not_opened(whole);
            if (whole.length / 4 * 3 > most_bytes)
                co_return outcome::rejected(blame::message,
                                            "SES takes at most 40 MB in one message");
            bodies.whole = whole.handle;
            co_return std::nullopt;
        }
        for (const part& one : mail.parts()) {
            const body_form form = one.is_text() ? body_form::json : body_form::base64;
            const uint32_t id = one.id;
            const auto body = co_await context.body.open_part(id, form);
            if (!body.ok()) co_return not_opened(body);
            bodies.parts.push_back({one, body.handle});
        }
        co_return std::nullopt;
    }

    static outcome not_opened(const reply& failure) {
        outcome made = outcome::after(failure, "the message cannot be opened");
        made.blame = blame::message;
        return made;
    }

    options how_;
    client client_;
    std::optional<std::chrono::nanoseconds> look_at_, looked_at_;  // when the limits are read
};

}  // namespace
}  // namespace ses

GATEPOST_PROVIDER(ses::provider, gatepost_manifest);
