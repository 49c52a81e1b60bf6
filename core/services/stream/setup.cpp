// Texts of stages are made only in a test.
#include "services/stream/setup.hpp"

#include <openssl/ssl.h>

#include "plugin/strings.hpp"

namespace gatepost::services {

gatepost_status read_tls(const gatepost_tls_options* from, tls_wish& into) {
    if (from == nullptr) return GATEPOST_OK;
    const auto given = plugin::copy_sized(from);
    const bool known = given.minimum_version == 0 || given.minimum_version == TLS1_2_VERSION ||
                       given.minimum_version == TLS1_3_VERSION;
    if (!known || given.verify > 1) return GATEPOST_UNSUPPORTED;
    into.minimum_version = given.minimum_version;
    into.host_name = plugin::view_of(given.host_name);
    into.ca_file = plugin::view_of(given.ca_file);
    into.certificate_file = plugin::view_of(given.certificate_file);
    into.key_file = plugin::view_of(given.key_file);
    into.verify = given.verify != 0;
    for (const std::string* each :
         {&into.host_name, &into.ca_file, &into.certificate_file, &into.key_file}) {
        if (each->size() > limits::path_bytes || each->find('\0') != std::string::npos)
            return GATEPOST_INVALID;
    }
    return GATEPOST_OK;
}

void tell_stage(plugin::call_context* context, const char* id, const char* title, uint32_t state,
                const std::string& text, const std::string& advice) {
    if (context == nullptr || !context->wants_stages()) return;
    gatepost_stage made{};
    made.size = sizeof made;
    made.state = state;
    made.id = plugin::string_of(id);
    made.title = plugin::string_of(title);
    made.text = plugin::string_of(text);
    made.advice = plugin::string_of(advice);
    context->stage(made);
}

std::string describe(const tls_facts& facts, wall_time now) {
    std::string text = facts.version == TLS1_3_VERSION ? "TLS 1.3, " : "TLS 1.2, ";
    text += facts.cipher;
    const auto days = std::chrono::duration_cast<std::chrono::days>(facts.certificate_until - now);
    if (facts.certificate_until > now)
        text += ", certificate good for " + std::to_string(days.count()) + " days";
    else
        text += ", certificate expired";
    return text + (facts.verified ? "" : ", not verified");
}

std::unique_ptr<tls_session> make_session(const std::shared_ptr<tls_context>& context,
                                          const tls_wish& how, const tls_target& target,
                                          const std::shared_ptr<stream_room>& room) {
    tls_wish wish = how;
    if (wish.host_name.empty() && !target.host.starts_with("unix:")) wish.host_name = target.host;
    // A session is good for the very same peer, name and set of options.
    char address[32];
    std::snprintf(address, sizeof address, "%p", static_cast<const void*>(context.get()));
    std::string key = target.where + "|" + wish.host_name + "|" + address;
    auto resume = target.fresh ? nullptr : room->resume(key);
    auto keep = [weak = std::weak_ptr(room), key = std::move(key),
                 context](std::shared_ptr<kept_session> session) {
        if (const auto living = weak.lock()) living->keep(key, std::move(session));
    };
    return std::make_unique<tls_session>(context, wish, target.where, resume, std::move(keep));
}

plugin::operation::answer failed_at(gatepost_status status, uint32_t at, std::string text,
                                    const std::string& advice, const std::string& peer) {
    if (!advice.empty()) text += "; " + advice;
    auto facts = stream_facts::make(peer, nullptr, at);
    return {status, std::move(text), 0, 0, {}, stream_facts::detail(facts)};
}

}  // namespace gatepost::services
