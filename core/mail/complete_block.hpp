// Address fields of raw mail with names that have no domain; private to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "mail/address_book.hpp"

namespace gatepost::mail {

// The block with every address field that holds a name without a domain written anew: senders
// completed, recipients looked up. All other fields stay byte for byte. `invalid` names the header.
result<std::string> complete_block(std::string_view block, const address_book& book);

}  // namespace gatepost::mail
