// The plugin `fault`: table, settings and test call. Its modes: modes.hpp.
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "modes.hpp"

namespace fault {
namespace {

constexpr std::string_view manifest = R"({
  "id": "fault", "name": "Fault", "version": "0.1.0",
  "description": "Misbehaves as its setting says; for tests.",
  "capabilities": {"raw_mime": true, "separate_envelope": true, "smtputf8": true,
                   "per_recipient": true, "captures": true},
  "folders": ["/path"],
  "settings": {"type": "object", "additionalProperties": false, "required": ["path"],
    "properties": {
      "path": {"type": "string", "minLength": 1},
      "fault": {"type": "string", "default": "none"},
      "delay_ms": {"type": "integer", "minimum": 0, "default": 100}}}
})";

gatepost_string literal(std::string_view text) {
    return {text.data(), text.size()};
}

void read_settings(instance& self, const gatepost_settings& settings) {
    for (uint32_t i = 0; i < settings.values.count; ++i) {
        const auto& one = *reinterpret_cast<const gatepost_setting*>(
            static_cast<const char*>(settings.values.items) + size_t{i} * settings.values.stride);
        const std::string_view name(one.path.data, one.path.size);
        if (name == "path") self.path.assign(one.text.data, one.text.size);
        if (name == "fault") self.mode.assign(one.text.data, one.text.size);
        if (name == "delay_ms") self.delay = static_cast<uint64_t>(one.integer) * 1'000'000;
    }
}

gatepost_status refuse(const gatepost_host* host, gatepost_sink sink, gatepost_string text) {
    gatepost_diagnostic diagnostic{};
    diagnostic.size = sizeof diagnostic;
    diagnostic.severity = GATEPOST_ERROR;
    diagnostic.text = text;
    host->diagnose(host, sink, &diagnostic);
    return GATEPOST_FAILED;
}

gatepost_status create(const gatepost_host* host, const gatepost_settings* settings,
                       gatepost_sink sink, void** out) {
    auto self = std::make_unique<instance>();
    self->host = host;
    self->timer =
        static_cast<const gatepost_timer*>(host->extension(host, literal("gatepost.timer/1")));
    self->file =
        static_cast<const gatepost_file*>(host->extension(host, literal("gatepost.file/1")));
    read_settings(*self, *settings);
    if (self->mode == "throw-create") throw std::runtime_error("the plugin throws in create");
    if (self->mode == "gigabyte-diagnostic") return refuse(host, sink, gigabyte());
    if (self->timer == nullptr || self->file == nullptr)
        return refuse(host, sink, literal("this host does not offer timer/1 and file/1"));
    if (self->path.empty()) return refuse(host, sink, literal("a folder is needed"));
    *out = self.release();
    return GATEPOST_OK;
}

void destroy(void* pointer) {
    const std::unique_ptr<instance> self(static_cast<instance*>(pointer));
    if (self->mode == "throw-destroy") throw std::runtime_error("the plugin throws in destroy");
}

// A test call can be cancelled by hanging up; a send waits ten minutes.
bool misbehaves_in_tests(std::string_view mode) {
    for (const std::string_view one :
         {"never", "late", "throw-send", "throw-done", "throw-cancel", "complete-twice"}) {
        if (mode == one) return true;
    }
    return false;
}

void start(void* pointer, gatepost_call call, const gatepost_request* request) {
    auto& self = *static_cast<instance*>(pointer);
    if (request->kind == GATEPOST_SEND) return run_mode(self, call, *request);
    if (request->kind == GATEPOST_TEST) {
        if (self.mode == "stall-test") return;
        if (misbehaves_in_tests(self.mode)) return run_mode(self, call, *request);
        return complete(self, call, GATEPOST_ACCEPTED, "tested");
    }
    gatepost_outcome outcome{};
    outcome.size = sizeof outcome;
    outcome.kind = GATEPOST_OUTCOME_UNSUPPORTED;
    self.host->complete(self.host, call, &outcome);
}

void cancel(void* pointer, gatepost_call call, uint32_t) {
    cancel_mode(*static_cast<instance*>(pointer), call);
}

const gatepost_plugin table = {sizeof(gatepost_plugin),
                               GATEPOST_ABI_MAJOR,
                               GATEPOST_ABI_MINOR,
                               0,
                               literal("fault"),
                               literal("0.1.0"),
                               literal("raw c++"),
                               literal(manifest),
                               create,
                               destroy,
                               start,
                               cancel,
                               nullptr};

}  // namespace
}  // namespace fault

extern "C" GATEPOST_EXPORT const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info*) {
    return &fault::table;
}
