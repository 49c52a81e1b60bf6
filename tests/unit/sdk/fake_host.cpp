// The service tables of the fake host, and its queue. See fake_host.hpp.
#include "fake_host.hpp"

#include <algorithm>
#include <cstring>

namespace fake {
namespace {

host& of(const gatepost_host* table) {
    return *static_cast<host*>(table->context);
}

gatepost_status body_open(const gatepost_host* h, gatepost_call c, const gatepost_body_request* r,
                          gatepost_done d, void* u, gatepost_operation* n) {
    const std::string part = r->what == GATEPOST_BODY_WHOLE ? "whole" : std::to_string(r->part);
    return of(h).begin(c, "body.open " + part + " " + std::to_string(r->form), d, u, n);
}
gatepost_status body_read(const gatepost_host* h, gatepost_call c, gatepost_handle b, uint64_t at,
                          uint64_t max, gatepost_done d, void* u, gatepost_operation* n) {
    const std::string what = std::to_string(b) + " " + std::to_string(at) + " ";
    return of(h).begin(c, "body.read " + what + std::to_string(max), d, u, n);
}
void body_close(const gatepost_host* h, gatepost_handle b) {
    of(h).requests.push_back("body.close " + std::to_string(b));
}
gatepost_status timer_sleep(const gatepost_host* h, gatepost_call c, uint64_t span, gatepost_done d,
                            void* u, gatepost_operation* n) {
    return of(h).begin(c, "timer.sleep " + std::to_string(span), d, u, n);
}
gatepost_status crypto_digest(const gatepost_host* h, gatepost_call c,
                              const gatepost_digest_request* r, gatepost_done d, void* u,
                              gatepost_operation* n) {
    of(h).content = flat(r->segments);
    return of(h).begin(c, "crypto.digest " + std::to_string(r->algorithm) + " " + text(r->key), d,
                       u, n);
}
gatepost_status file_write(const gatepost_host* h, gatepost_call c, const gatepost_file_write* r,
                           gatepost_done d, void* u, gatepost_operation* n) {
    of(h).content = flat(r->segments);
    std::string what = "file.write " + text(r->path);
    if ((r->required & GATEPOST_COMMITS) != 0) what += " commits";
    if ((r->flags & GATEPOST_FILE_REPLACE) != 0) what += " replace";
    if (r->temp.size != 0) what += " temp " + text(r->temp);
    return of(h).begin(c, what, d, u, n);
}
gatepost_status file_mkdir(const gatepost_host* h, gatepost_call c, gatepost_string path,
                           gatepost_done d, void* u, gatepost_operation* n) {
    return of(h).begin(c, "file.mkdir " + text(path), d, u, n);
}
gatepost_status file_read(const gatepost_host* h, gatepost_call c, gatepost_string path,
                          gatepost_done d, void* u, gatepost_operation* n) {
    return of(h).begin(c, "file.read " + text(path), d, u, n);
}
gatepost_status file_remove(const gatepost_host* h, gatepost_call c, gatepost_string path,
                            gatepost_done d, void* u, gatepost_operation* n) {
    return of(h).begin(c, "file.remove " + text(path), d, u, n);
}
gatepost_status cache_get(const gatepost_host* h, gatepost_call c, gatepost_string key,
                          gatepost_done d, void* u, gatepost_operation* n) {
    return of(h).begin(c, "cache.get " + text(key), d, u, n);
}
gatepost_status cache_put(const gatepost_host* h, gatepost_call c, gatepost_string key,
                          gatepost_string value, uint64_t, gatepost_done d, void* u,
                          gatepost_operation* n) {
    return of(h).begin(c, "cache.put " + text(key) + " " + text(value), d, u, n);
}
gatepost_status http_fetch(const gatepost_host* h, gatepost_call c, const gatepost_http_request* r,
                           gatepost_done d, void* u, gatepost_operation* n) {
    of(h).content = flat(r->body);
    std::string what = "http.fetch " + text(r->method) + " " + text(r->url);
    if ((r->required & GATEPOST_COMMITS) != 0) what += " commits";
    return of(h).begin(c, what, d, u, n);
}
void report_stage(const gatepost_host* h, gatepost_call, const gatepost_stage* s) {
    of(h).stages.push_back(text(s->id) + " " + std::to_string(s->state) + " " + text(s->text));
}
void report_quota(const gatepost_host* h, gatepost_call, const gatepost_quota* q) {
    of(h).stages.push_back("quota " + text(q->name) + " " + std::to_string(q->used));
}

const gatepost_body bodies{sizeof(gatepost_body), 0, body_open, body_read, body_close};
const gatepost_timer timers{sizeof(gatepost_timer), 0, timer_sleep};
const gatepost_crypto cryptos{sizeof(gatepost_crypto), 0, crypto_digest};
const gatepost_file files{sizeof(gatepost_file), 0, file_write, file_mkdir, file_read, file_remove};
// An older host: its table ends after write.
const gatepost_file short_files{
    offsetof(gatepost_file, mkdir), 0, file_write, file_mkdir, file_read, file_remove};
const gatepost_cache caches{sizeof(gatepost_cache), 0, cache_get, cache_put};
const gatepost_http https{sizeof(gatepost_http), 0, http_fetch};
const gatepost_report reports{sizeof(gatepost_report), 0, report_stage, report_quota};

const void* extension(const gatepost_host* h, gatepost_string id) {
    const std::map<std::string, const void*> all = {
        {"body", &bodies},  {"timer", &timers}, {"crypto", &cryptos}, {"file", &files},
        {"cache", &caches}, {"http", &https},   {"report", &reports}};
    const std::string name = text(id);
    const std::string word = name.substr(9, name.find('/') - 9);
    if (word == "file" && of(h).missing.count("file.mkdir") != 0) return &short_files;
    const auto found = all.find(word);
    return found == all.end() || of(h).missing.count(word) != 0 ? nullptr : found->second;
}

void complete(const gatepost_host* h, gatepost_call call, const gatepost_outcome* o) {
    completion made{call,    o->kind,       o->flags,        o->verdict,     o->blame,
                    o->code, text(o->text), text(o->advice), text(o->state), {}};
    for (uint32_t at = 0; at < o->recipients.count; ++at) {
        const char* item = static_cast<const char*>(o->recipients.items);
        made.recipients.push_back(*reinterpret_cast<const gatepost_recipient_result*>(
            item + size_t{at} * o->recipients.stride));
    }
    of(h).completions.push_back(made);
}

}  // namespace

std::string text(const gatepost_string& from) {
    return from.data == nullptr ? std::string() : std::string(from.data, from.size);
}
gatepost_string abi(const std::string& from) {
    return {from.data(), from.size()};
}

std::string flat(const gatepost_array& segments) {
    std::string out;
    const auto* items = static_cast<const gatepost_segment*>(segments.items);
    for (uint32_t at = 0; at < segments.count; ++at) {
        const bool bytes = items[at].kind == GATEPOST_SEGMENT_BYTES;
        out += bytes ? text(items[at].bytes) : "<body " + std::to_string(items[at].body) + ">";
    }
    return out;
}

host::host(std::set<std::string> without) : missing(std::move(without)) {
    table_.size = sizeof table_;
    table_.context = this;
    table_.extension = extension;
    table_.now = [](const gatepost_host*) { return uint64_t{1000}; };
    table_.wall_now = [](const gatepost_host*) { return int64_t{1700000000000}; };
    table_.random = [](const gatepost_host*, void* out, uint64_t size) {
        std::memset(out, 4, size);
    };
    table_.log = [](const gatepost_host* h, gatepost_call, uint32_t, gatepost_string line,
                    gatepost_array) { of(h).log.push_back(text(line)); };
    table_.diagnose = [](const gatepost_host* h, gatepost_sink, const gatepost_diagnostic* d) {
        of(h).diagnostics.push_back(std::to_string(d->severity) + " " + text(d->pointer) + " " +
                                    text(d->text));
    };
    table_.complete = complete;
    table_.cancel = [](const gatepost_host* h, gatepost_operation number) { of(h).cancel(number); };
}

void* host::create(const gatepost_plugin* plugin, const std::map<std::string, std::string>& given) {
    std::vector<gatepost_setting> rows;
    for (const auto& [path, value] : given) {
        rows.push_back({abi(path), GATEPOST_STRING, 0, abi(value), 0, 0});
    }
    gatepost_settings settings{};
    settings.size = sizeof settings;
    settings.values = {rows.data(), static_cast<uint32_t>(rows.size()), sizeof(gatepost_setting)};
    void* made = nullptr;
    const gatepost_status status = plugin->create(table(), &settings, 1, &made);
    return status == GATEPOST_OK ? made : nullptr;
}

gatepost_call host::start(const gatepost_plugin* plugin, void* instance, uint32_t kind,
                          const gatepost_message* message) {
    gatepost_request request{};
    request.size = sizeof request;
    request.kind = kind;
    request.attempt = 1;
    request.message = message;
    const gatepost_call call = ++calls_;
    plugin->start(instance, call, &request);
    return call;
}

answer host::scripted(const std::string& what) const {
    const std::pair<const std::string, answer>* best = nullptr;
    for (const auto& one : script) {
        const bool fits = what.compare(0, one.first.size(), one.first) == 0;
        if (fits && (best == nullptr || one.first.size() > best->first.size())) best = &one;
    }
    return best == nullptr ? answer{} : best->second;
}

gatepost_status host::begin(gatepost_call, const std::string& what, gatepost_done done, void* user,
                            gatepost_operation* number) {
    requests.push_back(what);
    const answer with = scripted(what);
    if (with.refused) return with.status;
    *number = ++operations_;
    if (with.held) {
        held_.push_back({*number, done, user, with});
    } else {
        due_.push_back({*number, done, user, with});
    }
    return GATEPOST_OK;
}

void host::cancel(gatepost_operation number) {
    requests.push_back("cancel " + std::to_string(number));
    for (waiting& one : due_) {
        if (one.number == number) one.with = {GATEPOST_CANCELLED, "cancelled", {}, 0, false, false};
    }
    const auto found = std::find_if(held_.begin(), held_.end(),
                                    [number](const waiting& one) { return one.number == number; });
    if (found == held_.end()) return;
    found->with = {GATEPOST_CANCELLED, "cancelled", {}, 0, false, false};
    due_.push_back(*found);
    held_.erase(found);
}

void host::run() {
    while (!due_.empty()) {
        const waiting next = due_.front();
        due_.pop_front();
        gatepost_result result{};
        result.size = sizeof result;
        result.status = next.with.status;
        result.text = abi(next.with.text);
        result.data = abi(next.with.data);
        result.handle = next.with.handle;
        result.length = next.with.data.size();
        next.done(next.user, next.number, &result);
    }
}

void host::release() {
    due_.insert(due_.end(), held_.begin(), held_.end());
    held_.clear();
}

mail::mail(const std::vector<std::string>& to) : addresses(to) {
    view.size = sizeof view;
    view.id = abi(id);
    view.date = 1700000000123;
    view.envelope_from.address = abi(from);
    view.from.address = abi(from);
    for (uint32_t at = 0; at < addresses.size(); ++at) {
        gatepost_recipient one{};
        one.mailbox.address = abi(addresses[at]);
        one.role = GATEPOST_TO;
        one.index = at;
        recipients.push_back(one);
        carry.push_back(at);
    }
    view.recipients = {recipients.data(), static_cast<uint32_t>(recipients.size()),
                       sizeof(gatepost_recipient)};
    carry_only(carry);
}

void mail::carry_only(std::vector<uint32_t> indexes) {
    carry = std::move(indexes);
    view.carry = {carry.data(), static_cast<uint32_t>(carry.size()), sizeof(uint32_t)};
}

}  // namespace fake
