// smtp: carries mail to an SMTP or LMTP server over stream/1. Here is only the glue: streams are
// taken or connected, the session's actions are carried out, and streams are parked again.
//
// Promises: with a parked stream a mail costs one or two round trips; a parked stream that had died
// is no attempt; content never passes through here. What fails before the message was handed over
// whole is deferred or rejected by the server's own words; what fails after it is unknown.
#include <gatepost/provider.hpp>
#include <gatepost/token.hpp>

#include <unistd.h>

#include <array>
#include <optional>

#include "gatepost_manifest.h"
#include "job.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace smtp {
namespace {

using namespace gatepost::sdk;

constexpr uint64_t read_bytes = 16 * 1024;
constexpr int most_dead_streams = 8;    // that one call takes and finds gone
constexpr int most_farewell_reads = 4;  // the 221 and the end; a talker is left
constexpr auto farewell_time = std::chrono::seconds(2);
constexpr auto shortest_wait = std::chrono::nanoseconds(1);  // 0 would be the call's deadline

std::string machine_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

class provider {
  public:
    provider(const settings& given, diagnostics& said)
        : how_(read_options(given, machine_name(), said)),
          key_(how_.host + ":" + std::to_string(how_.port) + "/" + how_.login.username) {}

    task<outcome> send(context& context, message mail) {
        job work(mail);
        bool interrupted = false;
        try {
            co_await carry(context, work);
        } catch (const cancelled&) {
            interrupted = true;
        }
        if (interrupted) rule_the_rest(context, work);
        co_return work.into.take();
    }

    task<outcome> test(context& context, message mail) {
        job work(mail);
        reporter stages(context);
        work.watcher = &stages;
        work.with_mail = static_cast<bool>(mail);
        work.fresh = true;
        work.keep = false;
        co_await carry(context, work);
        if (work.no_stream) {
            const ruling& why = *work.no_stream;
            co_return outcome::failed(why.blame, why.text, std::string(why.advice));
        }
        if (work.with_mail) co_return tested(work);
        if (const std::optional<ruling>& why = work.machine->failure()) {
            outcome said = outcome::failed(why->blame, why->text, std::string(why->advice));
            said.code = why->code;
            co_return said;
        }
        context.report.started("message", "Message");
        context.report.skipped("message", "no recipient was given");
        const char* const done =
            how_.login.given() ? "connection and login work" : "connection works";
        co_return outcome::passed(how_.host + ": " + done +
                                  "; --to ADDRESS tries sender and recipient too");
    }

  private:
    // The server's words alone would not say what they are about.
    static outcome tested(job& work) {
        outcome said = work.into.take();
        if (said.verdict != verdict::accepted || work.mail.to.empty()) return said;
        const std::size_t others = work.mail.to.size() - 1;
        std::string text = "a test mail for " + std::string(work.mail.to.front().address);
        if (others > 0) text += " and " + std::to_string(others) + " more";
        said.text = text + " was taken over: " + said.text;
        return said;
    }

    // Of a call that was ended. What the ledger knows of a whole call is less than what we know of
    // each recipient, and it does not know what was waited for.
    static void rule_the_rest(const context& context, job& work) {
        const bool late = context.now() >= context.deadline();
        if (!late && !work.into.any()) throw cancelled{};
        if (work.machine && late)
            work.machine->stopped(blame::network, "no answer before the deadline");
        else if (work.machine)
            work.machine->stopped(blame::none, "stopped by the gateway");
        if (!work.into.any()) throw cancelled{};
    }

    // Sessions until every recipient is ruled: nearly always one.
    task<void> carry(context& context, job& work) {
        for (;;) {
            const std::size_t before = work.into.open();
            const gatepost_handle stream = co_await get_stream(context, work);
            if (stream == 0) co_return;
            co_await drive(context, stream, work);
            co_await leave(context, stream, work);
            const session& done = *work.machine;
            const bool again = done.stale() || done.wants_clear() || done.wants_login();
            work.fresh = work.fresh || again;
            work.without_tls = work.without_tls || done.wants_clear();
            if (again) continue;
            const std::size_t open = work.into.open();
            if (open == 0 || open == before) co_return;
        }
    }

    // A parked stream or a new one, and the session for it; 0: none, and ruled.
    task<gatepost_handle> get_stream(context& context, job& work) {
        for (int dead = 0; !work.fresh && dead < most_dead_streams; ++dead) {
            const auto taken = co_await context.stream.take(key_);
            if (taken.ok()) {
                const auto notes = read_notes(taken.data);
                if (notes) {
                    begin(work, taken.tls_version != 0, notes);
                    co_return taken.handle;
                }
                context.stream.close(taken.handle);
            }
            if (taken.status != service_status::gone) break;
        }
        const stream_connect where = destination();
        const auto connected = co_await context.stream.connect(where);
        if (!connected.ok()) {
            work.no_stream = unreachable(connected, how_);
            work.into.decide_open(*work.no_stream);
            co_return gatepost_handle{0};
        }
        begin(work, where.tls, std::nullopt);
        co_return connected.handle;
    }

    void begin(job& work, bool secured, const std::optional<parked_notes>& notes) const {
        beginning from;
        from.secured = secured;
        from.without_tls = work.without_tls;
        from.parked = notes;
        from.token = work.token;
        from.watcher = work.watcher;
        const envelope* mail = work.with_mail ? &work.mail : nullptr;
        work.machine.emplace(how_, mail, work.into, from);
    }

    stream_connect destination() const {
        stream_connect where;
        where.host = how_.host;
        where.port = how_.port;
        where.tls = how_.security == security::tls;
        where.options = tls();
        where.timeout = how_.connect_timeout;
        where.bind_address = how_.bind_address;
        where.proxy = how_.proxy;
        return where;
    }

    // Opportunistic TLS checks no certificate: it would fall back to no encryption at all.
    tls_options tls() const {
        tls_options out;
        out.minimum_version = how_.minimum_tls;
        out.ca_file = how_.ca_file;
        out.certificate_file = how_.certificate_file;
        out.key_file = how_.key_file;
        out.verify = how_.verify && how_.security != security::opportunistic;
        return out;
    }

    // Carries out what the session asks for, until it asks for nothing.
    task<void> drive(context& context, gatepost_handle stream, job& work) {
        session& machine = *work.machine;
        std::chrono::nanoseconds due{};  // of the answer that is waited for
        for (;;) {
            const action wish = machine.next();
            switch (wish.what) {
                case need::done: co_return;
                case need::write: {
                    const segments content = content_of(wish, work);
                    if (wish.secret) {
                        const auto done = co_await context.stream.write_secret(stream, content);
                        tell_written(machine, done);
                    } else {
                        const auto done =
                            co_await context.stream.write(stream, content, wish.commits);
                        tell_written(machine, done);
                    }
                    break;
                }
                case need::read: {
                    // The time is for all of an answer, so that one that drips has an end.
                    const auto now = context.now();
                    if (!wish.more) due = now + wish.timeout;
                    const auto left = std::max(due - now, shortest_wait);
                    const auto got = co_await context.stream.read_some(stream, read_bytes, left);
                    if (wish.timeout.count() == 0 && got.status == service_status::timeout)
                        machine.quiet();
                    else
                        tell_read(machine, got);
                    break;
                }
                case need::open_body: co_await open_body(context, wish, work); break;
                case need::start_tls: {
                    const tls_options how = tls();
                    const auto done = co_await context.stream.start_tls(stream, how);
                    tell_secured(machine, done);
                    break;
                }
                case need::digest: co_await digest(context, wish, machine); break;
                case need::token: co_await borrow_token(context, wish, work); break;
            }
        }
    }

    // Opened once in each form, however many transactions and sessions follow.
    task<void> open_body(context& context, const action& wish, job& work) {
        opened_body& body = work.body(wish.body);
        if (body.handle == 0 || body.flags != wish.body_flags) {
            const bool plain = wish.body == body_form::plain;
            const auto form =
                plain ? gatepost::sdk::body_form::identity : gatepost::sdk::body_form::dot_stuffed;
            const uint32_t flags = wish.body_flags;
            const auto opened = co_await context.body.open_whole(form, flags);
            if (!opened.ok()) {
                const bool never = opened.status == service_status::unfit;
                work.machine->not_opened(never, opened.reason());
                co_return;
            }
            body = {opened.handle, opened.length, flags};
        }
        work.machine->opened(body.length);
    }

    task<void> digest(context& context, const action& wish, session& machine) {
        const segments text(wish.bytes);
        const auto made = co_await context.crypto.hmac_md5(how_.login.password, text);
        if (made.ok()) {
            machine.digested(made.data);
        } else {
            machine.not_digested(made.reason());
        }
    }

    task<void> borrow_token(context& context, const action& wish, job& work) {
        const bool fresh = wish.fresh;
        const auto got = co_await context.oauth.token(fresh);
        if (!got.ok() || !is_safe_token(got.data)) {
            work.machine->not_lent(no_token(got));
            co_return;
        }
        if (fresh) work.token = got.data;
        work.machine->lent(got.data);
    }

    // The end of a stream's service in this call: parked, or a farewell.
    task<void> leave(context& context, gatepost_handle stream, job& work) {
        const session& machine = *work.machine;
        if (work.keep && machine.reusable()) {
            stream_park park;
            park.stream = stream;
            park.key = key_;
            park.idle = how_.idle;
            park.farewell = "QUIT\r\n";
            park.state = write_notes(machine.notes());
            const auto parked = co_await context.stream.park(park);
            if (parked.ok()) co_return;
        }
        if (machine.polite()) co_await say_farewell(context, stream);
        context.stream.close(stream);
    }

    // Waits for the server's end of it: who counts sessions (Office 365: three) must not see the
    // next one begin before this one is over.
    task<void> say_farewell(context& context, gatepost_handle stream) {
        const segments quit("QUIT\r\n");
        const auto said = co_await context.stream.write(stream, quit);
        bool open = said.ok();
        for (int reads = 0; open && reads < most_farewell_reads; ++reads) {
            const auto got = co_await context.stream.read_some(stream, read_bytes, farewell_time);
            open = got.ok();
        }
    }

    options how_;
    std::string key_;
};

}  // namespace
}  // namespace smtp

GATEPOST_PROVIDER(smtp::provider, gatepost_manifest);
