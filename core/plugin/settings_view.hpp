// A connection's settings as a plugin sees them: the JSON, and the same flat with types, so that a
// plugin in C needs no parser. The bytes are wiped when the view ends, because passwords are among
// them.
#pragma once

#include <gatepost/abi.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "plugin/instance.hpp"
#include "plugin/registry.hpp"

namespace gatepost::plugin {

class settings_view {
  public:
    // Fills in the schema's defaults and checks: a `config` error with every wrong field.
    static result<settings_view> make(const manifest& facts, const std::string& settings_json,
                                      const std::string& connection);

    const gatepost_settings* get();
    // With defaults.
    std::string_view json() const { return json_.reveal(); }
    // The absolute folders that the manifest's pointers name; `config` if one is no absolute path.
    result<std::vector<std::string>> folders(const manifest& facts) const;
    // What the manifest names, and what its pointers name in the settings.
    std::vector<destination> destinations(const manifest& facts) const;
    // The values that are secret, as text.
    std::vector<std::string> secrets() const;

  private:
    class flattener;
    settings_view() = default;

    secret json_;
    std::deque<secret> texts_;  // what the values point into; never moves its elements
    std::vector<gatepost_setting> values_;
    std::string connection_;
    gatepost_settings view_{};
};

}  // namespace gatepost::plugin
