// From a request to a stream that stands: may we go there, the name's addresses, the first that
// answers, through a proxy if there is one, TLS if it is wanted. And TLS on a stream that stands
// (STARTTLS). Each step has its sentence for people when it fails, and its stage in a test.
#pragma once

#include <gatepost/abi.h>

#include "services/backstage.hpp"

namespace gatepost::services {

gatepost_status start_connect(const gatepost_host* host, gatepost_call call,
                              plugin::call_context& context, backstage& house, const caller& who,
                              const gatepost_connect* request);
gatepost_status start_secure(plugin::call_context& context, backstage& house, const caller& who,
                             gatepost_handle handle, const gatepost_tls_options* options);

}  // namespace gatepost::services
