// What went wrong, whose fault it is, and how it looks from outside.
//
// Every fallible function of the core returns result<T> (result.hpp), whose error is this value.
// `detail` is one or more sentences for a person: what happened, to which file or connection, what
// to do. It never holds a secret and never raw bytes of a message. One table (error.cpp) maps a
// kind to its HTTP status, URN and exit code, so that API, CLI and log always agree.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost {

enum class error_kind {
    malformed,             // not HTTP, not JSON, not TOML
    invalid,               // well-formed, but a value is wrong (see fields)
    no_connection,         // no connection can carry this
    not_found,             // no such message, connection, provider, route
    forbidden,             // the caller may not do this
    method_not_allowed,    // the path exists, the method does not
    unsupported_media,     // a body in a type we do not read
    conflict,              // not in this state (cancel after sent)
    idempotency_mismatch,  // same key, other content
    too_large,             // over a stated cap
    request_timeout,       // the client was too slow
    busy,                  // a cap on work is reached, try later
    storage,               // disk full or unwritable: nothing was kept
    outcome_unknown,       // the commit failed: kept or not kept, send again with the same key
    config,                // a configuration file or setting is wrong
    plugin_fault,          // a plugin broke its contract
    provider,              // the provider said no or could not be reached
    io,                    // an operating system call failed
    not_running,           // the daemon could not be reached
    internal,              // our bug
};

struct field_error {
    std::string pointer;  // RFC 6901, e.g. /attachments/0/filename; "" is the whole document
    std::string detail;
};

struct error {
    error_kind kind = error_kind::internal;
    std::string detail;
    std::vector<field_error> fields = {};
    std::optional<std::chrono::seconds> retry_after = {};
};

struct error_facts {
    int http_status;
    std::string_view urn;    // urn:gatepost:invalid
    std::string_view title;  // a short English sentence without a full stop
    int exit_code;           // sysexits(3)
};

const error_facts& facts_of(error_kind kind);

// The reverse of facts_of(kind).urn; for clients. Unknown text is `internal`.
error_kind kind_of_urn(std::string_view urn);

// errno as an error: "cannot open /x/y: Permission denied". ENOSPC, EDQUOT and EROFS become
// `storage`.
error error_from_errno(int number, std::string_view what);

}  // namespace gatepost
