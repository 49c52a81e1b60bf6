// gatepost.check/1: the plugin's pure function, with a host that offers nothing. Whatever goes
// wrong in it is no objection to the message: the send itself will tell.
#include <exception>
#include <numeric>

#include "base/log.hpp"
#include "plugin/host.hpp"
#include "plugin/instance.hpp"
#include "plugin/message_view.hpp"
#include "plugin/settings_view.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

using check_function = decltype(gatepost_check::check);

check_function check_of(const gatepost_plugin& table) {
    if (!GATEPOST_HAS(gatepost_plugin, &table, extension) || table.extension == nullptr)
        return nullptr;
    const auto* found =
        static_cast<const gatepost_check*>(table.extension(string_of("gatepost.check/1")));
    if (found == nullptr || !GATEPOST_HAS(gatepost_check, found, check)) return nullptr;
    return found->check;
}

// A view over a message that somebody else keeps.
std::shared_ptr<const mail::message> borrowed(const mail::message& message) {
    return {std::shared_ptr<const mail::message>(), &message};
}

}  // namespace

std::vector<field_error> check_message(const loaded_plugin& plugin,
                                       const std::string& settings_json,
                                       const mail::message& message) {
    try {
        const check_function check = check_of(*plugin.table);
        if (check == nullptr) return {};
        auto settings = settings_view::make(plugin.facts, settings_json, "");
        if (!settings) return {};
        auto mail = borrowed(message);
        if (!plugin.facts.can.raw_mime) {
            auto with = with_parts(mail, {});
            if (!with) return {};
            mail = std::move(*with);
        }
        std::vector<uint32_t> everyone(message.recipients.size());
        std::iota(everyone.begin(), everyone.end(), 0U);
        const message_view view(mail, everyone, plugin.facts.id, 0);
        host_side host(machine_clock(), plugin.facts.id, "", {});
        check(host.table(), settings->get(), view.get(), host.open_sink());
        std::vector<field_error> objections;
        for (auto& each : host.close_sink()) {
            if (each.severity == GATEPOST_ERROR) objections.push_back(std::move(each.what));
        }
        return objections;
    } catch (const std::exception& failure) {
        log::warn("plugin.fault", "the plugin threw while it checked a message",
                  {{"plugin", plugin.facts.id}, {"fault", failure.what()}});
    } catch (...) {
        log::warn("plugin.fault", "the plugin threw while it checked a message",
                  {{"plugin", plugin.facts.id}});
    }
    return {};
}

}  // namespace gatepost::plugin
