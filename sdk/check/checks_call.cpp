// Calls where nothing goes wrong, and instances that come and go.
#include <algorithm>

#include "check/kit.hpp"

namespace gatepost::check {
namespace {

// One call on a fresh instance, to its end.
finding one_call(const subject& of, const call_options& what,
                 const std::function<finding(const call_record&)>& more = {}) {
    fake_host host(usual_host(of));
    if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    const gatepost_call call = host.start(what);
    if (!host.run()) return failed("a million requests were not enough");
    if (auto bad = judge(host, {call}); bad.status != finding_status::passed) return bad;
    return more ? more(host.at(call)) : finding{};
}

finding done_or_unsupported(const call_record& record) {
    const uint32_t kind = record.outcome.kind;
    if (kind == GATEPOST_OUTCOME_DONE || kind == GATEPOST_OUTCOME_UNSUPPORTED) return {};
    return failed("completed with outcome kind " + std::to_string(kind));
}

finding send_done(const call_record& record) {
    if (record.outcome.kind == GATEPOST_OUTCOME_DONE) return {};
    return failed("a send was completed with outcome kind " + std::to_string(record.outcome.kind));
}

finding create_destroy(const subject& of) {
    for (int i = 0; i < 3; ++i) {
        fake_host first(usual_host(of)), second(usual_host(of));
        if (auto no = begin(first, of); no.status != finding_status::passed) return no;
        if (auto no = begin(second, of); no.status != finding_status::passed) return no;
        first.destroy();
        second.destroy();
        if (first.requests() != 0) return failed("create asked for a service");
    }
    return {};
}

finding create_without_settings(const subject& of) {
    fake_host host(usual_host(of));
    if (host.create(*of.table, settings{}) == GATEPOST_OK) return {};
    const bool said = std::ranges::any_of(host.diagnostics(), [](const diagnostic& one) {
        return one.severity == GATEPOST_ERROR && !one.text.empty();
    });
    return said ? finding{} : failed("create refused and gave no error diagnostic");
}

finding test_with_message(const subject& of) {
    message mail = simple_message();
    mail.flags = GATEPOST_MESSAGE_TEST;
    return one_call(of, {.kind = GATEPOST_TEST, .mail = mail}, [](const call_record& record) {
        for (const stage& one : record.stages) {
            if (one.id.empty() || one.state < GATEPOST_STARTED || one.state > GATEPOST_SKIPPED)
                return failed("a stage has no id or a state that abi.h does not know");
        }
        return done_or_unsupported(record);
    });
}

finding test_without_message(const subject& of) {
    call_options what;
    what.kind = GATEPOST_TEST;
    what.without_message = true;
    return one_call(of, what, done_or_unsupported);
}

finding lookup(const subject& of) {
    call_options what;
    what.kind = GATEPOST_LOOKUP;
    what.provider_message_id = "nobody-knows-this";
    what.state = std::string("\0\xFFstate", 7);
    return one_call(of, what, done_or_unsupported);
}

finding unknown_kind(const subject& of) {
    return one_call(of, {.kind = 4242}, [](const call_record& record) {
        if (record.outcome.kind == GATEPOST_OUTCOME_UNSUPPORTED) return finding{};
        return failed("a request of an unknown kind was not completed as unsupported");
    });
}

finding send_partial(const subject& of) {
    call_options what;
    what.mail = rich_message();
    what.carry = {1, 3};
    what.attempt = 7;
    return one_call(of, what, send_done);
}

finding send_raw(const subject& of) {
    if (!of.raw_mime) return skipped("the manifest has no raw_mime: such mail is not given to it");
    return one_call(of, {.mail = raw_message()}, send_done);
}

// Once, and here: what follows from a refusal shows in no other check.
finding declared(const subject& of) {
    fake_host host(usual_host(of));
    if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    for (const message& mail : {simple_message(), rich_message()}) {
        host.start({.mail = mail});
        host.run();
        host.start({.kind = GATEPOST_TEST, .mail = mail});
        host.run();
    }
    host.start({.kind = GATEPOST_LOOKUP, .state = "state"});
    host.run();
    std::set<std::string> said;
    for (const violation& one : host.violations()) {
        if (is_declaration(one) && said.size() < 3) said.insert(one.text);
    }
    std::string problems;
    for (const std::string& one : said)
        also(problems, one);
    return problems.empty() ? finding{} : failed(problems);
}

finding side_by_side(const subject& of) {
    fake_host host(usual_host(of));
    if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    std::vector<gatepost_call> calls;
    for (int i = 0; i < 16; ++i) {
        call_options what;
        what.mail = i % 2 == 0 ? simple_message() : rich_message();
        what.mail.id = "01hfakehost00000000000001" + std::to_string(10 + i);
        calls.push_back(host.start(what));
        host.step();
    }
    host.run();
    return judge(host, calls);
}

finding one_after_another(const subject& of) {
    fake_host host(usual_host(of));
    if (auto no = begin(host, of); no.status != finding_status::passed) return no;
    std::vector<gatepost_call> calls;
    for (int i = 0; i < 50; ++i) {
        call_options what;
        what.mail.id = "01hfakehost00000000000003" + std::to_string(10 + i);
        calls.push_back(host.start(what));
        host.run();
    }
    return judge(host, calls);
}

finding check_extension(const subject& of) {
    fake_host host(usual_host(of));
    for (const message& mail : {simple_message(), rich_message(), raw_message(), large_message()}) {
        if (!host.check(*of.table, of.with, mail)) return skipped("no gatepost.check/1");
    }
    if (host.requests() != 0) return failed("the check asked for a service");
    for (const diagnostic& one : host.diagnostics()) {
        if (one.text.empty() || one.severity < GATEPOST_NOTE || one.severity > GATEPOST_ERROR)
            return failed("a diagnostic has no text or an unknown severity");
        if (!one.pointer.empty() && one.pointer[0] != '/')
            return failed("\"" + one.pointer + "\" is no JSON pointer");
    }
    return judge(host, {});
}

}  // namespace

std::vector<check_case> call_checks() {
    using needs = check_case::needs;
    const auto sending = [](message (*sample)()) {
        return [sample](const subject& of) { return one_call(of, {.mail = sample()}, send_done); };
    };
    return {
        {"create-destroy", "Instances come and go, two at a time, and ask for nothing.",
         needs::instance, create_destroy},
        {"create-without-settings", "Without a single setting create refuses in words or works.",
         needs::table, create_without_settings},
        {"declared", "Every host and folder it asks for is named by the manifest or the settings.",
         needs::instance, declared},
        {"send", "A send is completed exactly once, with verdicts that the ledger bears out.",
         needs::instance, sending(simple_message)},
        {"send-rich", "So is one with every field filled.", needs::instance, sending(rich_message)},
        {"send-large", "So is one with 1000 recipients and names that look like paths.",
         needs::instance, sending(large_message)},
        {"send-raw", "So is mail that was handed in as RFC 5322 and is signed.", needs::instance,
         send_raw},
        {"send-partial", "Results name only the recipients that the attempt carried.",
         needs::instance, send_partial},
        {"test", "A test call is completed, its stages have ids and states.", needs::instance,
         test_with_message},
        {"test-without-message", "A test call without a message is completed.", needs::instance,
         test_without_message},
        {"lookup", "A lookup of what nobody knows is completed or unsupported.", needs::instance,
         lookup},
        {"unknown-kind", "A request of an unknown kind is completed as unsupported.",
         needs::instance, unknown_kind},
        {"side-by-side", "Sixteen calls of one instance, running at once, do not mix.",
         needs::instance, side_by_side},
        {"one-after-another", "Fifty calls of one instance, one after another, are completed.",
         needs::instance, one_after_another},
        {"check-extension", "gatepost.check/1 is pure, and its pointers are JSON pointers.",
         needs::instance, check_extension},
    };
}

}  // namespace gatepost::check
