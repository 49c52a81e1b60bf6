// file/1's write: the one service function that can take a message over.
#pragma once

#include <gatepost/abi.h>

#include "services/backstage.hpp"

namespace gatepost::services {

gatepost_status start_write(const gatepost_host* host, gatepost_call call,
                            plugin::call_context& context, backstage& house, const caller& who,
                            const gatepost_file_write* request);

}  // namespace gatepost::services
