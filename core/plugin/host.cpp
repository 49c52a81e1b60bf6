// The functions of the table are noexcept: nothing of the host may unwind through a plugin written
// in C.
#include "plugin/host.hpp"

#include <sys/random.h>

#include <cerrno>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "plugin/running.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

constexpr size_t diagnostics_at_most = 100;
constexpr uint32_t log_fields_at_most = 16;
constexpr size_t service_id_bytes = 64;

namespace entry {

const void* extension(const gatepost_host* host, gatepost_string id) noexcept {
    return host_side::of(host).extension(view_of(id));
}

uint64_t now(const gatepost_host* host) noexcept {
    return nanoseconds_of(host_side::of(host).clock().mono_now());
}

int64_t wall_now(const gatepost_host* host) noexcept {
    return host_side::of(host).clock().wall_now().time_since_epoch().count();
}

void random(const gatepost_host*, void* out, uint64_t size) noexcept {
    auto* at = static_cast<char*>(out);
    while (size > 0) {
        const ssize_t got = ::getrandom(at, static_cast<size_t>(size), 0);
        if (got < 0 && errno == EINTR) continue;
        // A key made of zeros would be worse than no gateway.
        if (got <= 0) std::terminate();
        at += got;
        size -= static_cast<uint64_t>(got);
    }
}

void log(const gatepost_host* host, gatepost_call call, uint32_t level, gatepost_string text,
         gatepost_array fields) noexcept {
    host_side::of(host).log(call, level, text, fields);
}

void diagnose(const gatepost_host* host, gatepost_sink sink,
              const gatepost_diagnostic* diagnostic) noexcept {
    host_side::of(host).diagnose(sink, diagnostic);
}

void complete(const gatepost_host* host, gatepost_call call,
              const gatepost_outcome* outcome) noexcept {
    if (running_instance* owner = host_side::of(host).owner) owner->complete(call, outcome);
}

void cancel(const gatepost_host* host, gatepost_operation operation) noexcept {
    if (running_instance* owner = host_side::of(host).owner) owner->cancel_operation(operation);
}

}  // namespace entry

log::level level_of(uint32_t level) {
    switch (level) {
        case GATEPOST_DEBUG: return log::level::debug;
        case GATEPOST_WARN: return log::level::warn;
        case GATEPOST_LOG_ERROR: return log::level::error;
        default: return log::level::info;
    }
}

std::string join(gatepost_array fields, const scrubber& hide) {
    std::string line;
    if (!is_array_of<gatepost_pair>(fields)) return line;
    for (uint32_t i = 0; i < std::min(fields.count, log_fields_at_most); ++i) {
        const auto pair = item_of<gatepost_pair>(fields, i);
        line += line.empty() ? "" : " ";
        line += words_for_people(&hide, pair.name, 64) + "=" +
                words_for_people(&hide, pair.value, limits::plugin_text_bytes);
    }
    return line;
}

}  // namespace

void log_gate::open(gatepost_call call) {
    const std::lock_guard lock(mutex_);
    open_.emplace(call, 0);
}

void log_gate::close(gatepost_call call) {
    const std::lock_guard lock(mutex_);
    open_.erase(call);
}

bool log_gate::pass(gatepost_call call, mono_time now) {
    const std::lock_guard lock(mutex_);
    if (const auto at = open_.find(call); at != open_.end())
        return at->second++ < limits::log_lines_per_call;
    if (now - minute_ >= std::chrono::minutes(1)) {
        minute_ = now;
        outside_ = 0;
    }
    return outside_++ < limits::log_lines_per_call;
}

host_side::host_side(const gatepost::clock& clock, std::string plugin, std::string connection,
                     service_lookup services, std::shared_ptr<hidden_words> hidden)
    : clock_(clock),
      plugin_(std::move(plugin)),
      connection_(std::move(connection)),
      services_(std::move(services)),
      hidden_(std::move(hidden)) {
    table_ = {sizeof table_,   GATEPOST_ABI_MINOR, this,          entry::extension,
              entry::now,      entry::wall_now,    entry::random, entry::log,
              entry::diagnose, entry::complete,    entry::cancel};
}

std::string host_side::for_people(gatepost_string said, size_t max_bytes) const {
    return for_people(view_of(said), max_bytes);
}

std::string host_side::for_people(std::string_view said, size_t max_bytes) const {
    return words_for_people(hidden_->scrub().get(), said, max_bytes);
}

gatepost_sink host_side::open_sink() {
    static std::atomic<gatepost_sink> last{0};
    const std::lock_guard lock(mutex_);
    said_.clear();
    return sink_ = ++last;
}

std::vector<host_side::diagnostic> host_side::close_sink() {
    const std::lock_guard lock(mutex_);
    sink_ = 0;
    return std::move(said_);
}

const void* host_side::extension(std::string_view id) {
    if (id.size() > service_id_bytes || !services_) return nullptr;
    const std::lock_guard lock(mutex_);
    if (const auto at = asked_.find(id); at != asked_.end()) return at->second;
    // Ids that nobody offers are not remembered without end.
    if (asked_.size() >= 256) return services_(id);
    return asked_[std::string(id)] = services_(id);
}

void host_side::log(gatepost_call call, uint32_t level, gatepost_string text,
                    gatepost_array fields) {
    if (!lines.pass(call, clock_.mono_now())) return;
    const auto hide = hidden_->scrub();
    const std::string sentence = words_for_people(hide.get(), text, limits::plugin_text_bytes);
    const std::string joined = join(fields, *hide);
    if (joined.empty())
        return log::write(level_of(level), "plugin.says", sentence,
                          {{"plugin", plugin_}, {"connection", connection_}, {"call", call}});
    log::write(
        level_of(level), "plugin.says", sentence,
        {{"plugin", plugin_}, {"connection", connection_}, {"call", call}, {"fields", joined}});
}

void host_side::diagnose(gatepost_sink sink, const gatepost_diagnostic* given) {
    const gatepost_diagnostic said = copy_sized(given);
    std::string detail = for_people(said.text, limits::plugin_text_bytes);
    const std::string advice = for_people(said.advice, limits::plugin_text_bytes);
    if (!advice.empty()) detail += (detail.empty() ? "" : "; ") + advice;
    const std::lock_guard lock(mutex_);
    if (sink == 0 || sink != sink_ || said_.size() >= diagnostics_at_most) return;
    said_.push_back({said.severity, {safe_text(said.pointer, 512), std::move(detail)}});
}

call_context* context_of(const gatepost_host* host, gatepost_call call) {
    if (host == nullptr || host->context == nullptr) return nullptr;
    running_instance* owner = host_side::of(host).owner;
    return owner == nullptr ? nullptr : owner->find(call).get();
}

instance& instance_of(const gatepost_host* host) {
    return *host_side::of(host).owner.load();
}

}  // namespace gatepost::plugin
