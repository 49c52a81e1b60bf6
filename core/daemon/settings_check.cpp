#include "daemon/settings_check.hpp"

#include <boost/asio/io_context.hpp>

#include "base/clock.hpp"
#include "plugin/instance.hpp"
#include "services/host_services.hpp"

namespace gatepost::daemon {

std::vector<field_error> objections_of(const std::shared_ptr<const plugin::loaded_plugin>& plugin,
                                       const std::string& connection, const secret& settings) {
    const auto services = services::make();
    boost::asio::io_context loop{1};
    const auto made = plugin::instance::create(
        plugin,
        {connection, std::string(settings.reveal()), loop.get_executor(),
         [&services](std::string_view id) { return services->lookup(id); }, &machine_clock()});
    if (made) return {};
    if (made.error().fields.empty()) return {{"", made.error().detail}};
    return made.error().fields;
}

}  // namespace gatepost::daemon
