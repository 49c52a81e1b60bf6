// Reads one address field of raw mail; private to this room.
#pragma once

#include <vector>

#include "mail/address.hpp"
#include "mail/header_fields.hpp"

namespace gatepost::mail {

// Any list of mailboxes as it stands, names decoded, addresses not judged.
result<std::vector<mailbox_text>> split_mailboxes(const header_field& field);
// Any list of mailboxes, names decoded; the error names the header.
result<std::vector<mailbox>> read_mailboxes(const header_field& field);

}  // namespace gatepost::mail
