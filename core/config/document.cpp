// The only file that includes toml++ (3.3.0 and 3.4). What the parser says about a mistake is cut
// before it quotes the text it saw, which may be a password without its quotes.
#include "config/document.hpp"

#include <toml++/toml.h>

#include <cmath>
#include <exception>

#include "base/text.hpp"
#include "config/problems.hpp"

namespace gatepost::config {

namespace {

using nlohmann::json;

position place_of(const toml::source_region& region) {
    return {region.begin.line == 0 ? 1 : region.begin.line,
            region.begin.column == 0 ? 1 : region.begin.column};
}

class converter {
  public:
    explicit converter(document& out) : out_(out) {}

    json table(const toml::table& from, const std::string& pointer) {
        json to = json::object();
        for (const auto& [key, value] : from) {
            const std::string name(key.str());
            const std::string below = text::below_pointer(pointer, name);
            out_.places[below] = place_of(key.source());
            to[name] = any(value, below);
        }
        return to;
    }

  private:
    json array(const toml::array& from, const std::string& pointer) {
        json to = json::array();
        for (size_t i = 0; i < from.size(); ++i) {
            const std::string below = text::below_pointer(pointer, std::to_string(i));
            out_.places[below] = place_of(from[i].source());
            to.push_back(any(from[i], below));
        }
        return to;
    }

    json any(const toml::node& from, const std::string& pointer) {
        if (const auto* inner = from.as_table()) return table(*inner, pointer);
        if (const auto* inner = from.as_array()) return array(*inner, pointer);
        if (const auto* text = from.as_string()) return text->get();
        if (const auto* integer = from.as_integer()) return integer->get();
        if (const auto* boolean = from.as_boolean()) return boolean->get();
        if (const auto* number = from.as_floating_point()) {
            if (std::isfinite(number->get())) return number->get();
            out_.oddities.push_back({pointer, "must be a finite number"});
            return nullptr;
        }
        out_.oddities.push_back({pointer, "a date or time is not expected; write it as a string"});
        return nullptr;
    }

    document& out_;
};

std::string without_quotation(std::string_view said) {
    for (const std::string_view cut : {"; saw ", ", saw ", " saw '", "; actual:"})
        said = said.substr(0, said.find(cut));
    return text::escape_for_log(said);
}

}  // namespace

position document::where(std::string_view pointer) const {
    while (!pointer.empty()) {
        if (const auto found = places.find(std::string(pointer)); found != places.end())
            return found->second;
        pointer = pointer.substr(0, pointer.rfind('/'));
    }
    return {};
}

bool parse_toml(std::string_view text, document& out, toml_problem& problem) {
    if (auto found = scan_toml(text)) {
        problem = *std::move(found);
        return false;
    }
    try {
        const toml::table parsed = toml::parse(text);
        out.root = converter(out).table(parsed, "");
        return true;
    } catch (const toml::parse_error& failure) {
        problem = {place_of(failure.source()),
                   "this is not TOML: " + without_quotation(failure.description())};
    } catch (const std::exception& failure) {
        problem = {{}, "this cannot be read as TOML: " + without_quotation(failure.what())};
    }
    return false;
}

}  // namespace gatepost::config
