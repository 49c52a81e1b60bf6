// What each mode does; the table stands in modes.hpp.
#include "modes.hpp"

#include <sys/mman.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace fault {
namespace {

using done = gatepost_done;

gatepost_outcome outcome_of(uint32_t verdict, gatepost_string text) {
    gatepost_outcome out{};
    out.size = sizeof out;
    out.verdict = verdict;
    if (verdict != GATEPOST_ACCEPTED) out.blame = GATEPOST_BLAME_PROVIDER;
    out.text = text;
    return out;
}

void say(const instance& self, gatepost_call call, const gatepost_outcome& outcome) {
    self.host->complete(self.host, call, &outcome);
}

gatepost_status sleep(const instance& self, gatepost_call call, uint64_t nanoseconds, done then,
                      void* user) {
    gatepost_operation operation = 0;
    return self.timer->sleep(self.host, call, nanoseconds, then, user, &operation);
}

// ---- writing ------------------------------------------------------------------------------------

struct writing {
    instance& self;
    gatepost_call call;
    uint32_t verdict;
    std::string target, content = "written by the fault plugin\n";
    gatepost_segment segment{};
    gatepost_file_write request{};
};

void written(void* user, gatepost_operation, const gatepost_result* result) {
    const std::unique_ptr<writing> job(static_cast<writing*>(user));
    const bool good = result->status == GATEPOST_OK;
    complete(job->self, job->call, good ? job->verdict : uint32_t{GATEPOST_DEFERRED},
             good ? "written" : "the file could not be written");
}

void folder_there(void* user, gatepost_operation, const gatepost_result* result) {
    auto* job = static_cast<writing*>(user);
    gatepost_operation operation = 0;
    gatepost_status status = result->status;
    if (status == GATEPOST_OK)
        status = job->self.file->write(job->self.host, job->call, &job->request, written, job,
                                       &operation);
    if (status == GATEPOST_OK) return;
    const std::unique_ptr<writing> ended(job);
    complete(job->self, job->call, GATEPOST_DEFERRED, "the file could not be written");
}

std::string id_of(const gatepost_request& request) {
    if (request.message == nullptr) return "none";
    return {request.message->id.data, static_cast<size_t>(request.message->id.size)};
}

// ---- modes that need more than a line
// ---------------------------------------------------------------

void per_recipient(const instance& self, gatepost_call call, const gatepost_request& request,
                   uint32_t verdict) {
    std::vector<gatepost_recipient_result> results;
    const gatepost_array carry = request.message->carry;
    for (uint32_t i = 0; i < carry.count; ++i) {
        gatepost_recipient_result one{};
        one.index = *reinterpret_cast<const uint32_t*>(static_cast<const char*>(carry.items) +
                                                       size_t{i} * carry.stride);
        one.verdict = verdict;
        results.push_back(one);
    }
    gatepost_outcome outcome = outcome_of(GATEPOST_DEFERRED, {});
    outcome.recipients = {results.data(), carry.count, sizeof(gatepost_recipient_result)};
    say(self, call, outcome);
}

void strangers(const instance& self, gatepost_call call, uint32_t count, uint32_t stride) {
    gatepost_recipient_result one{};
    one.index = 4'000'000'000U;
    one.verdict = GATEPOST_REJECTED;
    gatepost_outcome outcome = outcome_of(GATEPOST_DEFERRED, {});
    outcome.recipients = {&one, count, stride};
    say(self, call, outcome);
}

void bad_utf8(const instance& self, gatepost_call call) {
    static constexpr char bytes[] = "\xC3\x28 \xED\xA0\x80 \x1B[2J\r\nX-Injected: 1\r\n\0 \xFF";
    const std::string bad(bytes, sizeof bytes - 1);
    gatepost_outcome outcome = outcome_of(GATEPOST_DEFERRED, borrow(bad));
    outcome.provider_message_id = outcome.state = outcome.advice = borrow(bad);
    say(self, call, outcome);
}

struct flooded {
    instance& self;
    gatepost_call call;
    size_t open = 0, accepted = 0;
    bool all_asked = false;
};

void flood_over(flooded* state) {
    if (!state->all_asked || state->open != 0) return;
    const std::unique_ptr<flooded> ended(state);
    const std::string text = std::to_string(state->accepted) + " of 100000 were accepted";
    complete(state->self, state->call, GATEPOST_DEFERRED, text.c_str());
}

void flood(instance& self, gatepost_call call) {
    auto* state = new flooded{self, call};
    for (int i = 0; i < 100'000; ++i) {
        const auto status = sleep(
            self, call, 1'000'000,
            [](void* user, gatepost_operation, const gatepost_result*) {
                auto* of = static_cast<flooded*>(user);
                --of->open;
                flood_over(of);
            },
            state);
        if (status != GATEPOST_OK) continue;
        ++state->open;
        ++state->accepted;
    }
    state->all_asked = true;
    flood_over(state);
}

void log_flood(const instance& self, gatepost_call call) {
    const std::string line(2000, '\x1B');
    for (int i = 0; i < 100'000; ++i)
        self.host->log(self.host, call, GATEPOST_WARN, borrow(line), {nullptr, 0, 0});
    complete(self, call, GATEPOST_DEFERRED, "logged");
}

void ignore(void*, gatepost_operation, const gatepost_result*) {}

void dead_call(const instance& self, gatepost_call call) {
    complete(self, call, GATEPOST_DEFERRED, "over");
    for (int i = 0; i < 10; ++i)
        sleep(self, call, 1, ignore, nullptr);
    complete(self, call, GATEPOST_ACCEPTED, "over again");
}

void foreign(const instance& self, gatepost_call call) {
    for (const gatepost_call other : {gatepost_call{0}, call - 1, call + 1, UINT64_MAX})
        complete(self, other, GATEPOST_ACCEPTED, "not mine");
    complete(self, call, GATEPOST_DEFERRED, "mine");
}

// Waits for ever; what wakes it is the end of the call, and it says nothing then.
void wait(instance& self, gatepost_call call) {
    sleep(self, call, uint64_t{1} << 60, ignore, nullptr);
}

struct tardy {
    instance& self;
    gatepost_call call;
};

void completes_late(void* user, gatepost_operation, const gatepost_result*) {
    const std::unique_ptr<tardy> state(static_cast<tardy*>(user));
    complete(state->self, state->call, GATEPOST_ACCEPTED, "late");
}

void throw_from_timer(instance& self, gatepost_call call) {
    sleep(
        self, call, 1,
        [](void*, gatepost_operation, const gatepost_result*) {
            throw std::runtime_error("the plugin throws in a callback");
        },
        nullptr);
}

void outside(instance& self, gatepost_call call, const gatepost_request& request) {
    for (const char* path : {"/tmp/../etc/gatepost-fault", "/etc/gatepost-fault", "relative"}) {
        const std::string name(path);
        gatepost_operation operation = 0;
        self.file->mkdir(self.host, call, {path, name.size()}, ignore, nullptr, &operation);
    }
    write_and_say(self, call, request, GATEPOST_ACCEPTED);
}

void large_state(const instance& self, gatepost_call call) {
    const std::string state(1 << 20, 's');
    gatepost_outcome outcome = outcome_of(GATEPOST_DEFERRED, {});
    outcome.state = borrow(state);
    outcome.lookup_after = 1'000'000'000;
    say(self, call, outcome);
}

void twice(const instance& self, gatepost_call call) {
    complete(self, call, GATEPOST_DEFERRED, "first");
    complete(self, call, GATEPOST_REJECTED, "second");
}

using move = void (*)(instance&, gatepost_call, const gatepost_request&);

const std::map<std::string, move>& moves() {
    using I = instance;
    using C = gatepost_call;
    using R = gatepost_request;
    static const std::map<std::string, move> all = {
        {"throw-send",
         [](I&, C, const R&) { throw std::runtime_error("the plugin throws in start"); }},
        {"throw-done", [](I& s, C c, const R&) { throw_from_timer(s, c); }},
        {"throw-cancel", [](I& s, C c, const R&) { wait(s, c); }},
        {"complete-twice", [](I& s, C c, const R&) { twice(s, c); }},
        {"complete-null", [](I& s, C c, const R&) { s.host->complete(s.host, c, nullptr); }},
        {"never", [](I& s, C c, const R&) { wait(s, c); }},
        {"late", [](I& s, C c, const R&) { wait(s, c); }},
        {"inside-start",
         [](I& s, C c, const R&) { complete(s, c, GATEPOST_DEFERRED, "inside start"); }},
        {"verdict-77", [](I& s, C c, const R&) { complete(s, c, 77, "seventy-seven"); }},
        {"recipient-verdict-77", [](I& s, C c, const R& r) { per_recipient(s, c, r, 77); }},
        {"blame-99",
         [](I& s, C c, const R&) {
             gatepost_outcome outcome = outcome_of(GATEPOST_DEFERRED, {});
             outcome.blame = 99;
             say(s, c, outcome);
         }},
        {"stranger",
         [](I& s, C c, const R&) { strangers(s, c, 1, sizeof(gatepost_recipient_result)); }},
        {"recipients-flood", [](I& s, C c, const R&) { strangers(s, c, UINT32_MAX, 0); }},
        {"gigabyte",
         [](I& s, C c, const R&) { say(s, c, outcome_of(GATEPOST_DEFERRED, gigabyte())); }},
        {"bad-utf8", [](I& s, C c, const R&) { bad_utf8(s, c); }},
        {"large-state", [](I& s, C c, const R&) { large_state(s, c); }},
        {"flood", [](I& s, C c, const R&) { flood(s, c); }},
        {"log-flood", [](I& s, C c, const R&) { log_flood(s, c); }},
        {"foreign", [](I& s, C c, const R&) { foreign(s, c); }},
        {"dead-call", [](I& s, C c, const R&) { dead_call(s, c); }},
        {"accepted-without-commit",
         [](I& s, C c, const R&) { complete(s, c, GATEPOST_ACCEPTED, "believe me"); }},
        {"deferred-after-commit",
         [](I& s, C c, const R& r) { write_and_say(s, c, r, GATEPOST_DEFERRED); }},
        {"rejected-after-commit",
         [](I& s, C c, const R& r) { write_and_say(s, c, r, GATEPOST_REJECTED); }},
        {"unsupported",
         [](I& s, C c, const R&) {
             gatepost_outcome outcome{};
             outcome.size = sizeof outcome;
             outcome.kind = GATEPOST_OUTCOME_UNSUPPORTED;
             say(s, c, outcome);
         }},
        {"outside", [](I& s, C c, const R& r) { outside(s, c, r); }},
    };
    return all;
}

}  // namespace

gatepost_string borrow(const std::string& text) {
    return {text.data(), text.size()};
}

gatepost_string gigabyte() {
    constexpr size_t size = size_t{1} << 30;
    static void* const zeros =
        mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) return {nullptr, 0};
    return {static_cast<const char*>(zeros), size};
}

void complete(const instance& self, gatepost_call call, uint32_t verdict, const char* text) {
    const std::string words(text);
    say(self, call, outcome_of(verdict, borrow(words)));
}

void write_and_say(instance& self, gatepost_call call, const gatepost_request& request,
                   uint32_t verdict) {
    auto* job = new writing{self, call, verdict, self.path + "/" + id_of(request) + ".txt"};
    job->segment = {GATEPOST_SEGMENT_BYTES, 0, borrow(job->content), 0, 0, 0};
    job->request.size = sizeof job->request;
    job->request.required = GATEPOST_COMMITS;
    job->request.flags = GATEPOST_FILE_REPLACE;
    job->request.mode = 0644;
    job->request.path = borrow(job->target);
    job->request.segments = {&job->segment, 1, sizeof job->segment};
    gatepost_operation operation = 0;
    if (self.file->mkdir(self.host, call, borrow(self.path), folder_there, job, &operation) ==
        GATEPOST_OK)
        return;
    const std::unique_ptr<writing> ended(job);
    complete(self, call, GATEPOST_DEFERRED, "the folder could not be made");
}

void run_mode(instance& self, gatepost_call call, const gatepost_request& request) {
    for (const gatepost_call old : self.stale)
        complete(self, old, GATEPOST_ACCEPTED, "very late");
    self.stale.clear();
    const auto found = moves().find(self.mode);
    if (found == moves().end())
        write_and_say(self, call, request, GATEPOST_ACCEPTED);
    else
        found->second(self, call, request);
}

void cancel_mode(instance& self, gatepost_call call) {
    if (self.mode == "throw-cancel") throw std::runtime_error("the plugin throws in cancel");
    if (self.mode != "late") return;
    auto* state = new tardy{self, call};
    if (sleep(self, call, self.delay, completes_late, state) == GATEPOST_OK) return;
    delete state;
    self.stale.push_back(call);
}

}  // namespace fault
