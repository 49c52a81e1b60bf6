// The plugin's table, made for a provider class. Authors use GATEPOST_PROVIDER of provider.hpp.
//
// Every function here is called by the host and is noexcept: what a provider throws becomes a
// diagnostic (create), a warning (check) or an outcome with blame `plugin` (start). Nothing
// crosses.
#pragma once

#include <gatepost/context.hpp>
#include <gatepost/settings.hpp>

#include <concepts>
#include <memory>
#include <new>
#include <string>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {
namespace detail {

// The value of a string member of the outermost object, without escapes; empty if there is none.
// Enough for `id` and `version` of a manifest; the host reads the rest.
inline std::string_view manifest_text(std::string_view json, std::string_view key) noexcept {
    int depth = 0;
    std::string_view last;  // the string before the one just read, at depth 1
    bool after_colon = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char letter = json[at];
        if (letter == '{' || letter == '[') ++depth;
        if (letter == '}' || letter == ']') --depth;
        if (letter == ':') after_colon = true;
        if (letter == ',') after_colon = false;
        if (letter != '"') continue;
        const std::size_t begin = ++at;
        while (at < json.size() && json[at] != '"')
            at += json[at] == '\\' ? 2 : 1;
        if (at > json.size()) break;
        const std::string_view text = json.substr(begin, at - begin);
        if (depth != 1) continue;
        if (after_colon && last == key) return text;
        last = after_colon ? std::string_view() : text;
    }
    return {};
}

template <class Provider>
concept has_create = requires(const settings& given, diagnostics& said) {
    { Provider::create(given, said) } -> std::same_as<std::unique_ptr<Provider>>;
};
template <class Provider>
concept has_lookup = requires(Provider& provider, context& with, message mail) {
    { provider.lookup(with, mail) } -> std::same_as<task<outcome>>;
};
template <class Provider>
concept has_check = requires(const settings& given, message mail, diagnostics& said) {
    Provider::check(given, mail, said);
};
template <class Provider>
concept is_provider = requires(Provider& provider, context& with, message mail) {
    { provider.send(with, mail) } -> std::same_as<task<outcome>>;
    { provider.test(with, mail) } -> std::same_as<task<outcome>>;
};

template <class Provider>
std::unique_ptr<Provider> make_provider(const settings& given, diagnostics& said) {
    if constexpr (has_create<Provider>) {
        return Provider::create(given, said);
    } else if constexpr (std::constructible_from<Provider, const settings&, diagnostics&>) {
        return std::make_unique<Provider>(given, said);
    } else {
        static_assert(std::constructible_from<Provider, const settings&>,
                      "a provider is made from (const settings&), (const settings&, diagnostics&) "
                      "or by a static create(const settings&, diagnostics&)");
        return std::make_unique<Provider>(given);
    }
}

inline const void* find_service(const gatepost_host* host, std::string_view id) noexcept {
    return host->extension(host, abi_string(id));
}

inline service_tables find_services(const gatepost_host* host) noexcept {
    const auto find = [host](std::string_view id) { return find_service(host, id); };
    service_tables found;
    found.body = static_cast<const gatepost_body*>(find("gatepost.body/1"));
    found.timer = static_cast<const gatepost_timer*>(find("gatepost.timer/1"));
    found.crypto = static_cast<const gatepost_crypto*>(find("gatepost.crypto/1"));
    found.file = static_cast<const gatepost_file*>(find("gatepost.file/1"));
    found.cache = static_cast<const gatepost_cache*>(find("gatepost.cache/1"));
    found.report = static_cast<const gatepost_report*>(find("gatepost.report/1"));
    found.stream = static_cast<const gatepost_stream*>(find("gatepost.stream/1"));
    found.http = static_cast<const gatepost_http*>(find("gatepost.http/1"));
    found.oauth = static_cast<const gatepost_oauth*>(find("gatepost.oauth/1"));
    return found;
}

// What cannot be done without.
inline bool usable(const gatepost_host* host) noexcept {
    return GATEPOST_HAS(gatepost_host, host, complete) && host->extension && host->now &&
           host->wall_now && host->random && host->log && host->complete;
}

struct running_call : call_state {
    running_call(instance_state& owner, gatepost_call id, const gatepost_request& request)
        : call_state(owner, id, request), with(this) {}
    context with;
};

template <class Provider>
struct instance : instance_state {
    std::unique_ptr<Provider> provider;
};

template <class Provider>
class entry {
    static_assert(
        is_provider<Provider>,
        "a provider has task<outcome> send(context&, message) and test(context&, message)");

  public:
    static gatepost_plugin table(std::string_view manifest) noexcept {
        gatepost_plugin made{};
        made.size = sizeof made;
        made.abi_major = GATEPOST_ABI_MAJOR;
        made.abi_minor = GATEPOST_ABI_MINOR;
        made.id = abi_string(manifest_text(manifest, "id"));
        made.version = abi_string(manifest_text(manifest, "version"));
        made.sdk = abi_string("c++ " GATEPOST_SDK_VERSION);
        made.manifest = abi_string(manifest);
        made.create = create;
        made.destroy = destroy;
        made.start = start;
        made.cancel = cancel;
        made.extension = extension;
        return made;
    }

  private:
    static gatepost_status create(const gatepost_host* host, const gatepost_settings* given,
                                  gatepost_sink sink, void** made) noexcept {
        if (host == nullptr || given == nullptr || made == nullptr) return GATEPOST_INVALID;
        diagnostics said(host, sink);
        if (!usable(host)) {
            said.error("", "this gateway lacks a function that every gateway of ABI 1 has");
            return GATEPOST_UNSUPPORTED;
        }
        try {
            return create_or_throw(host, settings(copy_of(given)), said, made);
        } catch (const settings_error& error) {
            said.error(error.pointer(), error.what(), error.advice());
            return GATEPOST_INVALID;
        } catch (const std::exception& error) {
            said.error("", error.what());
        } catch (...) {
            said.error("", "the provider threw something that is no std::exception");
        }
        return GATEPOST_FAILED;
    }
    static gatepost_status create_or_throw(const gatepost_host* host, const settings& given,
                                           diagnostics& said, void** made) {
        auto fresh = std::make_unique<instance<Provider>>();
        fresh->provider = make_provider<Provider>(given, said);
        if (said.failed()) return GATEPOST_INVALID;
        if (fresh->provider == nullptr) {
            said.error("", "the provider could not be made, and did not say why");
            return GATEPOST_FAILED;
        }
        fresh->host = host;
        fresh->tables = find_services(host);
        *made = fresh.release();
        return GATEPOST_OK;
    }

    static void destroy(void* made) noexcept { delete static_cast<instance<Provider>*>(made); }

    static void start(void* made, gatepost_call id, const gatepost_request* request) noexcept {
        auto& self = *static_cast<instance<Provider>*>(made);
        auto* call = new (std::nothrow) running_call(self, id, *request);
        if (call == nullptr) return complete_without_memory(self.host, id);
        try {
            dispatch(*self.provider, *call);
        } catch (...) {
            call->finish_with_exception();
        }
    }
    // Throws only before the call has begun: begin() and finish() are the last thing done with it.
    static void dispatch(Provider& provider, running_call& call) {
        switch (call.request().kind) {
            case GATEPOST_SEND: return call.begin(provider.send(call.with, call.message()));
            case GATEPOST_TEST: return call.begin(provider.test(call.with, call.message()));
            case GATEPOST_LOOKUP:
                if constexpr (has_lookup<Provider>) {
                    return call.begin(provider.lookup(call.with, call.message()));
                }
                break;
            default: break;
        }
        const outcome unknown_kind = outcome::unsupported();
        call.finish(unknown_kind);
    }
    static void complete_without_memory(const gatepost_host* host, gatepost_call id) noexcept {
        gatepost_outcome said{};
        said.size = sizeof said;
        said.verdict = GATEPOST_DEFERRED;
        said.blame = GATEPOST_BLAME_PLUGIN;
        said.text = abi_string("out of memory");
        host->complete(host, id, &said);
    }

    static void cancel(void* made, gatepost_call id, uint32_t why) noexcept {
        auto& self = *static_cast<instance<Provider>*>(made);
        for (call_state* call = self.first; call != nullptr; call = call->next()) {
            if (call->id() == id) return call->cancel(why);
        }
    }

    static const void* extension(gatepost_string id) noexcept {
        if constexpr (has_check<Provider>) {
            static constexpr gatepost_check check_table{sizeof(gatepost_check), 0, check};
            if (view_of(id) == "gatepost.check/1") return &check_table;
        }
        static_cast<void>(id);
        return nullptr;
    }
    static void check(const gatepost_host* host, const gatepost_settings* given,
                      const gatepost_message* mail, gatepost_sink sink) noexcept {
        diagnostics said(host, sink);
        const gatepost_message full = copy_of(mail);
        try {
            Provider::check(settings(copy_of(given)), message(&full), said);
        } catch (const std::exception& error) {
            said.warning("", error.what());
        } catch (...) {
            said.warning("", "the provider's check failed");
        }
    }
};

template <std::size_t Size>
constexpr std::string_view manifest_view(const char (&text)[Size]) noexcept {
    return {text, Size - 1};
}
constexpr std::string_view manifest_view(std::string_view text) noexcept {
    return text;
}

}  // namespace detail
}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
