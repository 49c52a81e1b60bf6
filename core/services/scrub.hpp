// What must be taken out of an instance's traces: the secrets of its settings, and the tokens that
// it was given while it runs. Strand only.
#pragma once

#include <memory>

#include "base/secret.hpp"
#include "plugin/instance.hpp"
#include "services/stream/trace.hpp"

namespace gatepost::services {

// The newest few are hidden; older ones are over.
void hide_from_traces(plugin::instance& owner, const secret& token);
// Made anew only when a token came.
std::shared_ptr<const scrubber> scrubber_of(plugin::instance& owner);

}  // namespace gatepost::services
