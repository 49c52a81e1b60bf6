// What the JSON reader finds, put together into a message. Every function takes one finished value
// and gives the complaint about it, if any; nothing here knows where in the document it stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_types/content_intake.hpp"
#include "api_types/send_fields.hpp"
#include "api_types/send_request.hpp"
#include "api_types/send_slots.hpp"

namespace gatepost::api_types {

// An attachment while its members come in, in any order.
struct open_attachment {
    mail::part part;
    std::string disposition;
    std::string digest;
    bool has_content = false;
    bool has_filename = false;
};

class send_builder {
  public:
    send_builder(bool fingerprint, std::shared_ptr<const mail::address_book> addresses)
        : fingerprint_(fingerprint), addresses_(std::move(addresses)) {}

    complaint take_string(slot where, std::string_view text);
    complaint take_header(std::string_view name, std::string_view value);
    complaint take_metadata(std::string_view name, std::string_view value);
    complaint take_options(std::string_view plugin, std::string json);
    void take_content(slot where, mail::content body, std::string digest);

    // {email, name}, and attachments.
    void begin_object(slot where);
    // What the whole object lacks; the name is the member's, or empty.
    std::vector<field_error> end_object(slot where);

    bool attachments_full() const;
    // Puts recipients and parts in order and checks what only shows at the end.
    send_request finish(std::vector<field_error>& problems);

  private:
    complaint take_sender(slot where, result<mail::mailbox> box);
    complaint take_recipients(slot where, result<std::vector<mail::mailbox>> boxes);
    complaint take_mailbox(slot where, std::string_view name, std::string_view address);
    std::optional<field_error> close_attachment();
    void order_parts(std::vector<std::string>& digests);
    void order_recipients();

    bool fingerprint_;
    std::shared_ptr<const mail::address_book> addresses_;
    mail::message mail_;
    std::vector<mail::recipient> to_, cc_, bcc_;
    std::string box_email_, box_name_;
    bool has_box_email_ = false;
    uint8_t notify_ = 0;
    std::optional<mail::content> text_, html_;
    std::string text_digest_, html_digest_;
    open_attachment open_;
    std::vector<open_attachment> attachments_;
    size_t options_bytes_ = 0;
};

}  // namespace gatepost::api_types
