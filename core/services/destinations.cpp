#include "services/destinations.hpp"

#include "base/text.hpp"

namespace gatepost::services {

std::string hold_against(const permission& given, std::string_view host,
                         std::vector<socket_address>& addresses) {
    if (given.anywhere || addresses.empty()) return {};
    const std::string first = addresses.front().text();
    std::erase_if(addresses, [](const socket_address& each) { return each.is_private(); });
    if (!addresses.empty()) return {};
    return text::sanitize(host, 256) + " leads to " + first +
           ", inside this machine or its network, where only a name from the settings may lead";
}

}  // namespace gatepost::services
