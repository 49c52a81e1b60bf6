// multipart/form-data (RFC 7578) as a segment list: fields and files stay what they are, and
// nothing is copied that is not the plugin's own bytes.
//
// The boundary is the same for the same form and connection, so that a retry is equal byte for
// byte. It is keyed with the connection's secrets: who wrote the mail cannot know it, and so cannot
// forge a part.
#pragma once

#include <gatepost/abi.h>

#include <string>
#include <string_view>

#include "plugin/services.hpp"
#include "services/segments.hpp"

namespace gatepost::services {

// Of gatepost_form_part. `content_type` is the header's value. GATEPOST_OK, or what to refuse with.
gatepost_status build_form(gatepost_array parts, plugin::call_context& context, segment_list& into,
                           std::string& content_type);

// Pure: as browsers write it, raw UTF-8 with %22 %0D %0A.
std::string quoted_for_form(std::string_view text);

}  // namespace gatepost::services
