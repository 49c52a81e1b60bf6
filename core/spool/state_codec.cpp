// A message's state as bytes: version, checksum, fields. Small (some 60 bytes for one recipient),
// because it is written anew at every step of a message's life.
#include <algorithm>

#include "spool/codec.hpp"
#include "spool/state.hpp"

namespace gatepost::spool {
namespace {

constexpr uint8_t state_version = 2;

enum entry_bits : uint8_t { duplicate_bit = 1, uncertain_bit = 2, last_bit = 4 };
enum result_bits : uint8_t { captured_bit = 1, retry_after_bit = 2 };

void put(byte_writer& out, const mail::recipient_result& value) {
    out.number(value.index);
    out.u8(static_cast<uint8_t>(value.verdict));
    out.u8(static_cast<uint8_t>(value.blame));
    out.number(static_cast<uint32_t>(value.code));
    out.u8(static_cast<uint8_t>((value.captured ? captured_bit : 0) |
                                (value.retry_after ? retry_after_bit : 0)));
    if (value.retry_after) out.number(static_cast<uint64_t>(value.retry_after->count()));
    out.text(value.text);
    out.text(value.provider_message_id);
}

mail::recipient_result get_result(byte_reader& in) {
    mail::recipient_result value;
    value.index = in.number32();
    value.verdict = static_cast<mail::verdict>(in.u8_within(1, 4));
    value.blame =
        static_cast<mail::blame>(in.u8_within(0, static_cast<uint8_t>(mail::blame::plugin)));
    value.code = static_cast<int32_t>(in.number32());
    const uint8_t bits = in.u8_within(0, captured_bit | retry_after_bit);
    value.captured = (bits & captured_bit) != 0;
    if ((bits & retry_after_bit) != 0)
        value.retry_after = std::chrono::milliseconds{static_cast<int64_t>(in.number())};
    value.text = in.text();
    value.provider_message_id = in.text();
    return value;
}

void put(byte_writer& out, const recipient_entry& entry) {
    out.u8(static_cast<uint8_t>(entry.state));
    out.u8(static_cast<uint8_t>((entry.possible_duplicate ? duplicate_bit : 0) |
                                (entry.uncertain ? uncertain_bit : 0) |
                                (entry.last ? last_bit : 0)));
    out.number(entry.attempt);
    if (entry.last) put(out, *entry.last);
}

recipient_entry get_recipient(byte_reader& in) {
    recipient_entry entry;
    entry.state = static_cast<recipient_state>(in.u8_within(1, 8));
    const uint8_t bits = in.u8_within(0, duplicate_bit | uncertain_bit | last_bit);
    entry.possible_duplicate = (bits & duplicate_bit) != 0;
    entry.uncertain = (bits & uncertain_bit) != 0;
    entry.attempt = in.number32();
    if ((bits & last_bit) != 0) entry.last = get_result(in);
    return entry;
}

void put(byte_writer& out, const attempt_entry& attempt) {
    out.number(attempt.row.number);
    out.text(attempt.row.connection);
    out.time(attempt.row.started);
    out.time(attempt.row.ended);
    out.flag(attempt.lost);
    out.number(attempt.row.results.size());
    for (const auto& each : attempt.row.results)
        put(out, each);
}

attempt_entry get_attempt(byte_reader& in) {
    attempt_entry attempt;
    attempt.row.number = in.number32();
    attempt.row.connection = in.text();
    attempt.row.started = in.time();
    attempt.row.ended = in.optional_time();
    attempt.lost = in.flag();
    for (size_t left = in.count(7); left > 0 && !in.failed(); --left)
        attempt.row.results.push_back(get_result(in));
    return attempt;
}

void put_fields(byte_writer& out, const message_state& state) {
    out.number(state.owner_uid);
    out.text(state.connection);
    out.u8(static_cast<uint8_t>(state.urgency));
    out.u8(state.on_unknown ? static_cast<uint8_t>(*state.on_unknown) : 0);
    out.time(state.created);
    out.time(state.updated);
    out.time(state.alive_since);
    out.time(state.send_at);
    out.time(state.expires_at);
    out.time(state.next_attempt);
    out.number(state.bytes);
    out.fixed64(state.marks);
    out.flag(state.has_files);
    out.number(state.attempts);
    out.number(state.unknown_attempts);
    out.text(state.lookup_state);
    out.time(state.lookup_at);
    out.number(state.lookup_attempt);
    out.number(state.lookups);
}

void get_fields(byte_reader& in, message_state& state) {
    state.owner_uid = in.number32();
    state.connection = in.text();
    state.urgency = static_cast<mail::priority>(in.u8_within(1, 3));
    if (const uint8_t rule = in.u8_within(0, 3); rule != 0)
        state.on_unknown = static_cast<mail::unknown_rule>(rule);
    state.created = in.time();
    state.updated = in.time();
    state.alive_since = in.time();
    state.send_at = in.optional_time();
    state.expires_at = in.optional_time();
    state.next_attempt = in.time();
    state.bytes = in.number();
    state.marks = in.fixed64();
    state.has_files = in.flag();
    state.attempts = in.number32();
    state.unknown_attempts = in.number32();
    state.lookup_state = in.text();
    state.lookup_at = in.optional_time();
    state.lookup_attempt = in.number32();
    state.lookups = in.number32();
}

// version | checksum | fields
std::string seal(const std::string& fields) {
    std::string bytes;
    bytes.reserve(fields.size() + 9);
    byte_writer out(bytes);
    out.u8(state_version);
    out.fixed64(checksum(fields));
    bytes += fields;
    return bytes;
}

std::optional<std::string_view> unseal(std::string_view bytes) {
    byte_reader in(bytes);
    const uint8_t version = in.u8();
    const uint64_t sum = in.fixed64();
    if (in.failed() || version != state_version) return std::nullopt;
    const std::string_view fields = bytes.substr(9);
    if (checksum(fields) != sum) return std::nullopt;
    return fields;
}

}  // namespace

std::string encode_state(const message_state& state) {
    std::string fields;
    byte_writer out(fields);
    put_fields(out, state);
    out.number(state.recipients.size());
    for (const auto& each : state.recipients)
        put(out, each);
    out.number(state.log.size());
    for (const auto& each : state.log)
        put(out, each);
    return seal(fields);
}

std::optional<message_state> decode_state(std::string_view bytes) {
    const auto fields = unseal(bytes);
    if (!fields) return std::nullopt;
    byte_reader in(*fields);
    message_state state;
    get_fields(in, state);
    const size_t recipients = in.count(3);
    state.recipients.reserve(recipients);
    for (size_t i = 0; i < recipients && !in.failed(); ++i)
        state.recipients.push_back(get_recipient(in));
    for (size_t left = in.count(5); left > 0 && !in.failed(); --left)
        state.log.push_back(get_attempt(in));
    if (in.failed() || !in.at_end()) return std::nullopt;
    return state;
}

std::string encode_attempt(const attempt_entry& attempt) {
    std::string fields;
    byte_writer out(fields);
    put(out, attempt);
    return seal(fields);
}

std::optional<attempt_entry> decode_attempt(std::string_view bytes) {
    const auto fields = unseal(bytes);
    if (!fields) return std::nullopt;
    byte_reader in(*fields);
    attempt_entry attempt = get_attempt(in);
    if (in.failed() || !in.at_end()) return std::nullopt;
    return attempt;
}

}  // namespace gatepost::spool
