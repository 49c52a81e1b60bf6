// From a message to the plan of its bytes; private to this room. mime.cpp puts the plan into a
// form.
#pragma once

#include <memory>

#include "mail/mime.hpp"
#include "mail/sources.hpp"

namespace gatepost::mail {

// A structured message: headers, and the MIME tree that its parts ask for.
result<source_ptr> render_parts(const message& mail, render_options options);
// Raw mail: its own block and body. Where the message says another From, Sender or Reply-To than
// the block (an attempt may write them by its connection's rule), the message wins.
result<source_ptr> render_raw(const message& mail, render_options options);

}  // namespace gatepost::mail
