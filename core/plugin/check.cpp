// The plugin's pure function, with a host that offers nothing. Whatever goes wrong in it is no
// objection to the message: the send itself will tell.
#include "plugin/check.hpp"

#include <exception>
#include <numeric>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "plugin/host.hpp"
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

std::vector<field_error> objections(const loaded_plugin& plugin, check_function check,
                                    settings_view& settings,
                                    const std::shared_ptr<hidden_words>& hidden,
                                    const mail::message& message) {
    auto mail = borrowed(message);
    if (!plugin.facts.can.raw_mime) {
        auto with = with_parts(mail, {});
        if (!with) return {};
        mail = std::move(*with);
    }
    std::vector<uint32_t> everyone(message.recipients.size());
    std::iota(everyone.begin(), everyone.end(), 0U);
    const message_view view(mail, everyone, plugin.facts.id, 0);
    host_side host(machine_clock(), plugin.facts.id, "", {}, hidden);
    check(host.table(), settings.get(), view.get(), host.open_sink());
    std::vector<field_error> found;
    for (auto& each : host.close_sink()) {
        if (each.severity == GATEPOST_ERROR) found.push_back(std::move(each.what));
    }
    return found;
}

}  // namespace

struct message_checks::kept {
    kept(std::shared_ptr<const loaded_plugin> which, const secret& given)
        : plugin(std::move(which)),
          settings_json(given),
          check(check_of(*plugin->table)),
          settings(settings_view::make(plugin->facts, std::string(given.reveal()), "")),
          hidden(std::make_shared<hidden_words>(settings ? settings->secrets()
                                                         : std::vector<std::string>())) {}

    std::shared_ptr<const loaded_plugin> plugin;
    secret settings_json;
    check_function check;
    result<settings_view> settings;
    std::shared_ptr<hidden_words> hidden;
};

message_checks::message_checks() = default;
message_checks::~message_checks() = default;

void message_checks::forget() {
    kept_.clear();
}

message_checks::kept& message_checks::of(const std::string& connection,
                                         const std::shared_ptr<const loaded_plugin>& plugin,
                                         const secret& settings_json) {
    std::unique_ptr<kept>& known = kept_[connection];
    if (!known || known->plugin != plugin || !(known->settings_json == settings_json))
        known = std::make_unique<kept>(plugin, settings_json);
    return *known;
}

std::vector<field_error> message_checks::ask(const std::string& connection,
                                             const std::shared_ptr<const loaded_plugin>& plugin,
                                             const secret& settings_json,
                                             const mail::message& message) {
    std::shared_ptr<hidden_words> hidden;
    try {
        kept& with = of(connection, plugin, settings_json);
        hidden = with.hidden;
        if (with.check == nullptr || !with.settings) return {};
        return objections(*plugin, with.check, *with.settings, with.hidden, message);
    } catch (const std::exception& failure) {
        log::warn("plugin.fault", "the plugin threw while it checked a message",
                  {{"plugin", plugin->facts.id},
                   {"fault", words_for_people(hidden ? hidden->scrub().get() : nullptr,
                                              std::string_view(failure.what()),
                                              limits::plugin_text_bytes)}});
    } catch (...) {
        log::warn("plugin.fault", "the plugin threw while it checked a message",
                  {{"plugin", plugin->facts.id}});
    }
    return {};
}

}  // namespace gatepost::plugin
