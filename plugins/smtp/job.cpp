// See job.hpp.
#include "job.hpp"

#include <gatepost/token.hpp>

namespace smtp {

using namespace gatepost::sdk;

envelope envelope_of(const message& mail) {
    envelope made;
    made.from = mail.envelope_from().address;
    made.from_ascii = mail.envelope_from().ascii_address;
    made.needs_utf8 = mail.smtputf8();
    for (const recipient& one : mail.carried())
        made.to.push_back(
            {one.index, one.address, one.ascii_address, one.dsn_notify, one.dsn_orcpt});
    made.ret = mail.dsn_ret();
    made.envid = mail.dsn_envid();
    return made;
}

ruling unreachable(const stream_reply& failure, const options& how) {
    return judge_connection(failure.failed_at, failure.status, failure.reason(), how);
}

ruling no_token(const gatepost::sdk::reply& failure) {
    ruling out;
    if (failure.ok()) {
        out.text = "the gateway's access token cannot be said";
        return out;
    }
    out.blame = blame_of_token(failure.status);
    out.text = "no access token: " + failure.reason();
    out.advice = advice_of_token(failure.status);
    out.retry_after = wait_for_token(failure);
    // Said as a setting is missing, which is what it mostly is.
    if (out.blame == blame::config)
        out.advice =
            "Set password; or, to log in by OAuth, give the connection an [oauth] table "
            "or set token.";
    return out;
}

segments content_of(const action& wish, job& work) {
    segments out(wish.bytes);
    if (wish.body_bytes > 0)
        out.add_window(work.body(wish.body).handle, wish.body_from, wish.body_bytes);
    else if (wish.body != body_form::none)
        out.add_body(work.body(wish.body).handle);
    out.add(wish.after);
    return out;
}

void tell_written(session& machine, const gatepost::sdk::reply& done) {
    // Uncertain: all of it left; the reply, if there is one, is still to be read.
    if (done.ok() || done.status == service_status::uncertain) return machine.written();
    machine.write_failed(done.reason());
}

void tell_read(session& machine, const gatepost::sdk::reply& got) {
    if (got.ok() && !got.data.empty()) return machine.received(got.data);
    machine.lost(got.ok() ? std::string("the server closed the connection") : got.reason());
}

void tell_secured(session& machine, const stream_reply& done) {
    if (done.ok()) return machine.secured();
    machine.not_secured(done.failed_at, done.status, done.reason());
}

}  // namespace smtp
