// gatepost.check/1: what a plugin says against a message before it is accepted.
//
// What was made of a connection's settings is kept for its next message, because making it is most
// of the work; other settings or another plugin make it anew. One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "mail/message.hpp"
#include "plugin/registry.hpp"

namespace gatepost::plugin {

class message_checks {
  public:
    message_checks();
    ~message_checks();

    // Empty if the plugin has no objection or no such extension.
    std::vector<field_error> ask(const std::string& connection,
                                 const std::shared_ptr<const loaded_plugin>& plugin,
                                 const secret& settings_json, const mail::message& message);
    // The settings of connections that are no more are not kept.
    void forget();

  private:
    struct kept;
    kept& of(const std::string& connection, const std::shared_ptr<const loaded_plugin>& plugin,
             const secret& settings_json);
    std::map<std::string, std::unique_ptr<kept>> kept_;
};

}  // namespace gatepost::plugin
