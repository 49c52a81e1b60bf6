// The catalogue and the connections, to be read. Everybody may know what there is; settings are for
// administrators, and secrets are shown to nobody.
#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "base/text.hpp"

namespace gatepost::api {

handling list_providers(service& with, const request&, const std::string&, exchange_ptr to) {
    to->answer(ok(write_providers(*with.options.plugins)));
    return {};
}

handling list_connections(service& with, const request& what, const std::string&, exchange_ptr to) {
    const auto config = with.options.config();
    to->answer(ok(write_connections(*config, with.options.dispatcher->connections(),
                                    what.caller.admin ? with.options.oauth : nullptr)));
    return {};
}

handling show_connection(service& with, const request& what, const std::string& name,
                         exchange_ptr to) {
    const auto config = with.options.config();
    const auto found = config->connections.find(name);
    if (found == config->connections.end()) {
        to->answer(problem(
            {error_kind::not_found, "there is no connection " + text::sanitize(name, 100)}));
        return {};
    }
    to->answer(ok(write_connection(*config, found->second, with.options.dispatcher->connections(),
                                   what.caller.admin, with.options.oauth)));
    return {};
}

}  // namespace gatepost::api
