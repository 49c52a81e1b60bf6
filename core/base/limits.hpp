// The caps that a caller, an owner or a plugin can meet, with unit and reason. At a cap the answer
// is a clear refusal, never a crash and never the loss of something accepted. Sizes of a room's own
// workings (a window of a list, a slot of a wheel) stand where they are used.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gatepost::limits {

using namespace std::chrono_literals;

// --- A request over the socket
inline constexpr size_t request_header_bytes = 16 * 1024;  // a caller's headers are few and short
inline constexpr uint64_t request_body_bytes =
    72ULL << 20;  // 50 MiB of mail as base64, and room for JSON
inline constexpr uint64_t small_request_bytes = 1ULL << 20;  // every body that is not a message
inline constexpr size_t api_connections =
    1000;  // descriptors: half of the usual 1024 soft limit x 2
inline constexpr auto request_header_time = 30s;  // slow clients hold nothing but themselves
inline constexpr auto request_body_time = 300s;   // whole body, not per byte
inline constexpr auto keep_alive_time = 120s;     // between two requests on one connection
inline constexpr auto prefer_wait_max = 120s;
inline constexpr size_t idempotency_key_bytes = 255;
inline constexpr auto idempotency_time = 24h;  // from accept
inline constexpr size_t list_max = 200;        // rows of one page

// --- JSON
inline constexpr size_t json_depth = 32;          // copying a tree recurses; no mail needs more
inline constexpr size_t json_keys = 4096;         // in one document
inline constexpr size_t json_values = 100'000;    // array elements and members in one document
inline constexpr size_t json_key_bytes = 1024;    // one key; the longest of ours has 20
inline constexpr size_t json_number_bytes = 128;  // a double needs 25 to be written exactly

// --- A message
inline constexpr uint64_t message_bytes = 50ULL
                                          << 20;  // the largest any bundled provider takes is 40 MB
inline constexpr size_t recipients = 1000;        // SendGrid's and Mailgun's own cap for a request
inline constexpr size_t parts = 256;
inline constexpr size_t custom_headers = 200;
inline constexpr size_t header_value_bytes = 16 * 1024;
inline constexpr size_t header_block_bytes = 256 * 1024;  // of a raw message
inline constexpr size_t subject_bytes = 8 * 1024;
inline constexpr size_t display_name_bytes = 1024;
inline constexpr size_t filename_bytes = 1024;
inline constexpr size_t tags = 64;
inline constexpr size_t tag_bytes = 256;
inline constexpr size_t metadata_pairs = 64;
inline constexpr size_t metadata_bytes = 4096;  // one value
inline constexpr size_t address_bytes = 254;    // RFC 5321 4.5.3.1.3, less the angle brackets
inline constexpr size_t local_part_bytes = 64;  // RFC 5321 4.5.3.1.1
inline constexpr size_t mime_depth = 32;        // nesting of a raw message's parts
inline constexpr size_t provider_options_bytes = 64 * 1024;

// --- Spool
inline constexpr size_t inline_content_bytes = 256 * 1024;  // above, content is a file of its own
inline constexpr size_t commit_batch = 512;                 // jobs in one group commit
inline constexpr size_t spool_backlog = 20'000;  // jobs waiting for the writer; above: busy
inline constexpr uint64_t first_attempt_bytes =
    16ULL << 20;  // accepted mail kept in memory for its first attempt
inline constexpr uint32_t lookups_of_attempt = 20;  // a provider that never knows is not asked on
inline constexpr auto keep_final = 7 * 24h;         // how long a finished message stays visible

// --- Delivery
inline constexpr auto call_deadline = 10min;  // RFC 5321 4.5.3.2.6: wait ten minutes for the 250
inline constexpr auto test_deadline = 60s;
inline constexpr auto cancel_grace = 2s;  // before the first committing byte
inline constexpr auto retry_first = 30s;
inline constexpr auto retry_max = 1h;
inline constexpr auto retry_unknown_first = 5min;  // never sooner after an unknown outcome
inline constexpr auto message_lifetime = 48h;      // then the open recipients expire
inline constexpr auto retry_after_max = 24h;       // a provider's wish, clamped
inline constexpr uint32_t concurrency_max = 1000;

// --- Plugins
inline constexpr uint64_t plugin_file_bytes = 64ULL << 20;
inline constexpr size_t manifest_bytes = 256 * 1024;
inline constexpr size_t body_window_bytes = 64 * 1024;  // what one body read gives at most
inline constexpr size_t operations_per_call =
    64;                                        // running at once; a flood is refused, not queued
inline constexpr size_t bodies_per_call = 64;  // opened at once
inline constexpr size_t segments_per_request = 16 * 1024;  // a list as JSON writers make it: few
inline constexpr size_t blocking_threads = 16;             // asleep in fdatasync; more gain little
inline constexpr size_t path_bytes = 4095;                 // PATH_MAX without its NUL
inline constexpr size_t cache_key_bytes = 1024;
inline constexpr size_t plugin_text_bytes = 1024;      // a verdict's text, after escaping
inline constexpr size_t plugin_id_bytes = 512;         // provider message ids and the like
inline constexpr size_t plugin_state_bytes = 4096;     // DESIGN: opaque state of an outcome
inline constexpr size_t cache_bytes = 256 * 1024;      // one instance's cache/1
inline constexpr size_t small_file_bytes = 64 * 1024;  // file/1 read
inline constexpr size_t log_lines_per_call = 100;

// --- Streams
inline constexpr size_t stream_read_ahead_bytes =
    256 * 1024;  // a pipelined group's answers; what is beyond waits in the kernel
inline constexpr size_t streams_per_call = 8;    // open or being opened; a send needs one
inline constexpr size_t parked_streams = 256;    // of an instance; then the oldest says farewell
inline constexpr size_t park_key_bytes = 1024;   // host, port, user, security
inline constexpr size_t farewell_bytes = 1024;   // "QUIT\r\n"
inline constexpr auto farewell_time = 2s;        // for its answer, then the stream is closed
inline constexpr auto connect_stagger = 250ms;   // RFC 8305 section 5
inline constexpr size_t connect_addresses = 16;  // of a name; the rest would never be reached
inline constexpr size_t proxy_reply_bytes = 16 * 1024;  // of an HTTP proxy's header
inline constexpr size_t resolver_threads = 8;           // asleep in getaddrinfo
inline constexpr size_t trace_line_bytes = 512;         // the rest of a line says nothing new
inline constexpr size_t tls_sessions = 32;              // kept for resumption, of an instance
inline constexpr size_t tls_contexts = 64;              // sets of options, of the process

// --- HTTP
inline constexpr uint64_t http_response_bytes = 1ULL << 20;       // unless a request says otherwise
inline constexpr uint64_t http_response_bytes_max = 16ULL << 20;  // whatever a request says
inline constexpr size_t http_header_bytes = 64 * 1024;  // of a request or a response; all together
inline constexpr size_t http_url_bytes = 8 * 1024;      // what servers take
inline constexpr size_t http_headers = 100;             // of a request
inline constexpr size_t http_parts = 2000;              // of a form: a field for each recipient
inline constexpr auto http_connect_time = 30s;          // name, route, proxy and TLS together
inline constexpr long http_connections_per_host = 128;  // of an instance; HTTP/2 needs one
inline constexpr auto http_idle_time = 30s;  // below what servers allow: none closes as we begin
inline constexpr auto http_name_time = 60s;  // a looked-up name is used again
inline constexpr size_t http_trace_bytes = 512;  // of a response's body

// --- Configuration
inline constexpr size_t config_bytes = 1 << 20;
inline constexpr size_t config_depth = 16;
inline constexpr size_t secret_bytes = 64 * 1024;
inline constexpr size_t schema_bytes = 64 * 1024;
inline constexpr size_t schema_depth = 8;
inline constexpr size_t schema_properties = 200;
inline constexpr size_t pattern_bytes = 512;    // of a schema
inline constexpr size_t pattern_states = 1000;  // after counted repeats are written out

}  // namespace gatepost::limits
