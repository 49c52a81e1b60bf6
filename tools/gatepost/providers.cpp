// gatepost providers: the plugins there are, and one of them with every setting that it takes, read
// from the schema that the daemon checks connections by.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gatepost/commands.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;

// "smtp, lmtp": what an enumeration, in either form, allows; empty if it is none.
std::string choices_of(const json& setting) {
    std::string out;
    const auto add = [&](const std::string& choice) { out += (out.empty() ? "" : ", ") + choice; };
    for (const json& choice : setting.value("enum", json::array()))
        add(choice.is_string() ? choice.get<std::string>() : choice.dump());
    for (const json& choice : setting.value("oneOf", json::array()))
        add(text_of(choice, "const"));
    return out;
}

std::string setting_type(const json& setting) {
    std::string type = text_of(setting, "type");
    if (!choices_of(setting).empty()) type = "choice";
    return setting.value("writeOnly", false) ? type + ", secret" : type;
}

std::string description_of(const json& setting) {
    std::string out = text_of(setting, "description");
    if (out.empty()) out = text_of(setting, "title") + ".";
    const std::string choices = choices_of(setting);
    return choices.empty() ? out : out + " One of: " + choices;
}

std::vector<std::pair<std::string, json>> in_order(const json& properties) {
    std::vector<std::pair<std::string, json>> all;
    for (const auto& [name, setting] : properties.items())
        all.emplace_back(name, setting);
    std::ranges::sort(all, {}, [](const auto& one) {
        const auto place = one.second.find("x-gatepost-order");
        const bool placed = place != one.second.end() && place->is_number();
        return std::pair(placed ? place->template get<int>() : 9999, one.first);
    });
    return all;
}

void add_rows(const json& schema, const std::string& prefix,
              std::vector<std::vector<std::string>>& rows) {
    const json required = schema.value("required", json::array());
    for (const auto& [name, setting] : in_order(schema.value("properties", json::object()))) {
        const bool needed = std::ranges::find(required, json(name)) != required.end();
        rows.push_back({"  " + clean(prefix + name, 60), clean(setting_type(setting), 30),
                        needed ? "required" : clean(text_of(setting, "default"), 40),
                        clean(description_of(setting), 400)});
        if (setting.contains("properties")) add_rows(setting, prefix + name + ".", rows);
    }
}

error no_such_provider(const json& answer, const std::string& name) {
    for (const json& refused : answer.value("refused", json::array())) {
        if (text_of(refused, "file").ends_with("/" + name + ".so"))
            return {error_kind::not_found, "the provider \"" + clean(name) +
                                               "\" was not loaded: " + text_of(refused, "reason")};
    }
    std::vector<std::string> names;
    for (const json& provider : answer.value("providers", json::array()))
        names.push_back(text_of(provider, "id"));
    return no_such("provider", name, names);
}

}  // namespace

std::string describe_provider(const terminal& out, const json& provider) {
    std::string lines = out.paint(text_of(provider, "id"), colour::bold) + "  " +
                        clean(text_of(provider, "name"), 60) + " " + text_of(provider, "version") +
                        "\n  " + clean(text_of(provider, "description"), 500) + "\n";
    std::vector<std::vector<std::string>> rows;
    add_rows(provider.value("settings_schema", json::object()), "", rows);
    return lines + (rows.empty() ? "  no settings\n"
                                 : out.table({"  SETTING", "TYPE", "DEFAULT", "WHAT IT IS"}, rows));
}

int show_provider(const context& with, const std::string& name) {
    auto answer = get(with, "/v1/providers");
    if (!answer) return fail(with, answer.error());
    for (const json& provider : answer->value("providers", json::array())) {
        if (text_of(provider, "id") != name) continue;
        if (!printed_as_json(with, provider))
            std::fputs(describe_provider(with.out, provider).c_str(), stdout);
        return 0;
    }
    return fail(with, no_such_provider(*answer, name));
}

int list_providers(const context& with) {
    auto answer = get(with, "/v1/providers");
    if (!answer) return fail(with, answer.error());
    if (printed_as_json(with, *answer)) return 0;
    std::vector<std::vector<std::string>> rows;
    for (const json& provider : answer->value("providers", json::array())) {
        rows.push_back({text_of(provider, "id"), text_of(provider, "version"),
                        clean(text_of(provider, "name"), 30),
                        clean(text_of(provider, "description"), 100)});
    }
    std::fputs(rows.empty()
                   ? "no providers are loaded\n"
                   : with.out.table({"ID", "VERSION", "NAME", "DESCRIPTION"}, rows).c_str(),
               stdout);
    for (const json& refused : answer->value("refused", json::array())) {
        std::printf("%s %s: %s\n", with.out.paint("refused", colour::bad).c_str(),
                    clean(text_of(refused, "file")).c_str(),
                    clean(text_of(refused, "reason"), 500).c_str());
    }
    return 0;
}

}  // namespace gatepost::cli
