// What the fake host is made of; only the .cpp files beside it include this. The services see a
// core, and answer through begin(): one place keeps the async rules.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/fake_host.hpp"
#include "check/view_memory.hpp"

namespace gatepost::check {

struct answer {
    gatepost_status status = GATEPOST_OK;
    std::string text = {};
    gatepost_handle handle = 0;
    uint64_t length = 0;
    std::string data = {};
    std::shared_ptr<const void> detail = {};
};

// What a service function was handed, and what it makes of it.
struct asked {
    const gatepost_host* host;
    gatepost_call call;
    gatepost_done done;
    void* user;
    gatepost_operation* operation;
};
struct wanted {
    std::string what;  // "file/1 write"
    bool commits = false;
    uint64_t delay = 1000;  // nanoseconds of virtual time
    // Runs when the answer is due; the request's memory is still the plugin's.
    std::function<answer()> work = {};
};

struct waiting_request {
    gatepost_operation id = 0;
    gatepost_call call = 0;
    gatepost_done done = nullptr;
    void* user = nullptr;
    wanted want;
    uint64_t due = 0;
    std::optional<gatepost_status> forced;  // cancelled, timed out or scripted
    bool written = false;
};

struct open_body {
    gatepost_call call = 0;
    std::string bytes;
};

struct open_stream {
    std::unique_ptr<check::peer> peer;
    std::string buffer;  // came, and was not read
    gatepost_call call = 0;
    bool parked = false;
    bool tls = false;
    std::string state;
};

struct call_state {
    call_record record;
    message mail;
    bool has_message = false;
    std::vector<uint32_t> carry;
    uint64_t deadline = 0;
    uint32_t kind = 0;
    uint32_t attempt = 1;
    bool open = true;
    bool told_deadline = false;
    std::optional<view_memory> memory;  // gone when the call is over
    explicit call_state(view_shape shape) : memory(std::in_place, shape) {}
};

struct fake_host::core {
    host_options how;
    view_memory memory;  // the tables
    gatepost_host* table = nullptr;
    std::map<std::string, const void*> lent;

    const gatepost_plugin* plugin = nullptr;
    void* instance = nullptr;
    bool created = false;

    uint64_t now = 1'000'000'000'000;
    uint64_t random_state = 0x9E3779B97F4A7C15U;
    uint64_t last_id = 0;
    gatepost_sink sink = 0;  // the one that is valid now
    size_t requests = 0;
    std::map<size_t, scripted> scripts;
    std::list<waiting_request> queue;
    std::map<gatepost_call, call_state> calls;

    std::vector<violation> violations;
    std::vector<diagnostic> diagnostics;
    std::vector<log_line> log;
    std::map<std::string, std::string> files;
    std::set<std::string> folders;
    std::map<std::string, std::string> cache;
    std::map<gatepost_handle, open_body> bodies;
    std::map<gatepost_handle, open_stream> streams;
    std::multimap<std::string, gatepost_handle> parked;

    explicit core(host_options options) : how(std::move(options)), memory(how.shape) {}

    void blame(std::string rule, std::string text);
    call_state* open_call(gatepost_call call, std::string_view what);
    // Accepts or refuses a request; every service function ends in this.
    gatepost_status begin(const asked& by, wanted want);
    gatepost_status breach(std::string_view what, std::string_view text);  // GATEPOST_INVALID
    void deliver(waiting_request request);
    void complete(gatepost_call call, const gatepost_outcome* given);
    void hold_against_ledger(gatepost_call call, call_state& state);
    void end(gatepost_call call, call_state& state);
    void deadlines();
    const void* extension(std::string_view id);
    // Denied, and blamed, if host or proxy is not declared. `proxy` is a URL or empty.
    std::optional<answer> forbidden(std::string_view host, uint32_t port, std::string_view proxy);
    // The bytes of a segment list, read now. Nothing: a segment is not understood.
    std::optional<std::string> join(gatepost_call call, const gatepost_array& segments);

    // A service table in the shape asked for; `optional_from` is where an older host's ends.
    template <class Table>
    const void* lend(const Table& full, size_t optional_from = sizeof(Table)) {
        Table* copy = memory.grow(full);
        if (how.older) shorten(copy, sizeof(Table), optional_from, copy->size);
        return copy;
    }
    static void shorten(void* table, size_t bytes, size_t from, uint32_t& size);
};

fake_host::core& core_of(const gatepost_host* host);

const void* lend_body(fake_host::core& host);
const void* lend_timer(fake_host::core& host);
const void* lend_crypto(fake_host::core& host);
const void* lend_file(fake_host::core& host);
const void* lend_cache(fake_host::core& host);
const void* lend_report(fake_host::core& host);
const void* lend_http(fake_host::core& host);
const void* lend_stream(fake_host::core& host);
const void* lend_oauth(fake_host::core& host);

}  // namespace gatepost::check
