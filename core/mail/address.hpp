// The one address parser of the product (RFC 5321 4.1.2, RFC 5322 3.4, RFC 6531 3.3).
//
// An `address` is a value that cannot hold CR, LF, NUL, another control, a space, a comment or a
// source route: whoever has one may write it to any wire. A local part in quotes is refused,
// because two readers seldom agree on it. The domain is kept as given in UTF-8 and as A-labels
// (IDNA 2008); an address literal ([192.0.2.1]) is allowed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatepost::mail {

class address {
  public:
    // local@domain and nothing round it.
    static result<address> parse(std::string_view text);

    const std::string& text() const { return text_; }
    std::string_view local() const { return std::string_view(text_).substr(0, at_); }
    std::string_view domain() const { return std::string_view(text_).substr(at_ + 1); }
    // With the domain as A-labels; empty if the local part is not ASCII.
    const std::string& ascii() const { return ascii_; }
    bool needs_smtputf8() const { return ascii_.empty(); }
    // Same mailbox for the purpose of finding duplicates: domains ignoring case.
    bool operator==(const address& other) const;

  private:
    address() = default;
    std::string text_;
    std::string ascii_;
    size_t at_ = 0;
};

struct mailbox {
    std::string name;  // decoded; holds no control characters
    address addr;
};

// "user@example.org", "Name <user@example.org>", "\"Last, First\" <user@example.org>"; one mailbox.
result<mailbox> parse_mailbox(std::string_view text);
// The same, split but not judged: the address may be a bare name such as root.
struct mailbox_text {
    std::string name, addr;
};
result<mailbox_text> split_mailbox(std::string_view text);
result<std::vector<mailbox_text>> split_mailbox_list(std::string_view text);
// A header's list: commas, groups ("undisclosed-recipients:;" is empty). Encoded words in names are
// decoded by mime.
result<std::vector<mailbox>> parse_mailbox_list(std::string_view text);
// Checks a display name that came apart from its address.
result<mailbox> make_mailbox(std::string_view name, std::string_view address_text);
// For people: Name <user@example.org>, quoted where needed.
std::string format_mailbox(const mailbox& box);

}  // namespace gatepost::mail
