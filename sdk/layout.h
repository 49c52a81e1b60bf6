/* The layout of every struct of gatepost/abi.h, field by field, as assertions: a change that moves,
 * widens, adds or drops a field does not compile until this file says so too, and then belongs into
 * CHANGELOG.md. No struct has a hole, so that nothing can be slipped in unseen. Compiled as C11,
 * C17, C++17 and C++20 by sdk/CMakeLists.txt.
 *
 * For machines with 64-bit pointers (every one the gateway runs on); elsewhere nothing is asserted.
 */
#ifndef GATEPOST_LAYOUT_H
#define GATEPOST_LAYOUT_H

#include <gatepost/abi.h>

#ifdef __cplusplus
#define GATEPOST_ASSERT(condition, text) static_assert(condition, text)
#define GATEPOST_ALIGNMENT(type) alignof(type)
#else
#define GATEPOST_ASSERT(condition, text) _Static_assert(condition, text)
#define GATEPOST_ALIGNMENT(type) _Alignof(type)
#endif

#if UINTPTR_MAX == UINT64_MAX

#define GATEPOST_STRUCT(type, bytes, alignment)                     \
    GATEPOST_ASSERT(sizeof(type) == (bytes), "the size of " #type); \
    GATEPOST_ASSERT(GATEPOST_ALIGNMENT(type) == (alignment), "the alignment of " #type)
#define GATEPOST_FIELD(type, field, offset, bytes)                                        \
    GATEPOST_ASSERT(offsetof(type, field) == (offset), "the place of " #type "." #field); \
    GATEPOST_ASSERT(sizeof(((type*)0)->field) == (bytes), "the size of " #type "." #field)

/* clang-format off */
GATEPOST_STRUCT(gatepost_string, 16, 8);
GATEPOST_FIELD(gatepost_string, data, 0, 8);
GATEPOST_FIELD(gatepost_string, size, 8, 8);

GATEPOST_STRUCT(gatepost_array, 16, 8);
GATEPOST_FIELD(gatepost_array, items, 0, 8);
GATEPOST_FIELD(gatepost_array, count, 8, 4);
GATEPOST_FIELD(gatepost_array, stride, 12, 4);

GATEPOST_STRUCT(gatepost_result, 64, 8);
GATEPOST_FIELD(gatepost_result, size, 0, 4);
GATEPOST_FIELD(gatepost_result, status, 4, 4);
GATEPOST_FIELD(gatepost_result, text, 8, 16);
GATEPOST_FIELD(gatepost_result, handle, 24, 8);
GATEPOST_FIELD(gatepost_result, length, 32, 8);
GATEPOST_FIELD(gatepost_result, data, 40, 16);
GATEPOST_FIELD(gatepost_result, detail, 56, 8);

GATEPOST_STRUCT(gatepost_setting, 56, 8);
GATEPOST_FIELD(gatepost_setting, path, 0, 16);
GATEPOST_FIELD(gatepost_setting, type, 16, 4);
GATEPOST_FIELD(gatepost_setting, flags, 20, 4);
GATEPOST_FIELD(gatepost_setting, text, 24, 16);
GATEPOST_FIELD(gatepost_setting, integer, 40, 8);
GATEPOST_FIELD(gatepost_setting, number, 48, 8);

GATEPOST_STRUCT(gatepost_settings, 56, 8);
GATEPOST_FIELD(gatepost_settings, size, 0, 4);
GATEPOST_FIELD(gatepost_settings, reserved, 4, 4);
GATEPOST_FIELD(gatepost_settings, json, 8, 16);
GATEPOST_FIELD(gatepost_settings, values, 24, 16);
GATEPOST_FIELD(gatepost_settings, connection, 40, 16);

GATEPOST_STRUCT(gatepost_diagnostic, 56, 8);
GATEPOST_FIELD(gatepost_diagnostic, size, 0, 4);
GATEPOST_FIELD(gatepost_diagnostic, severity, 4, 4);
GATEPOST_FIELD(gatepost_diagnostic, pointer, 8, 16);
GATEPOST_FIELD(gatepost_diagnostic, text, 24, 16);
GATEPOST_FIELD(gatepost_diagnostic, advice, 40, 16);

GATEPOST_STRUCT(gatepost_mailbox, 48, 8);
GATEPOST_FIELD(gatepost_mailbox, address, 0, 16);
GATEPOST_FIELD(gatepost_mailbox, ascii_address, 16, 16);
GATEPOST_FIELD(gatepost_mailbox, name, 32, 16);

GATEPOST_STRUCT(gatepost_recipient, 80, 8);
GATEPOST_FIELD(gatepost_recipient, mailbox, 0, 48);
GATEPOST_FIELD(gatepost_recipient, role, 48, 4);
GATEPOST_FIELD(gatepost_recipient, index, 52, 4);
GATEPOST_FIELD(gatepost_recipient, dsn_notify, 56, 4);
GATEPOST_FIELD(gatepost_recipient, reserved, 60, 4);
GATEPOST_FIELD(gatepost_recipient, dsn_orcpt, 64, 16);

GATEPOST_STRUCT(gatepost_pair, 32, 8);
GATEPOST_FIELD(gatepost_pair, name, 0, 16);
GATEPOST_FIELD(gatepost_pair, value, 16, 16);

GATEPOST_STRUCT(gatepost_part, 64, 8);
GATEPOST_FIELD(gatepost_part, id, 0, 4);
GATEPOST_FIELD(gatepost_part, role, 4, 4);
GATEPOST_FIELD(gatepost_part, type, 8, 16);
GATEPOST_FIELD(gatepost_part, filename, 24, 16);
GATEPOST_FIELD(gatepost_part, content_id, 40, 16);
GATEPOST_FIELD(gatepost_part, content_size, 56, 8);

GATEPOST_STRUCT(gatepost_message, 368, 8);
GATEPOST_FIELD(gatepost_message, size, 0, 4);
GATEPOST_FIELD(gatepost_message, flags, 4, 4);
GATEPOST_FIELD(gatepost_message, id, 8, 16);
GATEPOST_FIELD(gatepost_message, message_id, 24, 16);
GATEPOST_FIELD(gatepost_message, date, 40, 8);
GATEPOST_FIELD(gatepost_message, envelope_from, 48, 48);
GATEPOST_FIELD(gatepost_message, from, 96, 48);
GATEPOST_FIELD(gatepost_message, sender, 144, 48);
GATEPOST_FIELD(gatepost_message, reply_to, 192, 16);
GATEPOST_FIELD(gatepost_message, recipients, 208, 16);
GATEPOST_FIELD(gatepost_message, carry, 224, 16);
GATEPOST_FIELD(gatepost_message, subject, 240, 16);
GATEPOST_FIELD(gatepost_message, headers, 256, 16);
GATEPOST_FIELD(gatepost_message, tags, 272, 16);
GATEPOST_FIELD(gatepost_message, metadata, 288, 16);
GATEPOST_FIELD(gatepost_message, options_json, 304, 16);
GATEPOST_FIELD(gatepost_message, parts, 320, 16);
GATEPOST_FIELD(gatepost_message, dsn_ret, 336, 4);
GATEPOST_FIELD(gatepost_message, priority, 340, 4);
GATEPOST_FIELD(gatepost_message, dsn_envid, 344, 16);
GATEPOST_FIELD(gatepost_message, accepted_at, 360, 8);

GATEPOST_STRUCT(gatepost_request, 80, 8);
GATEPOST_FIELD(gatepost_request, size, 0, 4);
GATEPOST_FIELD(gatepost_request, kind, 4, 4);
GATEPOST_FIELD(gatepost_request, deadline, 8, 8);
GATEPOST_FIELD(gatepost_request, attempt, 16, 4);
GATEPOST_FIELD(gatepost_request, reserved, 20, 4);
GATEPOST_FIELD(gatepost_request, message, 24, 8);
GATEPOST_FIELD(gatepost_request, idempotency_key, 32, 16);
GATEPOST_FIELD(gatepost_request, provider_message_id, 48, 16);
GATEPOST_FIELD(gatepost_request, state, 64, 16);

GATEPOST_STRUCT(gatepost_recipient_result, 56, 8);
GATEPOST_FIELD(gatepost_recipient_result, index, 0, 4);
GATEPOST_FIELD(gatepost_recipient_result, verdict, 4, 4);
GATEPOST_FIELD(gatepost_recipient_result, blame, 8, 4);
GATEPOST_FIELD(gatepost_recipient_result, code, 12, 4);
GATEPOST_FIELD(gatepost_recipient_result, text, 16, 16);
GATEPOST_FIELD(gatepost_recipient_result, provider_message_id, 32, 16);
GATEPOST_FIELD(gatepost_recipient_result, retry_after, 48, 8);

GATEPOST_STRUCT(gatepost_outcome, 120, 8);
GATEPOST_FIELD(gatepost_outcome, size, 0, 4);
GATEPOST_FIELD(gatepost_outcome, kind, 4, 4);
GATEPOST_FIELD(gatepost_outcome, flags, 8, 4);
GATEPOST_FIELD(gatepost_outcome, verdict, 12, 4);
GATEPOST_FIELD(gatepost_outcome, blame, 16, 4);
GATEPOST_FIELD(gatepost_outcome, code, 20, 4);
GATEPOST_FIELD(gatepost_outcome, text, 24, 16);
GATEPOST_FIELD(gatepost_outcome, provider_message_id, 40, 16);
GATEPOST_FIELD(gatepost_outcome, retry_after, 56, 8);
GATEPOST_FIELD(gatepost_outcome, lookup_after, 64, 8);
GATEPOST_FIELD(gatepost_outcome, state, 72, 16);
GATEPOST_FIELD(gatepost_outcome, recipients, 88, 16);
GATEPOST_FIELD(gatepost_outcome, advice, 104, 16);

GATEPOST_STRUCT(gatepost_host_info, 48, 8);
GATEPOST_FIELD(gatepost_host_info, size, 0, 4);
GATEPOST_FIELD(gatepost_host_info, abi_major, 4, 4);
GATEPOST_FIELD(gatepost_host_info, abi_minor, 8, 4);
GATEPOST_FIELD(gatepost_host_info, flags, 12, 4);
GATEPOST_FIELD(gatepost_host_info, name, 16, 16);
GATEPOST_FIELD(gatepost_host_info, version, 32, 16);

GATEPOST_STRUCT(gatepost_host, 80, 8);
GATEPOST_FIELD(gatepost_host, size, 0, 4);
GATEPOST_FIELD(gatepost_host, abi_minor, 4, 4);
GATEPOST_FIELD(gatepost_host, context, 8, 8);
GATEPOST_FIELD(gatepost_host, extension, 16, 8);
GATEPOST_FIELD(gatepost_host, now, 24, 8);
GATEPOST_FIELD(gatepost_host, wall_now, 32, 8);
GATEPOST_FIELD(gatepost_host, random, 40, 8);
GATEPOST_FIELD(gatepost_host, log, 48, 8);
GATEPOST_FIELD(gatepost_host, diagnose, 56, 8);
GATEPOST_FIELD(gatepost_host, complete, 64, 8);
GATEPOST_FIELD(gatepost_host, cancel, 72, 8);

GATEPOST_STRUCT(gatepost_plugin, 120, 8);
GATEPOST_FIELD(gatepost_plugin, size, 0, 4);
GATEPOST_FIELD(gatepost_plugin, abi_major, 4, 4);
GATEPOST_FIELD(gatepost_plugin, abi_minor, 8, 4);
GATEPOST_FIELD(gatepost_plugin, min_host_minor, 12, 4);
GATEPOST_FIELD(gatepost_plugin, id, 16, 16);
GATEPOST_FIELD(gatepost_plugin, version, 32, 16);
GATEPOST_FIELD(gatepost_plugin, sdk, 48, 16);
GATEPOST_FIELD(gatepost_plugin, manifest, 64, 16);
GATEPOST_FIELD(gatepost_plugin, create, 80, 8);
GATEPOST_FIELD(gatepost_plugin, destroy, 88, 8);
GATEPOST_FIELD(gatepost_plugin, start, 96, 8);
GATEPOST_FIELD(gatepost_plugin, cancel, 104, 8);
GATEPOST_FIELD(gatepost_plugin, extension, 112, 8);

GATEPOST_STRUCT(gatepost_check, 16, 8);
GATEPOST_FIELD(gatepost_check, size, 0, 4);
GATEPOST_FIELD(gatepost_check, reserved, 4, 4);
GATEPOST_FIELD(gatepost_check, check, 8, 8);

GATEPOST_STRUCT(gatepost_segment, 48, 8);
GATEPOST_FIELD(gatepost_segment, kind, 0, 4);
GATEPOST_FIELD(gatepost_segment, reserved, 4, 4);
GATEPOST_FIELD(gatepost_segment, bytes, 8, 16);
GATEPOST_FIELD(gatepost_segment, body, 24, 8);
GATEPOST_FIELD(gatepost_segment, offset, 32, 8);
GATEPOST_FIELD(gatepost_segment, length, 40, 8);

GATEPOST_STRUCT(gatepost_body_request, 24, 4);
GATEPOST_FIELD(gatepost_body_request, size, 0, 4);
GATEPOST_FIELD(gatepost_body_request, required, 4, 4);
GATEPOST_FIELD(gatepost_body_request, what, 8, 4);
GATEPOST_FIELD(gatepost_body_request, part, 12, 4);
GATEPOST_FIELD(gatepost_body_request, form, 16, 4);
GATEPOST_FIELD(gatepost_body_request, flags, 20, 4);

GATEPOST_STRUCT(gatepost_body, 32, 8);
GATEPOST_FIELD(gatepost_body, size, 0, 4);
GATEPOST_FIELD(gatepost_body, reserved, 4, 4);
GATEPOST_FIELD(gatepost_body, open, 8, 8);
GATEPOST_FIELD(gatepost_body, read, 16, 8);
GATEPOST_FIELD(gatepost_body, close, 24, 8);

GATEPOST_STRUCT(gatepost_timer, 16, 8);
GATEPOST_FIELD(gatepost_timer, size, 0, 4);
GATEPOST_FIELD(gatepost_timer, reserved, 4, 4);
GATEPOST_FIELD(gatepost_timer, sleep, 8, 8);

GATEPOST_STRUCT(gatepost_digest_request, 48, 8);
GATEPOST_FIELD(gatepost_digest_request, size, 0, 4);
GATEPOST_FIELD(gatepost_digest_request, required, 4, 4);
GATEPOST_FIELD(gatepost_digest_request, algorithm, 8, 4);
GATEPOST_FIELD(gatepost_digest_request, reserved, 12, 4);
GATEPOST_FIELD(gatepost_digest_request, key, 16, 16);
GATEPOST_FIELD(gatepost_digest_request, segments, 32, 16);

GATEPOST_STRUCT(gatepost_crypto, 16, 8);
GATEPOST_FIELD(gatepost_crypto, size, 0, 4);
GATEPOST_FIELD(gatepost_crypto, reserved, 4, 4);
GATEPOST_FIELD(gatepost_crypto, digest, 8, 8);

GATEPOST_STRUCT(gatepost_file_write, 64, 8);
GATEPOST_FIELD(gatepost_file_write, size, 0, 4);
GATEPOST_FIELD(gatepost_file_write, required, 4, 4);
GATEPOST_FIELD(gatepost_file_write, flags, 8, 4);
GATEPOST_FIELD(gatepost_file_write, mode, 12, 4);
GATEPOST_FIELD(gatepost_file_write, temp, 16, 16);
GATEPOST_FIELD(gatepost_file_write, path, 32, 16);
GATEPOST_FIELD(gatepost_file_write, segments, 48, 16);

GATEPOST_STRUCT(gatepost_file, 40, 8);
GATEPOST_FIELD(gatepost_file, size, 0, 4);
GATEPOST_FIELD(gatepost_file, reserved, 4, 4);
GATEPOST_FIELD(gatepost_file, write, 8, 8);
GATEPOST_FIELD(gatepost_file, mkdir, 16, 8);
GATEPOST_FIELD(gatepost_file, read, 24, 8);
GATEPOST_FIELD(gatepost_file, remove, 32, 8);

GATEPOST_STRUCT(gatepost_cache, 24, 8);
GATEPOST_FIELD(gatepost_cache, size, 0, 4);
GATEPOST_FIELD(gatepost_cache, reserved, 4, 4);
GATEPOST_FIELD(gatepost_cache, get, 8, 8);
GATEPOST_FIELD(gatepost_cache, put, 16, 8);

GATEPOST_STRUCT(gatepost_stage, 80, 8);
GATEPOST_FIELD(gatepost_stage, size, 0, 4);
GATEPOST_FIELD(gatepost_stage, state, 4, 4);
GATEPOST_FIELD(gatepost_stage, id, 8, 16);
GATEPOST_FIELD(gatepost_stage, title, 24, 16);
GATEPOST_FIELD(gatepost_stage, code, 40, 4);
GATEPOST_FIELD(gatepost_stage, reserved, 44, 4);
GATEPOST_FIELD(gatepost_stage, text, 48, 16);
GATEPOST_FIELD(gatepost_stage, advice, 64, 16);

GATEPOST_STRUCT(gatepost_quota, 40, 8);
GATEPOST_FIELD(gatepost_quota, size, 0, 4);
GATEPOST_FIELD(gatepost_quota, reserved, 4, 4);
GATEPOST_FIELD(gatepost_quota, name, 8, 16);
GATEPOST_FIELD(gatepost_quota, limit, 24, 8);
GATEPOST_FIELD(gatepost_quota, used, 32, 8);

GATEPOST_STRUCT(gatepost_report, 24, 8);
GATEPOST_FIELD(gatepost_report, size, 0, 4);
GATEPOST_FIELD(gatepost_report, reserved, 4, 4);
GATEPOST_FIELD(gatepost_report, stage, 8, 8);
GATEPOST_FIELD(gatepost_report, quota, 16, 8);

GATEPOST_STRUCT(gatepost_tls_options, 80, 8);
GATEPOST_FIELD(gatepost_tls_options, size, 0, 4);
GATEPOST_FIELD(gatepost_tls_options, minimum_version, 4, 4);
GATEPOST_FIELD(gatepost_tls_options, host_name, 8, 16);
GATEPOST_FIELD(gatepost_tls_options, ca_file, 24, 16);
GATEPOST_FIELD(gatepost_tls_options, certificate_file, 40, 16);
GATEPOST_FIELD(gatepost_tls_options, key_file, 56, 16);
GATEPOST_FIELD(gatepost_tls_options, verify, 72, 4);
GATEPOST_FIELD(gatepost_tls_options, reserved, 76, 4);

GATEPOST_STRUCT(gatepost_connect, 80, 8);
GATEPOST_FIELD(gatepost_connect, size, 0, 4);
GATEPOST_FIELD(gatepost_connect, required, 4, 4);
GATEPOST_FIELD(gatepost_connect, host, 8, 16);
GATEPOST_FIELD(gatepost_connect, port, 24, 4);
GATEPOST_FIELD(gatepost_connect, tls, 28, 4);
GATEPOST_FIELD(gatepost_connect, tls_options, 32, 8);
GATEPOST_FIELD(gatepost_connect, timeout, 40, 8);
GATEPOST_FIELD(gatepost_connect, bind_address, 48, 16);
GATEPOST_FIELD(gatepost_connect, proxy, 64, 16);

GATEPOST_STRUCT(gatepost_stream_facts, 56, 8);
GATEPOST_FIELD(gatepost_stream_facts, size, 0, 4);
GATEPOST_FIELD(gatepost_stream_facts, tls_version, 4, 4);
GATEPOST_FIELD(gatepost_stream_facts, peer, 8, 16);
GATEPOST_FIELD(gatepost_stream_facts, tls_cipher, 24, 16);
GATEPOST_FIELD(gatepost_stream_facts, certificate_until, 40, 8);
GATEPOST_FIELD(gatepost_stream_facts, failed_at, 48, 4);
GATEPOST_FIELD(gatepost_stream_facts, tls_verified, 52, 4);

GATEPOST_STRUCT(gatepost_stream_write, 32, 8);
GATEPOST_FIELD(gatepost_stream_write, size, 0, 4);
GATEPOST_FIELD(gatepost_stream_write, required, 4, 4);
GATEPOST_FIELD(gatepost_stream_write, stream, 8, 8);
GATEPOST_FIELD(gatepost_stream_write, segments, 16, 16);

GATEPOST_STRUCT(gatepost_stream_read, 32, 8);
GATEPOST_FIELD(gatepost_stream_read, size, 0, 4);
GATEPOST_FIELD(gatepost_stream_read, mode, 4, 4);
GATEPOST_FIELD(gatepost_stream_read, stream, 8, 8);
GATEPOST_FIELD(gatepost_stream_read, max, 16, 8);
GATEPOST_FIELD(gatepost_stream_read, timeout, 24, 8);

GATEPOST_STRUCT(gatepost_park, 72, 8);
GATEPOST_FIELD(gatepost_park, size, 0, 4);
GATEPOST_FIELD(gatepost_park, reserved, 4, 4);
GATEPOST_FIELD(gatepost_park, stream, 8, 8);
GATEPOST_FIELD(gatepost_park, key, 16, 16);
GATEPOST_FIELD(gatepost_park, idle, 32, 8);
GATEPOST_FIELD(gatepost_park, farewell, 40, 16);
GATEPOST_FIELD(gatepost_park, state, 56, 16);

GATEPOST_STRUCT(gatepost_stream, 64, 8);
GATEPOST_FIELD(gatepost_stream, size, 0, 4);
GATEPOST_FIELD(gatepost_stream, reserved, 4, 4);
GATEPOST_FIELD(gatepost_stream, connect, 8, 8);
GATEPOST_FIELD(gatepost_stream, start_tls, 16, 8);
GATEPOST_FIELD(gatepost_stream, write, 24, 8);
GATEPOST_FIELD(gatepost_stream, read, 32, 8);
GATEPOST_FIELD(gatepost_stream, park, 40, 8);
GATEPOST_FIELD(gatepost_stream, take, 48, 8);
GATEPOST_FIELD(gatepost_stream, close, 56, 8);

GATEPOST_STRUCT(gatepost_form_part, 64, 8);
GATEPOST_FIELD(gatepost_form_part, name, 0, 16);
GATEPOST_FIELD(gatepost_form_part, filename, 16, 16);
GATEPOST_FIELD(gatepost_form_part, type, 32, 16);
GATEPOST_FIELD(gatepost_form_part, content, 48, 16);

GATEPOST_STRUCT(gatepost_http_request, 136, 8);
GATEPOST_FIELD(gatepost_http_request, size, 0, 4);
GATEPOST_FIELD(gatepost_http_request, required, 4, 4);
GATEPOST_FIELD(gatepost_http_request, method, 8, 16);
GATEPOST_FIELD(gatepost_http_request, url, 24, 16);
GATEPOST_FIELD(gatepost_http_request, headers, 40, 16);
GATEPOST_FIELD(gatepost_http_request, body, 56, 16);
GATEPOST_FIELD(gatepost_http_request, parts, 72, 16);
GATEPOST_FIELD(gatepost_http_request, max_response, 88, 8);
GATEPOST_FIELD(gatepost_http_request, timeout, 96, 8);
GATEPOST_FIELD(gatepost_http_request, ca_file, 104, 16);
GATEPOST_FIELD(gatepost_http_request, proxy, 120, 16);

GATEPOST_STRUCT(gatepost_http_response, 32, 8);
GATEPOST_FIELD(gatepost_http_response, size, 0, 4);
GATEPOST_FIELD(gatepost_http_response, http_status, 4, 4);
GATEPOST_FIELD(gatepost_http_response, headers, 8, 16);
GATEPOST_FIELD(gatepost_http_response, failed_at, 24, 4);
GATEPOST_FIELD(gatepost_http_response, reserved, 28, 4);

GATEPOST_STRUCT(gatepost_http, 16, 8);
GATEPOST_FIELD(gatepost_http, size, 0, 4);
GATEPOST_FIELD(gatepost_http, reserved, 4, 4);
GATEPOST_FIELD(gatepost_http, fetch, 8, 8);

GATEPOST_STRUCT(gatepost_oauth, 16, 8);
GATEPOST_FIELD(gatepost_oauth, size, 0, 4);
GATEPOST_FIELD(gatepost_oauth, reserved, 4, 4);
GATEPOST_FIELD(gatepost_oauth, token, 8, 8);

/* clang-format on */

#endif

#endif /* GATEPOST_LAYOUT_H */
