// From a message to the fields of POST messages.mime and messages. Pure; content is opened by the
// caller and only named here, so nothing of a part is ever copied.
//
// Promise: an envelope recipient is named once, and none but the carried ones.
#pragma once

#include <gatepost/json.hpp>
#include <gatepost/message.hpp>
#include <gatepost/network.hpp>

#include <string>
#include <utility>
#include <vector>

#include "settings.hpp"
#include "verdict.hpp"

namespace mailgun {

// This provider's part of provider_options, read once.
using options = gatepost::sdk::json_value;
options read_options(std::string_view json);

struct opened_part {
    gatepost::sdk::part what;
    gatepost_handle body = 0;
};

using form = std::vector<gatepost::sdk::form_part>;
using fields = std::vector<std::pair<std::string, std::string>>;

// Raw mail and what is left of a partly sent message go whole; a stored template needs the form.
mail_mode mode_of(const gatepost::sdk::message& mail, const config& how, const options& wanted);
bool is_test_mode(const config& how, const options& wanted);
bool has_template(const options& wanted);
asked_for asked_for_by(const config& how, const options& wanted);

// Texts that are not empty, and files.
std::vector<gatepost::sdk::part> parts_to_open(const gatepost::sdk::message& mail);

form mime_of(const gatepost::sdk::message& mail, const config& how, const options& wanted,
             gatepost_handle whole);
form form_of(const gatepost::sdk::message& mail, const config& how, const options& wanted,
             const std::vector<opened_part>& opened);

// o:, t: and v: of either mode, and h: of the form: what Mailgun counts together.
fields parameters_of(const gatepost::sdk::message& mail, const config& how, const options& wanted);
fields headers_of(const gatepost::sdk::message& mail);
std::vector<std::string> tags_of(const gatepost::sdk::message& mail, const options& wanted);

// "Doe, John" <a@b>, as Mailgun reads it.
std::string address_text(const gatepost::sdk::mailbox& who);

}  // namespace mailgun
