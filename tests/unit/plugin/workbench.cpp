// The plugin's functions are C functions, so what they play stands in one static pointer.
#include "workbench.hpp"

#include <numeric>
#include <stdexcept>

#include "base/limits.hpp"

namespace workbench {
namespace {

bench* current = nullptr;

gatepost_status play_create(const gatepost_host* host, const gatepost_settings* settings,
                            gatepost_sink sink, void** instance) {
    current->plays.host = host;
    *instance = current;
    return current->plays.create ? current->plays.create(settings, sink) : GATEPOST_OK;
}

void play_destroy(void*) {
    ++current->plays.destroyed;
    if (current->plays.destroy) current->plays.destroy();
}

void play_start(void*, gatepost_call call, const gatepost_request* request) {
    current->plays.started.push_back(call);
    if (current->plays.start) current->plays.start(call, request);
}

void play_cancel(void*, gatepost_call call, uint32_t why) {
    current->plays.cancelled.emplace_back(call, why);
    if (current->plays.cancel) current->plays.cancel(call, why);
}

void play_check(const gatepost_host* host, const gatepost_settings* settings,
                const gatepost_message* message, gatepost_sink sink) {
    current->plays.check(host, settings, message, sink);
}

const void* play_extension(gatepost_string id) {
    static const gatepost_check check{sizeof check, 0, play_check};
    return current->plays.check && text(id) == "gatepost.check/1" ? &check : nullptr;
}

gatepost_status hand_ask(const gatepost_host* host, gatepost_call call, gatepost_done done,
                         void* user, gatepost_operation* id) {
    plugin::call_context* context = plugin::context_of(host, call);
    if (context == nullptr) return GATEPOST_INVALID;
    gatepost_status refused = GATEPOST_OK;
    auto operation = context->begin(done, user, id, refused);
    if (operation) current->held.push_back(operation);
    return refused;
}

void see_done(void* user, gatepost_operation operation, const gatepost_result* result) {
    auto& into = *static_cast<bench*>(user);
    into.dones.push_back({operation, result->status, text(result->text), text(result->data)});
    if (into.on_done) into.on_done(bench::done_seen(into.dones.back()));
}

const hand_service hand{sizeof hand, hand_ask};

}  // namespace

gatepost_plugin scripted_table() {
    return {sizeof(gatepost_plugin),
            GATEPOST_ABI_MAJOR,
            GATEPOST_ABI_MINOR,
            0,
            str("scripted"),
            str("1"),
            str("test"),
            str(simple_manifest),
            play_create,
            play_destroy,
            play_start,
            play_cancel,
            play_extension};
}

gatepost_string str(std::string_view from) {
    return {from.data(), from.size()};
}

std::string text(gatepost_string from) {
    return from.data == nullptr ? std::string() : std::string(from.data, from.size);
}

gatepost_outcome outcome(uint32_t verdict, uint32_t blame) {
    gatepost_outcome made{};
    made.size = sizeof made;
    made.verdict = verdict;
    made.blame = blame;
    return made;
}

std::shared_ptr<const plugin::loaded_plugin> loaded(const char* manifest) {
    static const gatepost_plugin table = scripted_table();
    auto made = std::make_shared<plugin::loaded_plugin>();
    made->table = &table;
    auto facts = plugin::parse_manifest(manifest, "scripted", "1");
    if (!facts) throw std::runtime_error(facts.error().detail);
    made->facts = std::move(*facts);
    return made;
}

std::shared_ptr<const gatepost::mail::message> small_mail(size_t recipients) {
    auto mail = std::make_shared<gatepost::mail::message>();
    mail->subject = "Hello";
    for (size_t i = 0; i < recipients; ++i) {
        auto address = gatepost::mail::address::parse("user" + std::to_string(i) + "@example.net");
        mail->recipients.push_back({{"", *address}, gatepost::mail::role::to, 0, ""});
    }
    return mail;
}

bench::bench() {
    current = this;
}

// Open calls are ended first; what the lambdas refer to may be gone already.
bench::~bench() {
    plays.create = nullptr;
    plays.start = nullptr;
    plays.cancel = nullptr;
    plays.destroy = nullptr;
    on_done = nullptr;
    for (const gatepost_call each : plays.started) {
        if (instance) instance->cancel(each, plugin::cancel_reason::shutdown);
    }
    pass(gatepost::limits::cancel_grace);
    instance.reset();
    held.clear();
    pump();
    current = nullptr;
}

gatepost::result<std::shared_ptr<plugin::instance>> bench::try_make(
    std::shared_ptr<const plugin::loaded_plugin> which, std::string settings) {
    plugin::instance_options how;
    how.connection = "primary";
    how.settings_json = std::move(settings);
    how.executor = io.get_executor();
    how.clock = &clock;
    how.services = [this](std::string_view id) -> const void* {
        looked_up.emplace_back(id);
        return id == "gatepost.hand/1" ? &hand : nullptr;
    };
    return plugin::instance::create(std::move(which), std::move(how));
}

plugin::instance& bench::make() {
    auto made = try_make();
    if (!made) throw std::runtime_error(made.error().detail);
    instance = *made;
    return *instance;
}

void bench::pump() {
    io.restart();
    io.poll();
}

void bench::pass(std::chrono::milliseconds time) {
    clock.advance(time);
    if (instance) instance->check_deadlines();
    pump();
}

uint64_t bench::send(size_t recipients) {
    plugin::call_request request;
    request.message = small_mail(recipients);
    request.carry.resize(recipients);
    std::iota(request.carry.begin(), request.carry.end(), 0U);
    return call(std::move(request));
}

uint64_t bench::call(plugin::call_request request) {
    return instance->start(std::move(request), [this](plugin::call_result result) {
        results.push_back(std::move(result));
    });
}

void bench::complete(gatepost_call call, gatepost_outcome with) {
    plays.host->complete(plays.host, call, &with);
}

gatepost_status bench::ask(gatepost_call call, gatepost_operation* id) {
    const auto* service =
        static_cast<const hand_service*>(plays.host->extension(plays.host, str("gatepost.hand/1")));
    return service->ask(plays.host, call, see_done, this, id);
}

plugin::call_context& bench::context(gatepost_call call) {
    return *plugin::context_of(plays.host, call);
}

}  // namespace workbench
