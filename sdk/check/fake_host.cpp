// The host table and the public face of the fake host.
#include "check/fake_host.hpp"

#include <algorithm>

#include "check/host_core.hpp"

namespace gatepost::check {
namespace {

const void* give_extension(const gatepost_host* host, gatepost_string id) {
    return core_of(host).extension(text_of(id));
}
uint64_t give_now(const gatepost_host* host) {
    return core_of(host).now;
}
int64_t give_wall_now(const gatepost_host* host) {
    return 1'796'112'000'000 + static_cast<int64_t>(core_of(host).now / 1'000'000);
}
void give_random(const gatepost_host* host, void* out, uint64_t size) {
    uint64_t& state = core_of(host).random_state;  // splitmix64: the same at every run
    for (uint64_t i = 0; i < size; ++i) {
        state += 0x9E3779B97F4A7C15U;
        uint64_t mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
        static_cast<unsigned char*>(out)[i] = static_cast<unsigned char>(mixed >> 56);
    }
}
void take_log(const gatepost_host* host, gatepost_call, uint32_t level, gatepost_string text,
              gatepost_array fields) {
    log_line line{level, std::string(text_of(text)), {}};
    for (uint32_t i = 0; i < fields.count; ++i) {
        const auto& field = item_at<gatepost_pair>(fields, i);
        line.fields.emplace_back(text_of(field.name), text_of(field.value));
    }
    core_of(host).log.push_back(std::move(line));
}
void take_diagnostic(const gatepost_host* host, gatepost_sink sink,
                     const gatepost_diagnostic* given) {
    fake_host::core& self = core_of(host);
    if (sink == 0 || sink != self.sink)
        return self.blame("sink", "a diagnostic into a sink that is not valid now");
    const gatepost_diagnostic known = taken(given);
    constexpr uint64_t most = 1 << 20;
    if (known.pointer.size > most || known.text.size > most || known.advice.size > most)
        return self.blame("sink", "a text of a diagnostic is larger than 1 MiB");
    self.diagnostics.push_back({known.severity, std::string(text_of(known.pointer)),
                                std::string(text_of(known.text)),
                                std::string(text_of(known.advice))});
}
void take_complete(const gatepost_host* host, gatepost_call call, const gatepost_outcome* outcome) {
    core_of(host).complete(call, outcome);
}
void take_cancel(const gatepost_host* host, gatepost_operation operation) {
    fake_host::core& self = core_of(host);
    for (waiting_request& one : self.queue) {
        if (one.id != operation) continue;
        one.forced = GATEPOST_CANCELLED;
        one.due = self.now;
    }
}

}  // namespace

const void* fake_host::core::extension(std::string_view id) {
    const std::string name(id);
    if (how.withheld.contains(name)) return nullptr;
    if (const auto found = lent.find(name); found != lent.end()) return found->second;
    using maker = const void* (*)(core&);
    static const std::map<std::string, maker, std::less<>> makers = {
        {"gatepost.body/1", lend_body},     {"gatepost.timer/1", lend_timer},
        {"gatepost.crypto/1", lend_crypto}, {"gatepost.file/1", lend_file},
        {"gatepost.cache/1", lend_cache},   {"gatepost.report/1", lend_report},
        {"gatepost.http/1", lend_http},     {"gatepost.stream/1", lend_stream},
        {"gatepost.oauth/1", lend_oauth}};
    const auto made = makers.find(name);
    return lent[name] = made == makers.end() ? nullptr : made->second(*this);
}

// Calls whose deadline is now are told, and what they wait for times out.
void fake_host::core::deadlines() {
    for (auto& [call, state] : calls) {
        if (!state.open || state.told_deadline || state.deadline > now) continue;
        state.told_deadline = true;
        for (waiting_request& one : queue) {
            if (one.call != call) continue;
            one.forced = GATEPOST_TIMEOUT;
            one.due = now;
        }
        if (plugin->cancel != nullptr) plugin->cancel(instance, call, GATEPOST_WHY_DEADLINE);
    }
}

fake_host::fake_host(host_options how) : core_(std::make_unique<core>(std::move(how))) {
    core& self = *core_;
    gatepost_host full{};
    full.abi_minor = GATEPOST_ABI_MINOR;
    full.context = &self;
    full.extension = give_extension;
    full.now = give_now;
    full.wall_now = give_wall_now;
    full.random = give_random;
    full.log = take_log;
    full.diagnose = take_diagnostic;
    full.complete = take_complete;
    full.cancel = take_cancel;
    self.table = self.memory.grow(full);
    if (self.how.older_table)
        core::shorten(self.table, sizeof full, offsetof(gatepost_host, cancel), self.table->size);
    self.files = self.how.files;
    self.folders.insert(self.how.folders.begin(), self.how.folders.end());
}

fake_host::~fake_host() {
    if (core_->created && open_calls() == 0) destroy();
}

void fake_host::script(scripted what) {
    core_->scripts[what.at] = what;
}
const gatepost_host* fake_host::table() const {
    return core_->table;
}

gatepost_status fake_host::create(const gatepost_plugin& plugin, const settings& with) {
    view_memory memory(core_->how.shape);
    core_->plugin = &plugin;
    core_->sink = ++core_->last_id;
    const gatepost_status status =
        plugin.create(core_->table, view_of(with, memory), core_->sink, &core_->instance);
    core_->sink = 0;
    core_->created = status == GATEPOST_OK;
    return status;
}

void fake_host::destroy() {
    if (!core_->created) return;
    core_->created = false;
    core_->plugin->destroy(core_->instance);
    core_->instance = nullptr;
}

bool fake_host::check(const gatepost_plugin& plugin, const settings& with, const message& mail) {
    if (!GATEPOST_HAS(gatepost_plugin, &plugin, extension) || plugin.extension == nullptr)
        return false;
    const auto* table =
        static_cast<const gatepost_check*>(plugin.extension(borrow("gatepost.check/1")));
    if (table == nullptr || !GATEPOST_HAS(gatepost_check, table, check)) return false;
    view_memory memory(core_->how.shape);
    core_->sink = ++core_->last_id;
    table->check(core_->table, view_of(with, memory), view_of(mail, {}, memory), core_->sink);
    core_->sink = 0;
    return true;
}

gatepost_call fake_host::start(const call_options& what) {
    core& self = *core_;
    const gatepost_call call = ++self.last_id;
    call_state& state = self.calls.try_emplace(call, self.how.shape).first->second;
    state.mail = what.mail;
    state.has_message = !what.without_message;
    state.kind = what.kind;
    state.attempt = what.attempt;
    state.deadline = self.now + what.within;
    state.record.started_at = self.now;
    state.carry = what.carry;
    if (state.carry.empty() && state.has_message) {
        for (uint32_t i = 0; i < what.mail.recipients.size(); ++i)
            state.carry.push_back(i);
    }
    gatepost_request request{};
    request.kind = what.kind;
    request.deadline = state.deadline;
    request.attempt = what.attempt;
    view_memory& memory = *state.memory;
    if (state.has_message) request.message = view_of(state.mail, state.carry, memory);
    request.idempotency_key = memory.string(what.mail.id + "/check");
    request.provider_message_id = memory.string(what.provider_message_id);
    request.state = memory.string(what.state);
    self.plugin->start(self.instance, call, memory.grow(request));
    return call;
}

void fake_host::cancel(gatepost_call call, uint32_t why) {
    const auto found = core_->calls.find(call);
    if (found != core_->calls.end() && found->second.open) {
        for (waiting_request& one : core_->queue) {
            if (one.call != call || one.want.commits) continue;
            one.forced = GATEPOST_CANCELLED;
            one.due = core_->now;
        }
    }
    core_->plugin->cancel(core_->instance, call, why);
}

bool fake_host::step() {
    core& self = *core_;
    const auto due_first = [&] {
        return std::ranges::min_element(self.queue, {}, &waiting_request::due);
    };
    uint64_t next = self.queue.empty() ? UINT64_MAX : due_first()->due;
    for (const auto& [call, state] : self.calls) {
        if (state.open && !state.told_deadline) next = std::min(next, state.deadline);
    }
    if (next == UINT64_MAX) return false;
    self.now = std::max(self.now, next);
    self.deadlines();
    const auto first = due_first();
    if (first == self.queue.end() || first->due > self.now) return !self.queue.empty();
    waiting_request request = std::move(*first);
    self.queue.erase(first);
    self.deliver(std::move(request));
    return true;
}

bool fake_host::run(size_t most) {
    for (size_t i = 0; i < most; ++i) {
        if (!step()) return true;
    }
    return core_->queue.empty();
}

const call_record& fake_host::at(gatepost_call call) const {
    return core_->calls.at(call).record;
}
size_t fake_host::open_calls() const {
    return static_cast<size_t>(
        std::ranges::count_if(core_->calls, [](const auto& one) { return one.second.open; }));
}
size_t fake_host::waiting() const {
    return core_->queue.size();
}
size_t fake_host::requests() const {
    return core_->requests;
}
uint64_t fake_host::now() const {
    return core_->now;
}
const std::vector<violation>& fake_host::violations() const {
    return core_->violations;
}
const std::vector<diagnostic>& fake_host::diagnostics() const {
    return core_->diagnostics;
}
const std::vector<log_line>& fake_host::log() const {
    return core_->log;
}
const std::map<std::string, std::string>& fake_host::files() const {
    return core_->files;
}

}  // namespace gatepost::check
