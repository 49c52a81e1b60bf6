// What every request of ours forbids libcurl, and the way it takes: TLS 1.2 with a host-name check,
// the owner's authority or the system's, the owner's proxy or none. In one place, because one
// option that was forgotten would be a hole. Internal to the folder.
#pragma once

#include "services/http/easy.hpp"
#include "services/http/order.hpp"

namespace gatepost::services {

// Protocol, version, TLS, no redirect, no decoding, no .netrc, no signal.
void set_rules(option_setter& set, const http_order& order);
// Always set, also when there is none: the environment never decides.
void set_proxy(option_setter& set, const http_order& order);

}  // namespace gatepost::services
