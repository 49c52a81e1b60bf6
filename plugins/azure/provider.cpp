// azure: carries mail to Azure Communication Services Email. Here is only the glue: bodies are
// opened, the request goes out through the client, and its answer is judged.
//
// Promises: the Operation-Id of a mail is the same at every attempt, so that a retry is no second
// mail; an unclear end is settled by a look at the operation, in this call, at the next attempt
// (which is put off where the look gets no answer) or by a lookup. A 202 is accepted at once; the
// lookup that follows may say that it failed.
#include <gatepost/json.hpp>
#include <gatepost/provider.hpp>

#include <algorithm>

#include "client.hpp"
#include "gatepost_manifest.h"
#include "objections.hpp"
#include "payload.hpp"
#include "settings.hpp"
#include "sign.hpp"
#include "verdict.hpp"
#include "verdict_table.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;

constexpr int most_generations = 4;  // operations of one mail
constexpr int most_lookups = 2;      // 60 reads a minute for 30 mails
constexpr auto usual_lookup = std::chrono::seconds(60);
constexpr auto second_lookup = std::chrono::minutes(10);
constexpr auto told_kept = std::chrono::hours(24);

// Where a mail goes next: an operation that may be used, or an outcome that is settled already.
struct way {
    std::string operation;
    std::optional<outcome> settled;
};

class provider {
  public:
    provider(const settings& given, diagnostics& said)
        : how_(read_options(given, said)), client_(how_) {}

    static void check(const settings& given, message mail, diagnostics& said) {
        diagnostics silent(nullptr, gatepost_sink{});
        const options how = read_options(given, silent);
        const json_document chosen = read_json(mail.options_json());
        say(said, objections_to(how, mail, chosen.root));
    }

    task<outcome> send(context& context, message mail) {
        const json_document chosen = read_json(mail.options_json());
        const std::vector<objection> found = obstacles_to(how_, mail, chosen.root);
        if (!found.empty()) co_return found.front().as_outcome();
        std::vector<opened_part> parts;
        const std::optional<outcome> unopened = co_await open_parts(context, mail, parts);
        if (unopened) co_return *unopened;
        segments body = request_body(how_, mail, chosen.root, parts);
        const auto too_large = objection_to_size(how_, request_size(body, parts));
        if (too_large) co_return too_large->as_outcome();
        tell_limits(context, mail);
        const std::string own(chosen.root["operation_id"].text());
        const way next = co_await find_way(context, mail, own);
        if (next.settled) co_return *next.settled;
        wish asked{"POST", send_path(how_), next.operation, {}, true};
        asked.body = std::move(body);
        const exchanged done = co_await client_.exchange(context, asked);
        const bool again = context.attempt() > 1 && done.said.status == 400;
        if (done.lost || again || (!done.failure && is_unclear(done.said))) {
            const outcome made = co_await settle(context, next.operation, done);
            co_return made;
        }
        outcome made = done.failure ? *done.failure : judge(done.said);
        if (made.verdict == verdict::accepted) {
            expect_end(made, next.operation, done.said, 0);
        } else {
            // Certainly not taken over: the next attempt, and only that, need not look.
            const std::string key = refusal_key(next.operation);
            const std::string value = std::to_string(context.attempt());
            co_await context.cache.put(key, value, told_kept);
        }
        co_return made;
    }

    task<outcome> lookup(context& context, message) {
        std::optional<notes> told = read_notes(context.state());
        if (!told) {
            told = notes{std::string(context.provider_message_id()), 0, false};
            told = read_notes(write_notes(*told));
        }
        if (!told) co_return outcome::unknown(blame::plugin, "no operation to look for");
        const exchanged done = co_await client_.look(context, told->operation);
        const sighting seen = done.failure ? sighting::unclear : sighted(done.said);
        const int asked = told->asked + 1;
        if (seen == sighting::absent && told->unclear)
            co_return outcome::deferred(blame::network, "Azure does not have this message", 404);
        if (seen == sighting::unclear) {
            const outcome why = done.failure ? *done.failure : judge(done.said);
            if (why.blame == blame::quota) co_return asked_too_fast(why, *told);
            outcome made = told->unclear ? outcome::unknown(why.blame, why.text, why.code)
                                         : outcome::accepted({}, told->operation);
            ask_again(made, {told->operation, asked, told->unclear}, why.retry_after);
            co_return made;
        }
        outcome made = judge_operation(done.said);
        // What counts as sent is not tried again by itself.
        if (made.verdict == verdict::deferred && !told->unclear) made.verdict = verdict::rejected;
        if (seen == sighting::failed) co_await is_told(context, told->operation);
        made.provider_message_id = told->operation;
        if (seen == sighting::running) expect_end(made, told->operation, done.said, asked);
        co_return made;
    }

    task<outcome> test(context& context, message mail) {
        context.report.started("credentials", "Credentials");
        const std::string chance = random_operation(context);
        const exchanged done = co_await client_.look(context, chance);
        const int status = done.said.status;
        // A 200 for an id that nobody used is not Azure's, unless it speaks like it.
        const bool good = !done.failure && (status == 404 || status == 400 ||
                                            (status == 200 && !done.said.state.empty()));
        if (!good) {
            const outcome why = done.failure ? *done.failure : judge(done.said);
            context.report.ended("credentials", why);
            co_return why.as_failure();
        }
        context.report.passed("credentials", about_resource());
        if (!mail) {
            context.report.started("sender", "Sender");
            context.report.skipped("sender", "only a test mail can tell");
            context.report.started("message", "Test mail");
            context.report.skipped("message", "no recipient was given");
            co_return outcome::passed(how_.host + " takes this " + proof());
        }
        const outcome sent = co_await test_mail(context, mail);
        co_return sent;
    }

  private:
    // A mail is the only question about a sender that the data plane answers.
    task<outcome> test_mail(context& context, message mail) {
        const std::string sender(how_.sender.empty() ? mail.from().address
                                                     : std::string_view(how_.sender));
        context.report.started("sender", "Sender");
        outcome sent = co_await send(context, mail);
        if (sent.verdict != verdict::accepted && sent.blame == blame::sender) {
            context.report.failed("sender", sent.text, sent.advice, sent.code);
            co_return sent;
        }
        const bool taken = sent.verdict == verdict::accepted;
        if (taken) {
            context.report.passed("sender", "Azure takes mail from " + sender);
        } else {
            context.report.skipped("sender", "the test mail failed before");
        }
        context.report.started("message", "Test mail");
        if (taken) {
            context.report.passed("message",
                                  "Azure took it as operation " + sent.provider_message_id);
        } else {
            context.report.failed("message", sent.text, sent.advice, sent.code);
        }
        co_return sent;
    }

    std::string proof() const { return how_.entra ? "token" : "key"; }

    std::string about_resource() const {
        std::string text = "the " + proof() + " is good for " + how_.host;
        const auto add = [&](std::string_view name, const std::string& value) {
            if (!value.empty()) text.append("; ").append(name).append(" ").append(value);
        };
        add("resource group", how_.resource_group);
        add("service", how_.service_name);
        add("region", how_.region);
        return text;
    }

    static std::string random_operation(const context& context) {
        std::string bytes(16, '\0');
        context.random(bytes.data(), bytes.size());
        return uuid_of(bytes);
    }

    static std::string refusal_key(const std::string& operation) { return "refused " + operation; }

    // Whether it was told before that Azure gave the operation up; from now on it was.
    static task<bool> is_told(context& context, const std::string& operation) {
        const std::string key = "given up " + operation;
        const std::string_view value = "1";
        const auto before = co_await context.cache.get(key);
        co_await context.cache.put(key, value, told_kept);
        co_return before.ok();
    }

    // What Azure stopped may be tried again; what failed only by a person, who was told of it.
    static task<bool> may_begin_anew(context& context, const std::string& operation,
                                     const answer& said) {
        const bool told = co_await is_told(context, operation);
        co_return told || judge_operation(said).verdict == verdict::deferred;
    }

    // What stays empty went well.
    static task<std::optional<outcome>> open_parts(context& context, const message& mail,
                                                   std::vector<opened_part>& parts) {
        for (const part& one : mail.parts()) {
            const body_form form = one.is_text() ? body_form::json : body_form::base64;
            const uint32_t id = one.id;
            const auto body = co_await context.body.open_part(id, form);
            if (!body.ok()) {
                outcome made = outcome::after(body, "the message cannot be opened");
                made.blame = blame::message;
                co_return made;
            }
            parts.push_back({one, body.handle, body.length});
        }
        co_return std::nullopt;
    }

    // At a later attempt the operation may be there already. One that is done with gives way to the
    // next of the mail's ids, and the last one's end is the mail's.
    task<way> find_way(context& context, const message& mail, const std::string& own) {
        way found;
        for (int generation = 0; generation < most_generations; ++generation) {
            const std::string_view key = context.idempotency_key();
            const segments seed(operation_seed(key.empty() ? mail.id() : key, generation));
            const auto digest = co_await context.crypto.sha256(seed);
            if (!digest.ok()) {
                found.settled = outcome::after(digest, "no operation id can be made");
                co_return found;
            }
            found.operation = own.empty() ? uuid_of(digest.data) : own;
            if (context.attempt() <= 1) co_return found;
            const std::string refused_before = refusal_key(found.operation);
            const auto kept = co_await context.cache.get(refused_before);
            const bool refused = kept.ok() && kept.data == std::to_string(context.attempt() - 1);
            found.settled.reset();
            if (refused) co_return found;
            const exchanged done = co_await client_.look(context, found.operation);
            const sighting seen = done.failure ? sighting::unclear : sighted(done.said);
            if (seen == sighting::absent) co_return found;
            if (seen == sighting::failed) {
                found.settled = seen_as(done.said, found.operation);
                const bool anew = co_await may_begin_anew(context, found.operation, done.said);
                if (anew && own.empty()) continue;
                co_return found;
            }
            if (seen == sighting::unclear && done.said.status == 400) co_return found;
            if (seen == sighting::unclear) {
                found.settled = not_begun(done.failure ? *done.failure : judge(done.said));
                co_return found;
            }
            found.settled = seen_as(done.said, found.operation);
            co_return found;
        }
        co_return found;
    }

    // The question before a send got no answer: of this attempt nothing has left, whatever became
    // of an earlier one, and the next attempt asks again. Too many questions are this mail's affair
    // and no quota: it would hold every send.
    static outcome not_begun(const outcome& why) {
        const bool too_often = why.blame == blame::quota;
        outcome made = outcome::deferred(
            too_often ? blame::provider : why.blame,
            "whether Azure has this mail already cannot be seen: " + why.text, why.code);
        if (!too_often) made.advice = why.advice;  // which speaks of sending
        made.retry_after = why.retry_after;
        return made;
    }

    // After an end that says nothing certain: one look.
    task<outcome> settle(context& context, const std::string& operation, const exchanged& sent) {
        const exchanged done = co_await client_.look(context, operation);
        const sighting seen = done.failure ? sighting::unclear : sighted(done.said);
        if (seen == sighting::failed && sent.lost) co_return given_up(done.said, operation);
        if (seen == sighting::running || seen == sighting::done || seen == sighting::failed)
            co_return seen_as(done.said, operation);
        const outcome why = sent.failure ? *sent.failure : judge(sent.said);
        if (why.verdict != verdict::rejected) co_return not_known(why, operation);
        // A 400 to a repetition. It was meant if Azure has no such mail, or cannot even be asked
        // for one of this id; without an answer it may as well mean that Azure has it already.
        if (seen == sighting::absent || (!done.failure && done.said.status == 400)) co_return why;
        outcome unseen = done.failure ? *done.failure : judge(done.said);
        unseen.text = why.text + "; whether Azure has it already cannot be seen: " + unseen.text;
        co_return not_known(unseen, operation);
    }

    // To the POST itself nothing came back, so a send may not call it rejected; a lookup may.
    static outcome given_up(const answer& said, const std::string& operation) {
        const outcome why = judge_operation(said);
        outcome made = outcome::unknown(blame::network, why.text, why.code);
        made.advice = why.advice;
        made.provider_message_id = operation;
        made.lookup_after = std::chrono::seconds(1);
        made.state = write_notes({operation, 0, true});
        return made;
    }

    outcome seen_as(const answer& said, const std::string& operation) const {
        outcome made = judge_operation(said);
        made.provider_message_id = operation;
        if (sighted(said) == sighting::running) expect_end(made, operation, said, 0);
        return made;
    }

    outcome not_known(const outcome& why, const std::string& operation) const {
        outcome made = outcome::unknown(why.blame, why.text, why.code);
        made.advice = why.advice;
        made.provider_message_id = operation;
        ask_again(made, {operation, 0, true}, why.retry_after);
        return made;
    }

    // Accepted, and its end is open.
    void expect_end(outcome& made, const std::string& operation, const answer& said,
                    int asked) const {
        made.provider_message_id = operation;
        ask_again(made, {operation, asked, false}, said.retry_after);
    }

    // It was not answered, so it is none of the few times that are asked.
    outcome asked_too_fast(const outcome& why, const notes& told) const {
        outcome made = outcome::unknown(why.blame, why.text, why.code);
        made.provider_message_id = told.operation;
        ask_again(made, told, why.retry_after);
        return made;
    }

    // Azure never raises the limits of its own domains.
    void tell_limits(const context& context, const message& mail) const {
        const std::string_view sender =
            how_.sender.empty() ? mail.from().ascii_address : std::string_view(how_.sender);
        if (!is_managed(sender)) return;
        context.report.quota("per_minute", managed_per_minute, 0);
        context.report.quota("per_hour", managed_per_hour, 0);
        context.report.quota("lookups_per_minute", managed_lookups_per_minute, 0);
        context.report.quota("lookups_per_hour", managed_lookups_per_hour, 0);
    }

    void ask_again(outcome& made, const notes& told, std::chrono::nanoseconds wish) const {
        if (!how_.lookups || told.asked >= most_lookups) return;
        using std::chrono::nanoseconds;
        const nanoseconds usual = told.asked == 0 ? usual_lookup : nanoseconds(second_lookup);
        const nanoseconds after = wish.count() > 0 ? wish : usual;
        made.lookup_after = std::max(after, nanoseconds(std::chrono::seconds(1)));
        made.state = write_notes(told);
    }

    options how_;
    client client_;
};

}  // namespace
}  // namespace azure

GATEPOST_PROVIDER(azure::provider, gatepost_manifest);
