// From a message to the body of POST /v3/mail/send. Pure; content is opened by the caller and only
// named here, so nothing of a part is ever copied.
//
// Promise: what is made here is well-formed JSON with one personalization; an address stands in it
// once for every carried recipient.
#pragma once

#include <gatepost/json.hpp>
#include <gatepost/message.hpp>
#include <gatepost/services.hpp>

#include <string>
#include <vector>

#include "settings.hpp"

namespace sendgrid {

// This provider's part of provider_options, read once.
using options = gatepost::sdk::json_value;
options read_options(std::string_view json);

struct opened_part {
    gatepost::sdk::part what;
    gatepost_handle body = 0;
};

// Texts and attachments in the order SendGrid wants: text, html, files. Empty texts are left out.
std::vector<gatepost::sdk::part> parts_to_open(const gatepost::sdk::message& mail);
gatepost::sdk::body_form form_of(const gatepost::sdk::part& which);

bool is_sandboxed(const config& how, const options& wanted);
bool has_template(const options& wanted);

gatepost::sdk::segments body_of(const gatepost::sdk::message& mail, const config& how,
                                const options& wanted, const std::vector<opened_part>& opened);

// What SendGrid adds of its own to a header, or carries elsewhere; letter case aside.
bool is_reserved_header(std::string_view name);
// Headers that a mail collects on its way and that say nothing about the one that is sent now.
bool is_trace_header(std::string_view name);

// tags and options, and metadata and options, as they are sent.
std::vector<std::string> categories_of(const gatepost::sdk::message& mail, const options& wanted);
using custom_args = std::vector<std::pair<std::string, std::string>>;
custom_args custom_args_of(const gatepost::sdk::message& mail, const options& wanted);
std::string display_name(std::string_view name);

}  // namespace sendgrid
