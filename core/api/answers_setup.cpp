// Providers, connections and their tests as JSON. Secrets never come this far: configuration shows
// {"set": true} in their place.
#include "api/answers.hpp"
#include "api_types/json_writer.hpp"
#include "mail/address.hpp"

namespace gatepost::api {
namespace {

using api_types::json_writer;

void write_list(json_writer& json, std::string_view name, const std::vector<std::string>& list) {
    json.key(name).begin_array();
    for (const auto& item : list)
        json.value(item);
    json.end_array();
}

void write_capabilities(json_writer& json, const plugin::capabilities& can) {
    json.key("capabilities")
        .begin_object()
        .member("raw_mime", can.raw_mime)
        .member("structured", can.structured)
        .member("separate_envelope", can.separate_envelope)
        .member("bcc_only", can.bcc_only)
        .member("smtputf8", can.smtputf8)
        .member("attachments", can.attachments)
        .member("inline", can.inline_images)
        .member("headers", can.headers)
        .member("per_recipient", can.per_recipient)
        .member("idempotency", can.idempotency)
        .member("dsn", can.dsn)
        .member("captures", can.captures)
        .member("max_bytes", can.max_bytes)
        .member("max_recipients", can.max_recipients)
        .end_object();
}

template <class Limits>
void write_limits(json_writer& json, const Limits& limits) {
    json.key("limits").begin_object();
    if (limits.concurrency) json.member("concurrency", *limits.concurrency);
    if (limits.per_second) json.member("per_second", *limits.per_second);
    if (limits.per_minute) json.member("per_minute", *limits.per_minute);
    if (limits.per_hour) json.member("per_hour", *limits.per_hour);
    if (limits.per_day) json.member("per_day", *limits.per_day);
    if (limits.lookups_per_minute) json.member("lookups_per_minute", *limits.lookups_per_minute);
    if (limits.lookups_per_hour) json.member("lookups_per_hour", *limits.lookups_per_hour);
    if constexpr (requires { limits.count_recipients; }) {
        if (limits.count_recipients)
            json.member("count", *limits.count_recipients ? "recipients" : "messages");
    }
    json.end_object();
}

void write_provider(json_writer& json, const plugin::loaded_plugin& plugin) {
    const plugin::manifest& facts = plugin.facts;
    json.begin_object()
        .member("id", facts.id)
        .member("name", facts.name)
        .member("description", facts.description)
        .member_if("icon", facts.icon)
        .member("version", facts.version)
        .member("popular", facts.popular);
    write_list(json, "features", facts.features);
    write_list(json, "setup", facts.setup);
    write_capabilities(json, facts.can);
    write_limits(json, facts.defaults);
    json.key("presets").raw(facts.presets);
    write_list(json, "destinations", facts.destinations);
    std::vector<std::string> profiles;
    for (const auto& [name, unused] : facts.oauth)
        profiles.push_back(name);
    write_list(json, "oauth_profiles", profiles);
    const auto schema = [&](std::string_view name, const std::string& text) {
        text.empty() ? json.key(name).begin_object().end_object() : json.key(name).raw(text);
    };
    schema("settings_schema", facts.settings_schema);
    schema("message_options_schema", facts.message_options_schema);
    json.member("file", plugin.file.native())
        .member("sha256", plugin.sha256)
        .member_if("sdk", plugin.sdk)
        .end_object();
}

const delivery::connection_status* find(const std::vector<delivery::connection_status>& states,
                                        const std::string& name) {
    for (const auto& state : states) {
        if (state.name == name) return &state;
    }
    return nullptr;
}

void write_summary(json_writer& json, const config::settings& config,
                   const config::connection& which,
                   const std::vector<delivery::connection_status>& states) {
    json.member("name", which.name)
        .member("provider", which.provider)
        .member("active", which.active)
        .member("default", which.name == config.default_connection)
        .member_if("organization", which.organization)
        .member_if("from_email", which.from_email)
        .member_if("from_name", which.from_name)
        .member("sender", which.force_sender ? "force" : "keep")
        .member("on_unknown", which.on_unknown);
    if (which.trace) json.member("trace", true);
    const auto* state = find(states, which.name);
    json.member("running", state != nullptr && state->running);
    if (state == nullptr) return;
    json.member("captures", state->captures)
        .member_if("problem", state->problem)
        .member("waiting", state->waiting)
        .member("in_flight", state->in_flight)
        .member("concurrency", state->concurrency);
}

void write_oauth_member(json_writer& json, const services::oauth_engine* oauth,
                        const std::string& connection, std::string_view settings) {
    if (oauth == nullptr) return;
    const std::string text = write_oauth(*oauth, connection, settings);
    if (!text.empty()) json.key("oauth").raw(text);
}

void write_stage_members(json_writer& json, const plugin::stage_report& stage) {
    json.member("id", stage.id).member("state", stage.state).member_if("title", stage.title);
    if (stage.code != 0) json.member("code", stage.code);
    json.member_if("text", stage.text)
        .member_if("advice", stage.advice)
        .member("since_start_ms", stage.since_start.count());
}

void write_trace_members(json_writer& json, const plugin::trace_line& line) {
    json.member("at_ms", line.since_start.count())
        .member("direction", line.direction)
        .member("text", line.text);
}

}  // namespace

std::string write_providers(const plugin::registry& plugins) {
    std::string out;
    json_writer json(out);
    json.begin_object().key("providers").begin_array();
    for (const auto& [id, plugin] : plugins.loaded())
        write_provider(json, *plugin);
    json.end_array().key("refused").begin_array();
    for (const auto& refused : plugins.refused()) {
        json.begin_object()
            .member("file", refused.file.native())
            .member("reason", refused.reason)
            .end_object();
    }
    json.end_array().end_object();
    return out;
}

std::string write_connections(const config::settings& config,
                              const std::vector<delivery::connection_status>& states,
                              const services::oauth_engine* oauth) {
    std::string out;
    json_writer json(out);
    json.begin_object().key("connections").begin_array();
    for (const auto& [name, each] : config.connections) {
        json.begin_object();
        write_summary(json, config, each, states);
        write_oauth_member(json, oauth, name, {});
        json.end_object();
    }
    json.end_array().end_object();
    return out;
}

std::string write_connection(const config::settings& config, const config::connection& which,
                             const std::vector<delivery::connection_status>& states, bool admin,
                             const services::oauth_engine* oauth) {
    std::string out;
    json_writer json(out);
    json.begin_object();
    write_summary(json, config, which, states);
    write_limits(json, which.limits);
    if (admin) {
        json.member("file", which.file.native());
        json.key("settings")
            .raw(which.public_settings_json.empty() ? "{}" : which.public_settings_json);
        write_oauth_member(json, oauth, which.name,
                           which.oauth ? which.oauth->shown_json : std::string());
    }
    json.end_object();
    return out;
}

std::string write_stage(const plugin::stage_report& stage) {
    std::string out;
    json_writer json(out);
    json.begin_object().key("stage").begin_object();
    write_stage_members(json, stage);
    json.end_object().end_object();
    out += '\n';
    return out;
}

std::string write_trace(const plugin::trace_line& line) {
    std::string out;
    json_writer json(out);
    json.begin_object().key("trace").begin_object();
    write_trace_members(json, line);
    json.end_object().end_object();
    out += '\n';
    return out;
}

std::string write_test_result(const delivery::test_result& outcome, bool trace) {
    std::string out;
    json_writer json(out);
    json.begin_object()
        .member("success", outcome.success)
        .member("message", outcome.message)
        .member_if("advice", outcome.advice);
    const plugin::call_result& call = outcome.outcome;
    json.key("details").begin_object();
    if (call.unsupported) {
        json.member("unsupported", true);
    } else {
        json.member("verdict", mail::to_string(call.verdict));
        if (call.blame != mail::blame::none) json.member("blame", mail::to_string(call.blame));
    }
    if (call.code != 0) json.member("code", call.code);
    json.member_if("text", call.text);
    if (call.captured) json.member("captured", true);
    if (call.plugin_fault) json.member("plugin_fault", true);
    json.end_object().key("stages").begin_array();
    for (const auto& stage : outcome.stages) {
        json.begin_object();
        write_stage_members(json, stage);
        json.end_object();
    }
    json.end_array();
    if (trace) {
        json.key("trace").begin_array();
        for (const auto& line : outcome.trace) {
            json.begin_object();
            write_trace_members(json, line);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    return out;
}

}  // namespace gatepost::api
