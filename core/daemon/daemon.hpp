// Puts the rooms together and takes them apart again, in the one order that loses nothing: spool
// before API, API stopped before delivery, delivery before the spool closes.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "daemon/options.hpp"

namespace gatepost::daemon {

// gatepostd --check: loads plugins and configuration, starts nothing. A sentence for people (as
// JSON with options::json), or every problem as a field {file:line:column, key: reason}.
result<std::string> check(const options& how);

class instance {
  public:
    // Returns when recovery is done and every listener is open.
    static result<std::unique_ptr<instance>> start(const options& how);
    virtual ~instance() = default;
    // Reads the configuration again and changes over to it. An error says every problem, and then
    // everything stays as it was. What needs a restart is logged.
    virtual status reload() = 0;
    virtual void stop() = 0;
};

}  // namespace gatepost::daemon
