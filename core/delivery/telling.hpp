// What the log says of an attempt: one line for mail that did not go. Who wants to know of mail
// that did asks the API.
#pragma once

#include <string>

#include "delivery/circuit.hpp"
#include "spool/spool.hpp"

namespace gatepost::delivery {

void tell_what_stays(const spool::record_request& verdicts, const std::string& connection);
void tell_of_circuit(const circuit& now, const std::string& connection);

}  // namespace gatepost::delivery
