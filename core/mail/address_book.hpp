// What the owner says about addresses: the domain of names that have none (cron sends as root to
// root), and aliases. A value; built once for a configuration, read by any thread.
//
// Recipients are looked up, a name without a domain as well as a whole address, and what is found
// takes their place; senders are completed only. A name that nobody knows is refused with the
// setting that would help.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "mail/address.hpp"

namespace gatepost::mail {

class address_book {
  public:
    // No aliases, no domain: a name without a domain is refused.
    address_book() = default;
    // `aliases`: from a name or an address in lower case to whole addresses.
    static result<address_book> make(
        std::string default_domain, const std::map<std::string, std::vector<std::string>>& aliases);

    // One mailbox, as split_mailbox takes it.
    result<mailbox> sender(std::string_view text) const;
    result<std::vector<mailbox>> recipients(std::string_view text) const;
    // Name and address apart.
    result<mailbox> sender(std::string_view name, std::string_view address_text) const;
    result<std::vector<mailbox>> recipients(std::string_view name,
                                            std::string_view address_text) const;
    // A whole address: its alias' addresses, or itself. The display name goes with them.
    std::vector<mailbox> expand(const mailbox& box) const;

  private:
    const std::vector<address>* find(std::string_view name) const;

    std::string default_domain_;
    std::unordered_map<std::string, std::vector<address>> aliases_;
};

}  // namespace gatepost::mail
