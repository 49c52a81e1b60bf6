#include "base/error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace gatepost {
namespace {

// Exit codes after sysexits(3): 64 usage, 65 data, 66 no input, 69 unavailable, 70 software, 73
// cannot create, 74 I/O, 75 try later, 77 permission, 78 configuration.
constexpr std::pair<error_kind, error_facts> table[] = {
    {error_kind::malformed, {400, "urn:gatepost:malformed", "The request cannot be read", 65}},
    {error_kind::invalid, {422, "urn:gatepost:invalid", "The request is not valid", 65}},
    {error_kind::no_connection, {422, "urn:gatepost:no-connection", "No connection fits", 78}},
    {error_kind::not_found, {404, "urn:gatepost:not-found", "There is no such thing", 66}},
    {error_kind::forbidden, {403, "urn:gatepost:forbidden", "The caller may not do this", 77}},
    {error_kind::method_not_allowed,
     {405, "urn:gatepost:method-not-allowed", "This path does not take this method", 64}},
    {error_kind::unsupported_media,
     {415, "urn:gatepost:unsupported-media", "The body has a type that is not read here", 65}},
    {error_kind::conflict, {409, "urn:gatepost:conflict", "The state does not allow this", 65}},
    {error_kind::idempotency_mismatch,
     {422, "urn:gatepost:idempotency-mismatch", "The key was used for other content", 65}},
    {error_kind::too_large, {413, "urn:gatepost:too-large", "A stated limit is passed", 65}},
    {error_kind::request_timeout,
     {408, "urn:gatepost:request-timeout", "The request took too long", 75}},
    {error_kind::busy, {503, "urn:gatepost:busy", "Too much at once, try later", 75}},
    {error_kind::storage, {503, "urn:gatepost:storage", "The storage takes nothing now", 75}},
    {error_kind::outcome_unknown,
     {503, "urn:gatepost:outcome-unknown", "It is not known whether the message was kept", 75}},
    {error_kind::config, {422, "urn:gatepost:config", "The configuration is wrong", 78}},
    {error_kind::plugin_fault,
     {500, "urn:gatepost:plugin-fault", "The plugin broke its contract", 70}},
    {error_kind::provider, {502, "urn:gatepost:provider", "The provider did not do it", 69}},
    {error_kind::io, {500, "urn:gatepost:io", "The operating system refused", 74}},
    {error_kind::not_running,
     {503, "urn:gatepost:not-running", "The daemon cannot be reached", 69}},
    {error_kind::internal, {500, "urn:gatepost:internal", "A defect of the gateway", 70}},
};

}  // namespace

const error_facts& facts_of(error_kind kind) {
    for (const auto& [candidate, facts] : table) {
        if (candidate == kind) return facts;
    }
    return std::end(table)[-1].second;
}

error_kind kind_of_urn(std::string_view urn) {
    for (const auto& [kind, facts] : table) {
        if (facts.urn == urn) return kind;
    }
    return error_kind::internal;
}

error error_from_errno(int number, std::string_view what) {
    const bool full = number == ENOSPC || number == EDQUOT || number == EROFS;
    return {full ? error_kind::storage : error_kind::io,
            std::string(what) + ": " + std::system_category().message(number)};
}

}  // namespace gatepost
