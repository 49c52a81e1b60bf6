// [aliases] of gatepost.toml. Every alias is followed to its end while the file is read, so that
// sending needs one look-up and can meet no circle. A name that leads nowhere and a circle are
// problems at the key where they stand.
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "schema/format.hpp"

namespace gatepost::config {

namespace {

using nlohmann::json;

bool is_address(const std::string& text) {
    return schema::has_format(schema::format::email, text);
}

bool is_name(const std::string& text) {
    return text.find('@') == std::string::npos && is_address(text + "@example.com");
}

struct alias {
    std::string key, pointer;                                  // as written, and where
    std::vector<std::pair<std::string, std::string>> targets;  // each with its own pointer
};

class follower {
  public:
    follower(const document& file, std::string default_domain, problems& wrong)
        : file_(file), default_domain_(std::move(default_domain)), wrong_(wrong) {}

    void read(const json& table) {
        for (const auto& [key, value] : table.items())
            read_one(key, value);
    }

    // The whole addresses behind every alias; what is wrong is told once, where it stands.
    std::map<std::string, std::vector<std::string>> follow() {
        std::map<std::string, std::vector<std::string>> out;
        for (const auto& [name, each] : aliases_) {
            journey on;
            collect(each, on);
            if (on.found.size() > limits::recipients)
                wrong_.add(
                    file_, each.pointer,
                    "stands for more than " + std::to_string(limits::recipients) + " addresses");
            out[name] = std::move(on.found);
        }
        return out;
    }

  private:
    void read_one(const std::string& key, const json& value) {
        alias made{key, text::below_pointer("/aliases", key), {}};
        if (!is_name(key) && !is_address(key))
            return wrong_.add(file_, made.pointer,
                              "must be a name such as root, or an address in quotes");
        if (value.is_string()) {
            take(made, value, made.pointer);
        } else if (value.is_array() && !value.empty()) {
            for (size_t i = 0; i < value.size(); ++i)
                take(made, value[i], text::below_pointer(made.pointer, std::to_string(i)));
        } else {
            return wrong_.add(file_, made.pointer, "must be an address, or a list of addresses");
        }
        const auto [at, added] = aliases_.emplace(text::to_lower(key), made);
        if (!added)
            wrong_.add(file_, made.pointer,
                       "is the alias \"" + at->second.key + "\" too: case makes no difference");
    }

    void take(alias& into, const json& value, const std::string& pointer) {
        if (value.is_string()) {
            const std::string target = value.get<std::string>();
            if (is_name(target) || is_address(target)) {
                into.targets.emplace_back(target, pointer);
                return;
            }
        }
        wrong_.add(file_, pointer, "must be an address such as name@example.com, or an alias");
    }

    // From one alias to all its ends.
    struct journey {
        std::vector<std::string> way;  // the aliases that lead here
        std::set<std::string> been;
        std::vector<std::string> found;
    };

    void collect(const alias& from, journey& on) {
        const std::string name = text::to_lower(from.key);
        if (std::find(on.way.begin(), on.way.end(), name) != on.way.end())
            return wrong_.add(file_, from.pointer, "leads back to itself: " + shown(on.way, name));
        if (!on.been.insert(name).second) return;
        if (on.way.size() >= limits::config_depth)
            return wrong_.add(file_, from.pointer,
                              "stands behind more than " + std::to_string(limits::config_depth) +
                                  " other aliases");
        on.way.push_back(name);
        for (const auto& [target, pointer] : from.targets)
            step(target, pointer, on);
        on.way.pop_back();
    }

    void step(const std::string& target, const std::string& pointer, journey& on) {
        if (on.found.size() > limits::recipients) return;
        if (const alias* next = find(target)) return collect(*next, on);
        std::string whole = target;
        if (target.find('@') == std::string::npos) {
            if (default_domain_.empty())
                return wrong_.add(
                    file_, pointer,
                    "\"" + target +
                        "\" is no alias, and there is no default_domain to complete it");
            whole += "@" + default_domain_;
            if (const alias* next = find(whole)) return collect(*next, on);
        }
        if (std::find(on.found.begin(), on.found.end(), whole) == on.found.end())
            on.found.push_back(whole);
    }

    const alias* find(const std::string& name) const {
        const auto at = aliases_.find(text::to_lower(name));
        return at == aliases_.end() ? nullptr : &at->second;
    }

    static std::string shown(const std::vector<std::string>& way, const std::string& again) {
        std::string out;
        for (auto at = std::find(way.begin(), way.end(), again); at != way.end(); ++at)
            out += *at + " -> ";
        return out + again;
    }

    const document& file_;
    const std::string default_domain_;
    problems& wrong_;
    std::map<std::string, alias> aliases_;
};

}  // namespace

void read_aliases(const document& file, const json& table, settings& out, problems& wrong) {
    if (!table.is_object()) return wrong.add(file, "/aliases", "must be a table");
    follower all(file, out.default_domain, wrong);
    all.read(table);
    out.aliases = all.follow();
}

}  // namespace gatepost::config
