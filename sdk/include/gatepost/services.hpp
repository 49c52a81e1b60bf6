// What the host lends, as members of the context: body, timer, crypto, file, cache, report.
//
// Every function but those of `report` and `close` returns an operation to be awaited where it is
// made: `auto opened = co_await context.body.open_whole();`. What a request points to (a path, a
// list of segments) must live until then, so hand in named locals. The answer is a reply; nothing
// throws but `cancelled`.
#pragma once

#include <gatepost/call.hpp>
#include <gatepost/segments.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

// True if the table is there, long enough for the function, and has it.
#define GATEPOST_SDK_OFFERS(type, table, function) \
    ((table) != nullptr && GATEPOST_HAS(type, table, function) && (table)->function != nullptr)

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

enum class body_form : uint32_t {
    identity = GATEPOST_FORM_IDENTITY,
    base64 = GATEPOST_FORM_BASE64,
    json = GATEPOST_FORM_JSON,
    dot_stuffed = GATEPOST_FORM_DOT_STUFFED
};

// Written to a temporary, synced, renamed to `path`, and the folder synced.
struct file_write {
    std::string path;
    std::string temp;  // where it is written first; empty: beside the target
    segments content;
    bool commits = false;  // this write takes the message over
    bool replace = false;  // else an existing file is service_status::exists
    uint32_t mode = 0;     // 0: 0600
};

namespace detail {

struct request_base {
    using answer = reply;
    static bool commits() noexcept { return false; }
};

struct body_open : request_base {
    static constexpr const char* service = "gatepost.body/1";
    gatepost_body_request abi;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_body, has.body, open);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().body->open(call.host(), call.id(), &abi, done, user, number);
    }
};

struct body_read : request_base {
    static constexpr const char* service = "gatepost.body/1";
    gatepost_handle body;
    uint64_t offset, max;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_body, has.body, read);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().body->read(call.host(), call.id(), body, offset, max, done, user,
                                        number);
    }
};

struct timer_sleep : request_base {
    static constexpr const char* service = "gatepost.timer/1";
    uint64_t nanoseconds;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_timer, has.timer, sleep);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().timer->sleep(call.host(), call.id(), nanoseconds, done, user, number);
    }
};

struct crypto_digest : request_base {
    static constexpr const char* service = "gatepost.crypto/1";
    uint32_t algorithm;
    std::string_view key;
    const segments* content;
    gatepost_digest_request abi{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_crypto, has.crypto, digest);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) {
        abi.size = sizeof abi;
        abi.algorithm = algorithm;
        abi.key = abi_string(key);
        abi.segments = content->array();
        return call.tables().crypto->digest(call.host(), call.id(), &abi, done, user, number);
    }
};

struct file_put : request_base {
    static constexpr const char* service = "gatepost.file/1";
    const file_write* what;
    gatepost_file_write abi{};
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_file, has.file, write);
    }
    bool commits() const noexcept { return what->commits; }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) {
        abi.size = sizeof abi;
        abi.required = what->commits ? GATEPOST_COMMITS : 0;
        abi.flags = what->replace ? GATEPOST_FILE_REPLACE : 0;
        abi.mode = what->mode;
        abi.temp = abi_string(what->temp);
        abi.path = abi_string(what->path);
        abi.segments = what->content.array();
        return call.tables().file->write(call.host(), call.id(), &abi, done, user, number);
    }
};

// mkdir, read and remove: one path each.
using file_function = gatepost_status (*)(const gatepost_host*, gatepost_call, gatepost_string,
                                          gatepost_done, void*, gatepost_operation*);

template <file_function gatepost_file::* Function>
struct file_path : request_base {
    static constexpr const char* service = "gatepost.file/1";
    std::string_view path;
    static bool offered(const service_tables& has) noexcept {
        // A pointer to member knows no offset: compare the member's end with the table's.
        if (has.file == nullptr) return false;
        const char* const begin = reinterpret_cast<const char*>(has.file);
        const char* const end = reinterpret_cast<const char*>(&(has.file->*Function) + 1);
        return end <= begin + has.file->size && has.file->*Function != nullptr;
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return (call.tables().file->*Function)(call.host(), call.id(), abi_string(path), done, user,
                                               number);
    }
};

struct cache_get : request_base {
    static constexpr const char* service = "gatepost.cache/1";
    std::string_view key;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_cache, has.cache, get);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().cache->get(call.host(), call.id(), abi_string(key), done, user,
                                        number);
    }
};

struct cache_put : request_base {
    static constexpr const char* service = "gatepost.cache/1";
    std::string_view key, value;
    uint64_t lifetime;
    static bool offered(const service_tables& has) noexcept {
        return GATEPOST_SDK_OFFERS(gatepost_cache, has.cache, put);
    }
    gatepost_status begin(call_state& call, gatepost_done done, void* user,
                          gatepost_operation* number) const noexcept {
        return call.tables().cache->put(call.host(), call.id(), abi_string(key), abi_string(value),
                                        lifetime, done, user, number);
    }
};

inline uint64_t positive(std::chrono::nanoseconds span) noexcept {
    return span.count() > 0 ? static_cast<uint64_t>(span.count()) : 0;
}

// A service belongs to a call.
class service {
  public:
    explicit service(call_state* call) noexcept : call_(call) {}

  protected:
    call_state* call_;
};

}  // namespace detail

// The content of the call's message. An opened body is a handle and an exact length.
class body_service : public detail::service {
  public:
    using service::service;

    // The whole as RFC 5322: CRLF lines, no Bcc. flags: GATEPOST_BODY_7BIT, GATEPOST_BODY_UTF8.
    operation<detail::body_open> open_whole(body_form form = body_form::identity,
                                            uint32_t flags = 0) const {
        return open(GATEPOST_BODY_WHOLE, 0, form, flags);
    }
    operation<detail::body_open> open_part(uint32_t part,
                                           body_form form = body_form::identity) const {
        return open(GATEPOST_BODY_PART, part, form, 0);
    }
    // At most 65536 bytes in reply.data; empty at the end.
    operation<detail::body_read> read(gatepost_handle body, uint64_t offset,
                                      uint64_t max = 65536) const {
        return operation<detail::body_read>(call_, detail::request_base{}, body, offset, max);
    }
    // Optional: bodies end with their call.
    void close(gatepost_handle body) const noexcept {
        const gatepost_body* table = call_->tables().body;
        if (GATEPOST_SDK_OFFERS(gatepost_body, table, close)) table->close(call_->host(), body);
    }

  private:
    operation<detail::body_open> open(uint32_t what, uint32_t part, body_form form,
                                      uint32_t flags) const {
        const gatepost_body_request request{sizeof(gatepost_body_request), 0,    what, part,
                                            static_cast<uint32_t>(form),   flags};
        return operation<detail::body_open>(call_, detail::request_base{}, request);
    }
};

class timer_service : public detail::service {
  public:
    using service::service;
    operation<detail::timer_sleep> sleep(std::chrono::nanoseconds span) const {
        return operation<detail::timer_sleep>(call_, detail::request_base{},
                                              detail::positive(span));
    }
};

// reply.data is the raw digest.
class crypto_service : public detail::service {
  public:
    using service::service;
    operation<detail::crypto_digest> sha256(const segments& content) const {
        return digest(GATEPOST_SHA256, {}, content);
    }
    operation<detail::crypto_digest> hmac_sha256(std::string_view key,
                                                 const segments& content) const {
        return digest(GATEPOST_HMAC_SHA256, key, content);
    }
    operation<detail::crypto_digest> hmac_md5(std::string_view key, const segments& content) const {
        return digest(GATEPOST_HMAC_MD5, key, content);
    }

  private:
    operation<detail::crypto_digest> digest(uint32_t algorithm, std::string_view key,
                                            const segments& content) const {
        return operation<detail::crypto_digest>(call_, detail::request_base{}, algorithm, key,
                                                &content);
    }
};

// Only below folders that the manifest names from settings; absolute paths without "..".
class file_service : public detail::service {
  public:
    using service::service;
    using make_folder_operation = operation<detail::file_path<&gatepost_file::mkdir>>;
    using read_operation = operation<detail::file_path<&gatepost_file::read>>;
    using remove_operation = operation<detail::file_path<&gatepost_file::remove>>;

    operation<detail::file_put> write(const file_write& what) const {
        return operation<detail::file_put>(call_, detail::request_base{}, &what);
    }
    operation<detail::file_put> write(file_write&&) const = delete;  // a named local, please
    // And what is missing above it. That it exists is no failure.
    make_folder_operation make_folder(std::string_view path) const {
        return make_folder_operation(call_, detail::request_base{}, path);
    }
    // At most 65536 bytes.
    read_operation read(std::string_view path) const {
        return read_operation(call_, detail::request_base{}, path);
    }
    remove_operation remove(std::string_view path) const {
        return remove_operation(call_, detail::request_base{}, path);
    }
};

// A small store of the instance, in memory, gone at a restart.
class cache_service : public detail::service {
  public:
    using service::service;
    operation<detail::cache_get> get(std::string_view key) const {
        return operation<detail::cache_get>(call_, detail::request_base{}, key);
    }
    // A lifetime of 0: until it is pushed out. An empty value removes.
    operation<detail::cache_put> put(std::string_view key, std::string_view value,
                                     std::chrono::nanoseconds lifetime = {}) const {
        return operation<detail::cache_put>(call_, detail::request_base{}, key, value,
                                            detail::positive(lifetime));
    }
};

// The stages of a test, as they happen. Ignored in other calls and by hosts without the service.
class report_service : public detail::service {
  public:
    using service::service;
    void started(std::string_view id, std::string_view title) const noexcept {
        stage(id, GATEPOST_STARTED, title, {}, {}, 0);
    }
    void passed(std::string_view id, std::string_view text = {}) const noexcept {
        stage(id, GATEPOST_PASSED, {}, text, {}, 0);
    }
    void failed(std::string_view id, std::string_view text, std::string_view advice = {},
                int32_t code = 0) const noexcept {
        stage(id, GATEPOST_STAGE_FAILED, {}, text, advice, code);
    }
    void skipped(std::string_view id, std::string_view text = {}) const noexcept {
        stage(id, GATEPOST_SKIPPED, {}, text, {}, 0);
    }
    // Passed or failed, as `said` says.
    void ended(std::string_view id, const outcome& said) const noexcept {
        if (said.verdict == verdict::accepted) return passed(id, said.text);
        failed(id, said.text, said.advice, said.code);
    }
    void quota(std::string_view name, uint64_t limit, uint64_t used) const noexcept {
        const gatepost_report* table = call_->tables().report;
        if (!GATEPOST_SDK_OFFERS(gatepost_report, table, quota)) return;
        const gatepost_quota said{sizeof(gatepost_quota), 0, abi_string(name), limit, used};
        table->quota(call_->host(), call_->id(), &said);
    }

  private:
    void stage(std::string_view id, uint32_t state, std::string_view title, std::string_view text,
               std::string_view advice, int32_t code) const noexcept {
        const gatepost_report* table = call_->tables().report;
        if (!GATEPOST_SDK_OFFERS(gatepost_report, table, stage)) return;
        gatepost_stage said{};
        said.size = sizeof said;
        said.state = state;
        said.id = abi_string(id);
        said.title = abi_string(title);
        said.code = code;
        said.text = abi_string(text);
        said.advice = abi_string(advice);
        table->stage(call_->host(), call_->id(), &said);
    }
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
