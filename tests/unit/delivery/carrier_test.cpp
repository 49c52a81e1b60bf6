// A carrier that is replaced while mail flows, over a spool and an instance of the test's own: who
// may begin, what is ended, and what goes to the next one.
#include "delivery/carrier.hpp"

#include <deque>
#include <map>

#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;
using namespace std::chrono_literals;

namespace {

namespace queue = gatepost::spool;

class fake_spool final : public queue::spool {
  public:
    const queue::recovery_report& recovery() const override { return report_; }
    mail::content_factory contents() override { return mail::memory_content(); }
    void accept(queue::accept_request, queue::callback<queue::accept_answer>) override {}
    void start(queue::start_request request, queue::callback<queue::start_answer> done) override {
        marked.push_back(request.id);
        done(queue::start_answer{1, request.recipients, expires_at});
    }
    void record(queue::record_request request, queue::callback<success> done) override {
        recorded.push_back(std::move(request));
        done(success{});
    }
    void cancel(mail_id, std::optional<uint32_t>, queue::callback<queue::message_row>) override {}
    void retry_now(mail_id, std::optional<uint32_t>, queue::callback<queue::message_row>) override {
    }
    void expire(wall_time, queue::callback<uint64_t>) override {}
    void sweep(wall_time, queue::callback<uint64_t>) override {}
    void put_token(std::string, std::string, queue::callback<success> done) override {
        done(success{});
    }
    void tokens(queue::callback<std::map<std::string, std::string>> done) override {
        done(std::map<std::string, std::string>{});
    }
    void load(mail_id, queue::callback<queue::loaded_message> done) override {
        loads.push_back(std::move(done));
    }
    void show(mail_id, std::optional<uint32_t>, queue::callback<queue::message_row>) override {}
    void find_key(queue::idempotency, queue::callback<std::optional<mail_id>>) override {}
    void list(queue::list_query, queue::callback<std::vector<queue::message_row>>) override {}
    void waiting(std::string, wall_time, size_t,
                 queue::callback<std::vector<queue::due_message>> done) override {
        done(std::vector<queue::due_message>{});
    }
    void lookups(std::string, wall_time, size_t,
                 queue::callback<std::vector<queue::due_message>> done) override {
        done(asked_later);
    }
    void lookup(queue::record_request request, queue::callback<success> done) override {
        learnt.push_back(std::move(request));
        done(success{});
    }
    void on_due(std::function<void(queue::due_message)>) override {}
    void on_event(std::function<void(const queue::event&)>) override {}
    void on_health(std::function<void(const queue::health&)>) override {}
    queue::health health_now() const override { return {}; }
    void close() override {}

    std::optional<wall_time> expires_at;
    std::vector<mail_id> marked;
    std::vector<queue::record_request> recorded;
    std::vector<queue::callback<queue::loaded_message>> loads;
    std::vector<queue::due_message> asked_later;
    std::vector<queue::record_request> learnt;

  private:
    queue::recovery_report report_;
};

class fake_instance final : public plugin::instance {
  public:
    uint64_t start(plugin::call_request request,
                   std::function<void(plugin::call_result)> done) override {
        carried.push_back(request.carry.size());
        asked.push_back(request.kind);
        calls[++last_] = std::move(done);
        return last_;
    }
    void cancel(uint64_t call, plugin::cancel_reason) override { cancelled.push_back(call); }
    size_t open_calls() const override { return calls.size(); }
    void drain(std::function<void()> done) override { drained = std::move(done); }
    void say_drained() { std::exchange(drained, nullptr)(); }
    const plugin::loaded_plugin& plugin() const override { return plugin_; }
    const std::string& connection() const override { return text_; }
    const std::string& settings_json() const override { return text_; }
    std::shared_ptr<void>& slot(const void*) override { return slot_; }
    const std::vector<std::string>& folders() const override { return none_; }
    size_t open_sessions() const override { return sessions; }

    void refuse_key(uint64_t call) {
        plugin::call_result said;
        mail::recipient_result one;
        one.verdict = mail::verdict::deferred;
        one.blame = mail::blame::credential;
        one.text = "the key is unknown";
        said.attempt.recipients.push_back(one);
        const auto done = std::move(calls.at(call));
        calls.erase(call);
        done(std::move(said));
    }
    void end(uint64_t call, mail::verdict verdict,
             std::optional<std::chrono::milliseconds> lookup_after = {}) {
        plugin::call_result said;
        said.attempt.lookup_after = lookup_after;
        mail::recipient_result one;
        one.verdict = verdict;
        said.attempt.recipients.push_back(one);
        said.verdict = verdict;
        answer(call, std::move(said));
    }
    void answer(uint64_t call, plugin::call_result said) {
        const auto done = std::move(calls.at(call));
        calls.erase(call);
        done(std::move(said));
    }

    std::map<uint64_t, std::function<void(plugin::call_result)>> calls;
    std::vector<size_t> carried;
    std::vector<plugin::call_kind> asked;
    std::vector<uint64_t> cancelled;
    std::function<void()> drained;
    size_t sessions = 0;
    plugin::default_limits& defaults() { return plugin_.facts.defaults; }

  private:
    plugin::loaded_plugin plugin_;
    std::string text_;
    std::shared_ptr<void> slot_;
    std::vector<std::string> none_;
    uint64_t last_ = 0;
};

struct bench {
    bench() = default;
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;
    // What an instance was handed holds the carrier, which holds the instance.
    ~bench() {
        for (const auto& each : made_here) {
            each->calls.clear();
            each->drained = nullptr;
        }
    }

    boost::asio::io_context loop;
    std::vector<std::shared_ptr<fake_instance>> made_here;
    const gatepost::clock& clock = machine_clock();
    fake_spool spool;
    std::vector<queue::due_message> passed_on;
    std::vector<mail_id> lookups_passed_on;
    plugin::default_limits defaults;

    struct one {
        std::shared_ptr<fake_instance> instance = std::make_shared<fake_instance>();
        std::shared_ptr<carrier> who;
    };

    one make(uint32_t concurrency, std::function<uint32_t()> held = [] { return 0U; }) {
        one made;
        made_here.push_back(made.instance);
        made.instance->defaults() = defaults;
        carrier::parts parts{loop, clock, spool, made.instance, {}, {30s, 1h, 5min}, concurrency};
        parts.connection.name = "relay";
        parts.held_by_others = std::move(held);
        parts.pass_on = [this](queue::due_message message) {
            passed_on.push_back(std::move(message));
        };
        parts.pass_on_lookup = [this](mail_id id, wall_time) { lookups_passed_on.push_back(id); };
        made.who = std::make_shared<carrier>(std::move(parts));
        made.who->start();
        run();
        return made;
    }

    queue::due_message letter(uint64_t id, bool in_memory = true, size_t recipients = 1) {
        queue::due_message made;
        made.id = mail_id{id};
        made.connection = "relay";
        made.due = clock.wall_now();
        if (in_memory) {
            auto mail = std::make_shared<mail::message>();
            mail->recipients.assign(recipients, {*mail::parse_mailbox("a@example.net"), {}, 0, {}});
            made.mail = mail;
        }
        return made;
    }

    void give(const one& to, uint64_t id, size_t recipients = 1) {
        to.who->add(letter(id, true, recipients));
        to.who->pump();
        run();
    }

    void run() {
        loop.restart();
        loop.poll();
    }
};

}  // namespace

TEST_CASE("a carrier begins no more than older ones leave it") {
    bench with;
    uint32_t held = 2;
    const auto fresh = with.make(3, [&] { return held; });
    with.give(fresh, 1);
    with.give(fresh, 2);
    CHECK(fresh.instance->calls.size() == 1);
    held = 0;
    fresh.who->pump();
    with.run();
    CHECK(fresh.instance->calls.size() == 2);
}

TEST_CASE("a message's time is what the spool says at the mark, not what its sender once wished") {
    bench with;
    const auto one = with.make(1);
    auto letter = with.letter(1);
    auto mail = std::make_shared<mail::message>(*letter.mail);
    mail->expires_at = with.clock.wall_now() - 1h;  // a retry by hand renewed it
    letter.mail = std::move(mail);
    with.spool.expires_at = with.clock.wall_now() + 48h;
    one.who->add(std::move(letter));
    one.who->pump();
    with.run();
    one.instance->end(1, mail::verdict::unknown);
    with.run();
    REQUIRE(with.spool.recorded.size() == 1);
    CHECK(with.spool.recorded[0].changes[0].state == queue::recipient_state::unknown);
}

TEST_CASE("one slot is not shared, and the new carrier looks again by itself") {
    bench with;
    const auto old = with.make(1);
    with.give(old, 1);
    old.instance->sessions = 1;
    const auto fresh = with.make(1, [&] { return old.who->holds(); });
    bool gone = false;
    old.who->stop([&] { gone = true; });
    with.give(fresh, 2);
    CHECK(fresh.instance->calls.empty());
    old.instance->end(1, mail::verdict::accepted);
    with.run();
    CHECK_FALSE(gone);
    CHECK(old.who->in_flight() <= 1);
    CHECK(old.who->holds() == 1);  // its session is parked and says farewell
    CHECK(fresh.instance->calls.empty());
    old.instance->sessions = 0;
    REQUIRE(old.instance->drained);
    old.instance->say_drained();
    CHECK(gone);
    CHECK(old.who->holds() == 0);
    with.loop.restart();
    with.loop.run_for(5s);  // its timer; ends as soon as nothing is left to do
    CHECK(fresh.instance->calls.size() == 1);
}

TEST_CASE("a replaced carrier drains while its calls run, and cancels them only when told") {
    bench with;
    const auto old = with.make(2);
    with.give(old, 1);
    with.give(old, 2);
    bool gone = false;
    old.who->stop([&] { gone = true; });
    CHECK(old.instance->drained);
    CHECK(old.instance->cancelled.empty());
    old.who->cancel_early();
    CHECK(old.instance->cancelled.size() == 2);
    old.instance->say_drained();
    CHECK_FALSE(gone);
    old.instance->end(1, mail::verdict::accepted);
    old.instance->end(2, mail::verdict::accepted);
    with.run();
    CHECK(gone);
    CHECK(with.spool.recorded.size() == 2);
}

TEST_CASE("what a replaced carrier cannot carry any more goes to the next one") {
    bench with;
    const auto old = with.make(2);
    with.give(old, 1);
    old.who->add(with.letter(2, false));
    old.who->pump();
    with.run();
    REQUIRE(with.spool.loads.size() == 1);
    bool gone = false;
    old.who->stop([&] { gone = true; });
    CHECK_FALSE(old.instance->drained);  // a lane is not with the instance yet
    // Loaded, but not marked: it is the next one's.
    queue::loaded_message loaded;
    loaded.mail = with.letter(2).mail;
    loaded.recipients.emplace_back();
    with.spool.loads[0](std::move(loaded));
    with.run();
    REQUIRE(with.passed_on.size() == 1);
    CHECK(with.passed_on[0].id == mail_id{2});
    CHECK(with.spool.marked.size() == 1);
    REQUIRE(old.instance->drained);
    // Deferred: the next attempt is the next one's too, and not before its time.
    old.instance->end(1, mail::verdict::deferred);
    with.run();
    REQUIRE(with.passed_on.size() == 2);
    CHECK(with.passed_on[1].id == mail_id{1});
    CHECK(with.passed_on[1].due > with.clock.wall_now());
    old.who->add(with.letter(3));
    CHECK(with.passed_on.size() == 3);
    old.instance->say_drained();
    CHECK(gone);
}

TEST_CASE("a lookup that a replaced carrier's call asks for goes to the next one") {
    bench with;
    const auto old = with.make(1);
    with.give(old, 1);
    bool gone = false;
    old.who->stop([&] { gone = true; });
    old.instance->end(1, mail::verdict::accepted, 10s);
    with.run();
    CHECK(with.lookups_passed_on == std::vector<mail_id>{mail_id{1}});
    old.instance->say_drained();
    CHECK(gone);
}

TEST_CASE("a message that is damaged on disk is not fetched again and again") {
    bench with;
    const auto one = with.make(1);
    one.who->add(with.letter(1, false));
    one.who->pump();
    with.run();
    one.who->add(with.letter(2));
    with.spool.loads.at(0)(error{error_kind::io, "the stored message is damaged"});
    with.run();
    CHECK(one.who->waiting() == 0);
    CHECK(with.spool.marked == std::vector<mail_id>{mail_id{2}});
}

TEST_CASE("after a refused key no other mail is sent, and status says why") {
    bench with;
    const auto one = with.make(2);
    with.give(one, 1);
    one.instance->refuse_key(1);
    with.run();
    with.give(one, 2);
    CHECK(one.instance->carried.size() == 1);
    CHECK(one.who->problem().find("the key is unknown") != std::string::npos);
}

TEST_CASE("what somebody retried by hand while it was carried is carried again") {
    bench with;
    const auto one = with.make(1);
    auto first = with.letter(1);
    first.due -= 1s;
    one.who->add(first);
    one.who->pump();
    with.run();
    one.who->add(first);  // told twice
    with.give(one, 1);    // retried
    one.instance->end(1, mail::verdict::rejected);
    with.run();
    CHECK(with.spool.marked == std::vector<mail_id>{mail_id{1}, mail_id{1}});
    one.instance->end(2, mail::verdict::rejected);
    with.run();
    CHECK(with.spool.marked.size() == 2);
}

namespace {

queue::loaded_message waiting_for_lookup(bench& with, uint64_t id) {
    queue::loaded_message found;
    auto mail = std::make_shared<mail::message>(*with.letter(id).mail);
    mail->id = mail_id{id};
    found.mail = mail;
    found.lookup_state = "notes";
    found.lookup_at = with.clock.wall_now();
    found.lookup_attempt = 1;
    found.recipients.emplace_back();
    found.recipients[0].state = queue::recipient_state::sent;
    found.recipients[0].attempt = 1;
    return found;
}

}  // namespace

TEST_CASE("a lookup takes a slot, goes before new mail, and its finding is recorded") {
    bench with;
    with.spool.asked_later.push_back(with.letter(7, false));
    const auto one = with.make(1);
    REQUIRE(with.spool.loads.size() == 1);
    with.give(one, 1);
    CHECK(with.spool.marked.empty());  // the only slot is taken
    with.spool.loads[0](waiting_for_lookup(with, 7));
    with.run();
    REQUIRE(one.instance->asked.size() == 1);
    CHECK(one.instance->asked[0] == plugin::call_kind::lookup);
    one.instance->end(1, mail::verdict::rejected);
    with.run();
    REQUIRE(with.spool.learnt.size() == 1);
    CHECK(with.spool.learnt[0].id == mail_id{7});
    REQUIRE(with.spool.learnt[0].changes.size() == 1);
    CHECK(with.spool.learnt[0].changes[0].state == queue::recipient_state::failed);
    CHECK(with.spool.marked.size() == 1);  // and now the mail
    one.instance->end(2, mail::verdict::accepted);
    with.run();
}

TEST_CASE("a lookup that a stop cuts short is not recorded: the next one asks again") {
    bench with;
    with.spool.asked_later.push_back(with.letter(7, false));
    const auto one = with.make(2);
    with.spool.loads.at(0)(waiting_for_lookup(with, 7));
    with.run();
    bool gone = false;
    one.who->stop([&] { gone = true; });
    CHECK(one.instance->cancelled == std::vector<uint64_t>{1});
    one.instance->say_drained();
    CHECK_FALSE(gone);
    one.instance->end(1, mail::verdict::unknown);
    with.run();
    CHECK(gone);
    CHECK(with.spool.learnt.empty());
}

TEST_CASE("a provider's limits count messages, or recipients where its manifest says so") {
    bench with;
    with.defaults.per_hour = 5;
    with.defaults.count_recipients = GENERATE(false, true);
    const auto one = with.make(10);
    with.give(one, 1, 3);
    with.give(one, 2, 3);
    with.give(one, 3, 1);  // would fit, but is not its turn
    if (*with.defaults.count_recipients) {
        CHECK(one.instance->carried == std::vector<size_t>{3});
        CHECK(one.who->waiting() == 2);
    } else {
        CHECK(one.instance->carried == std::vector<size_t>{3, 3, 1});
    }
}

TEST_CASE("one mail with more recipients than the limit goes, and the next waits") {
    bench with;
    with.defaults.per_hour = 5;
    with.defaults.count_recipients = true;
    const auto one = with.make(10);
    with.give(one, 1, 50);
    with.give(one, 2, 1);
    CHECK(one.instance->carried == std::vector<size_t>{50});
}

TEST_CASE("mail from disk is counted when it is loaded, and goes back if it does not fit") {
    bench with;
    with.defaults.per_hour = 5;
    with.defaults.count_recipients = true;
    const auto one = with.make(10);
    for (const uint64_t id : {uint64_t{1}, uint64_t{2}})
        one.who->add(with.letter(id, false));
    one.who->pump();
    with.run();
    REQUIRE(with.spool.loads.size() == 2);
    for (size_t at = 0; at < 2; ++at) {
        queue::loaded_message found;
        found.mail = with.letter(at + 1, true, 4).mail;
        for (uint32_t index = 0; index < 3; ++index) {  // the fourth has it already
            found.recipients.emplace_back();
            found.recipients.back().index = index;
        }
        with.spool.loads[at](std::move(found));
        with.run();
    }
    CHECK(one.instance->carried == std::vector<size_t>{3});
    CHECK(one.who->waiting() == 1);
    CHECK(one.who->in_flight() == 1);
    CHECK(with.spool.loads.size() == 2);  // its size is known now
    one.instance->end(1, mail::verdict::accepted);
    with.run();
    CHECK(one.instance->carried.size() == 1);
}

TEST_CASE("what a provider tells in a send limits the connection from then on") {
    bench with;
    with.defaults.per_hour = 100;
    const auto one = with.make(10);
    with.give(one, 1);
    plugin::call_result said;
    said.attempt.recipients.emplace_back().verdict = mail::verdict::accepted;
    said.told.per_hour = 2;
    one.instance->answer(1, std::move(said));
    with.run();
    for (const uint64_t id : {uint64_t{2}, uint64_t{3}})
        with.give(one, id);
    CHECK(one.instance->carried.size() == 2);
}

TEST_CASE("lookups that are due all at once go out within their own quota") {
    bench with;
    with.defaults.lookups_per_hour = 3;
    for (uint64_t id = 1; id <= 9; ++id)
        with.spool.asked_later.push_back(with.letter(id, false));
    const auto one = with.make(4);
    for (size_t at = 0; at < with.spool.loads.size(); ++at) {
        with.spool.loads[at](waiting_for_lookup(with, at + 1));
        with.run();
        one.instance->end(at + 1, mail::verdict::accepted);
        with.run();
    }
    CHECK(one.instance->asked.size() == 3);
    with.give(one, 20);  // mail is not held up by them
    CHECK(one.instance->carried.size() == 4);
    CHECK(one.instance->asked.back() == plugin::call_kind::send);
}

TEST_CASE("a throttled lookup stands, and the others of the connection wait as long") {
    bench with;
    for (const uint64_t id : {uint64_t{7}, uint64_t{8}})
        with.spool.asked_later.push_back(with.letter(id, false));
    const auto one = with.make(4);
    with.spool.loads.at(0)(waiting_for_lookup(with, 7));
    with.run();
    plugin::call_result said;
    said.blame = mail::blame::quota;
    said.attempt.recipients.emplace_back().blame = mail::blame::quota;
    std::chrono::milliseconds wait = 1min;
    SECTION("a minute, where the provider says nothing") {}
    SECTION("as the provider says") {
        wait = 90s;
        said.attempt.recipients[0].retry_after = wait;
    }
    SECTION("as its own wish for a lookup says, with its own notes") {
        wait = 20s;
        said.attempt.lookup_after = wait;
        said.attempt.state = "more notes";
    }
    const bool own_notes = !said.attempt.state.empty();
    const wall_time before = with.clock.wall_now();
    one.instance->answer(1, std::move(said));
    with.run();
    REQUIRE(with.spool.learnt.size() == 1);
    CHECK(with.spool.learnt[0].changes.empty());
    CHECK(with.spool.learnt[0].lookup_state == (own_notes ? "more notes" : "notes"));
    REQUIRE(with.spool.learnt[0].lookup_at);
    CHECK(*with.spool.learnt[0].lookup_at >= before + wait);
    CHECK(*with.spool.learnt[0].lookup_at < before + wait + 10s);
    CHECK(with.spool.loads.size() == 1);  // nobody asks about the other one now
}
