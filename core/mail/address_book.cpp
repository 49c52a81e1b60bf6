// Aliases were followed when the configuration was read, so one look-up is enough.
#include "mail/address_book.hpp"

#include <utility>

#include "base/text.hpp"

namespace gatepost::mail {
namespace {

bool is_bare(std::string_view address_text) {
    return address_text.find('@') == std::string_view::npos;
}

error unknown_name(std::string_view name, bool recipient) {
    const std::string shown = text::escape_for_log(text::truncate_utf8(name, 100));
    return {error_kind::invalid,
            "\"" + shown + "\" has no domain" + (recipient ? ", no alias has this name" : "") +
                ", and default_domain is not set in gatepost.toml to complete it."};
}

}  // namespace

result<address_book> address_book::make(
    std::string default_domain, const std::map<std::string, std::vector<std::string>>& aliases) {
    address_book made;
    made.default_domain_ = std::move(default_domain);
    for (const auto& [name, targets] : aliases) {
        if (targets.empty()) continue;
        std::vector<address>& list = made.aliases_[name];
        for (const std::string& target : targets) {
            auto parsed = address::parse(target);
            if (!parsed)
                return error{error_kind::config, "aliases." + name + ": " + parsed.error().detail};
            list.push_back(std::move(*parsed));
        }
    }
    return made;
}

const std::vector<address>* address_book::find(std::string_view name) const {
    if (aliases_.empty()) return nullptr;
    const auto found = aliases_.find(text::to_lower(name));
    return found == aliases_.end() ? nullptr : &found->second;
}

result<mailbox> address_book::sender(std::string_view text) const {
    auto split = split_mailbox(text);
    if (!split) return split.error();
    return sender(split->name, split->addr);
}

result<std::vector<mailbox>> address_book::recipients(std::string_view text) const {
    auto split = split_mailbox(text);
    if (!split) return split.error();
    return recipients(split->name, split->addr);
}

result<mailbox> address_book::sender(std::string_view name, std::string_view address_text) const {
    if (address_text.empty() || !is_bare(address_text)) return make_mailbox(name, address_text);
    // A name that could not stand before an @ is told so, not that it has no domain.
    auto judged = make_mailbox(name, std::string(address_text) + "@example.com");
    if (!judged) return make_mailbox(name, address_text);
    if (default_domain_.empty()) return unknown_name(address_text, false);
    return make_mailbox(name, std::string(address_text) + "@" + default_domain_);
}

result<std::vector<mailbox>> address_book::recipients(std::string_view name,
                                                      std::string_view address_text) const {
    if (is_bare(address_text)) {
        if (const auto* targets = find(address_text)) {
            auto box = make_mailbox(name, targets->front().text());
            if (!box) return box.error();
            std::vector<mailbox> out;
            for (const address& each : *targets)
                out.push_back({box->name, each});
            return out;
        }
    }
    auto box = sender(name, address_text);
    if (!box && is_bare(address_text) && default_domain_.empty() && !address_text.empty() &&
        make_mailbox(name, std::string(address_text) + "@example.com")) {
        return unknown_name(address_text, true);
    }
    if (!box) return box.error();
    return expand(*box);
}

std::vector<mailbox> address_book::expand(const mailbox& box) const {
    const auto* targets = find(box.addr.text());
    if (targets == nullptr) return {box};
    std::vector<mailbox> out;
    for (const address& each : *targets)
        out.push_back({box.name, each});
    return out;
}

}  // namespace gatepost::mail
