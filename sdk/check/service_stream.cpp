// stream/1 against a scripted peer. What the peer sends stands in a buffer; TLS is a flag, but the
// rule behind STARTTLS is kept: bytes that came in clear fail the handshake.
#include <algorithm>

#include "check/host_core.hpp"

namespace gatepost::check {
namespace {

answer with_facts(answer out, bool tls, uint32_t failed_at = 0) {
    auto facts = std::make_shared<gatepost_stream_facts>();
    facts->size = sizeof *facts;
    facts->tls_version = tls ? 0x0304 : 0;
    facts->peer = borrow("192.0.2.1:587");
    facts->tls_cipher = borrow(tls ? "TLS_AES_128_GCM_SHA256" : "");
    facts->certificate_until = 1'900'000'000'000;
    facts->failed_at = failed_at;
    facts->tls_verified = tls ? 1 : 0;
    out.detail = std::move(facts);
    return out;
}

open_stream* stream_of(fake_host::core& host, gatepost_call call, gatepost_handle handle) {
    const auto found = host.streams.find(handle);
    if (found == host.streams.end() || found->second.parked || found->second.call != call)
        return nullptr;
    return &found->second;
}

answer connect(fake_host::core& host, gatepost_call call, const gatepost_connect& request) {
    const std::string name(text_of(request.host));
    if (auto no = host.forbidden(name, request.port, text_of(request.proxy)))
        return with_facts(std::move(*no), false, GATEPOST_AT_NAME);
    auto peer = host.how.stream({name, request.port, request.tls});
    if (!peer)
        return with_facts({GATEPOST_CONNECT, "connection refused"}, false, GATEPOST_AT_CONNECT);
    const uint32_t refusal = request.tls != GATEPOST_TLS_OFF ? peer->refuses_tls() : 0;
    if (refusal != 0) return with_facts({GATEPOST_CONNECT, "the handshake failed"}, false, refusal);
    answer out;
    out.handle = ++host.last_id;
    open_stream& stream = host.streams[out.handle];
    stream.buffer = peer->greeting();
    stream.peer = std::move(peer);
    stream.call = call;
    stream.tls = request.tls != GATEPOST_TLS_OFF;
    return with_facts(std::move(out), stream.tls);
}

gatepost_status stream_connect(const gatepost_host* table, gatepost_call call,
                               const gatepost_connect* request, gatepost_done done, void* user,
                               gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < offsetof(gatepost_connect, tls_options))
        return host.breach("stream/1 connect", "the request has no size");
    if (request->required != 0) return GATEPOST_UNSUPPORTED;
    return host.begin({table, call, done, user, operation},
                      {.what = "stream/1 connect", .work = [&host, call, request] {
                           return connect(host, call, taken(request));
                       }});
}

gatepost_status stream_start_tls(const gatepost_host* table, gatepost_call call,
                                 gatepost_handle handle, const gatepost_tls_options*,
                                 gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin(
        {table, call, done, user, operation},
        {.what = "stream/1 start_tls", .work = [&host, call, handle]() -> answer {
             open_stream* stream = stream_of(host, call, handle);
             if (stream == nullptr) return {GATEPOST_NOT_FOUND, "no such stream"};
             if (!stream->buffer.empty())
                 return {GATEPOST_FAILED, "bytes in clear behind the answer to STARTTLS"};
             if (const uint32_t refusal = stream->peer->refuses_tls())
                 return with_facts({GATEPOST_FAILED, "the handshake failed"}, false, refusal);
             stream->tls = true;
             stream->peer->secured();
             return with_facts({}, true);
         }});
}

answer write(fake_host::core& host, gatepost_call call, const gatepost_stream_write& request) {
    open_stream* stream = stream_of(host, call, request.stream);
    if (stream == nullptr) return {GATEPOST_NOT_FOUND, "no such stream"};
    if (stream->peer->closed()) return {GATEPOST_DISCONNECTED, "the peer went away"};
    const auto bytes = host.join(call, request.segments);
    if (!bytes) {
        host.blame("request", "stream/1 write: a segment names no open body of the call");
        return {GATEPOST_INVALID, "a segment names no open body of the call"};
    }
    // A second message in one call waits for an answer of its own.
    const bool commits = (request.required & GATEPOST_COMMITS) != 0;
    if (commits) host.calls.at(call).record.commits_answered = false;
    stream->peer->flagged(request.required);
    stream->buffer += stream->peer->receive(*bytes);
    answer out;
    out.length = bytes->size();
    return out;
}

gatepost_status stream_write(const gatepost_host* table, gatepost_call call,
                             const gatepost_stream_write* request, gatepost_done done, void* user,
                             gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < sizeof(gatepost_stream_write))
        return host.breach("stream/1 write", "the request has no size");
    constexpr uint32_t known = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_STREAM_SECRET};
    if ((request->required & ~known) != 0) return GATEPOST_UNSUPPORTED;
    return host.begin(
        {table, call, done, user, operation},
        {.what = "stream/1 write",
         .commits = (request->required & GATEPOST_COMMITS) != 0,
         .work = [&host, call, request] { return write(host, call, taken(request)); }});
}

// How many bytes of the buffer the mode takes; 0: not there yet.
size_t ready(const std::string& buffer, const gatepost_stream_read& request, size_t most) {
    if (request.mode == GATEPOST_READ_LINE) {
        const size_t end = buffer.find('\n');
        return end == std::string::npos ? 0 : end + 1;
    }
    if (request.mode == GATEPOST_READ_EXACTLY)
        return buffer.size() >= request.max ? request.max : 0;
    return std::min<uint64_t>({buffer.size(), request.max, most});
}

answer read(fake_host::core& host, gatepost_call call, const gatepost_stream_read& request) {
    open_stream* stream = stream_of(host, call, request.stream);
    if (stream == nullptr) return {GATEPOST_NOT_FOUND, "no such stream"};
    const size_t count = ready(stream->buffer, request, host.how.stream_read_most);
    if (count == 0) {
        if (stream->peer->closed()) return {GATEPOST_DISCONNECTED, "the peer went away"};
        return {GATEPOST_TIMEOUT, "the peer said nothing"};
    }
    if (request.mode == GATEPOST_READ_LINE && count > request.max)
        return {GATEPOST_LIMIT, "the line is too long"};
    answer out;
    out.data = stream->buffer.substr(0, count);
    out.length = count;
    stream->buffer.erase(0, count);
    call_record& record = host.calls.at(call).record;
    if (record.commits_written) record.commits_answered = true;
    return out;
}

gatepost_status stream_read(const gatepost_host* table, gatepost_call call,
                            const gatepost_stream_read* request, gatepost_done done, void* user,
                            gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < offsetof(gatepost_stream_read, timeout))
        return host.breach("stream/1 read", "the request has no size");
    return host.begin({table, call, done, user, operation},
                      {.what = "stream/1 read", .work = [&host, call, request] {
                           return read(host, call, taken(request));
                       }});
}

gatepost_status stream_park(const gatepost_host* table, gatepost_call call,
                            const gatepost_park* request, gatepost_done done, void* user,
                            gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    if (request == nullptr || request->size < offsetof(gatepost_park, farewell))
        return host.breach("stream/1 park", "the request has no size");
    return host.begin({table, call, done, user, operation},
                      {.what = "stream/1 park", .work = [&host, call, request]() -> answer {
                           const gatepost_park known = taken(request);
                           open_stream* stream = stream_of(host, call, known.stream);
                           if (stream == nullptr) return {GATEPOST_NOT_FOUND, "no such stream"};
                           stream->parked = true;
                           stream->state = text_of(known.state);
                           host.parked.emplace(text_of(known.key), known.stream);
                           return {};
                       }});
}

answer take(fake_host::core& host, gatepost_call call, const std::string& key) {
    const auto found = host.parked.find(key);
    if (found == host.parked.end()) return {GATEPOST_NOT_FOUND, "none is parked"};
    const gatepost_handle old = found->second;
    host.parked.erase(found);
    auto node = host.streams.extract(old);
    if (node.empty() || node.mapped().peer->closed()) return {GATEPOST_GONE, "it had died"};
    node.key() = ++host.last_id;  // the old handle is dead
    node.mapped().parked = false;
    node.mapped().call = call;
    answer out;
    out.handle = node.key();
    out.data = node.mapped().state;
    const bool tls = node.mapped().tls;
    host.streams.insert(std::move(node));
    return with_facts(std::move(out), tls);
}

gatepost_status stream_take(const gatepost_host* table, gatepost_call call, gatepost_string key,
                            gatepost_done done, void* user, gatepost_operation* operation) {
    fake_host::core& host = core_of(table);
    return host.begin({table, call, done, user, operation},
                      {.what = "stream/1 take", .work = [&host, call, key] {
                           return take(host, call, std::string(text_of(key)));
                       }});
}

void stream_close(const gatepost_host* table, gatepost_handle stream) {
    core_of(table).streams.erase(stream);
}

}  // namespace

const void* lend_stream(fake_host::core& host) {
    if (!host.how.stream) return nullptr;
    return host.lend(gatepost_stream{0, 0, stream_connect, stream_start_tls, stream_write,
                                     stream_read, stream_park, stream_take, stream_close},
                     offsetof(gatepost_stream, park));
}

}  // namespace gatepost::check
