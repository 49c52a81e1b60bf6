// What connecting and STARTTLS have in common: the request as values, TLS on a channel, stages of a
// test. Internal to connect.cpp and secure.cpp.
#pragma once

#include <gatepost/abi.h>

#include <memory>
#include <string>
#include <string_view>

#include "services/backstage.hpp"
#include "services/stream/channel.hpp"
#include "services/stream/room.hpp"
#include "services/stream/tls_session.hpp"

namespace gatepost::services {

// GATEPOST_UNSUPPORTED for a version that is not known.
gatepost_status read_tls(const gatepost_tls_options* from, tls_wish& into);

// Reports a step of the host's own in a test; costs nothing in other calls.
void tell_stage(plugin::call_context* context, const char* id, const char* title, uint32_t state,
                const std::string& text = {}, const std::string& advice = {});
// "TLSv1.3, TLS_AES_256_GCM_SHA384, certificate good for 61 days"
std::string describe(const tls_facts& facts, wall_time now);

// A session for the channel, resumed where that is possible; a test looks at everything anew.
struct tls_target {
    std::string where, host;
    bool fresh = false;
};
std::unique_ptr<tls_session> make_session(const std::shared_ptr<tls_context>& context,
                                          const tls_wish& how, const tls_target& target,
                                          const std::shared_ptr<stream_room>& room);

// An answer that says where it failed.
plugin::operation::answer failed_at(gatepost_status status, uint32_t at, std::string text,
                                    const std::string& advice = {}, const std::string& peer = {});

}  // namespace gatepost::services
