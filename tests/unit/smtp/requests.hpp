// What a plugin asks for in words that the SDK's fake host does not keep: the options of connect,
// start_tls and of opening a body. Stands between the plugin and the host; every request goes on.
#pragma once

#include <gatepost/abi.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtp_test {

struct asked_stream {
    bool starttls = false;  // else a connect
    std::string host, proxy, bind_address;
    uint32_t port = 0, tls = 0, minimum_tls = 0, verify = 0;
    std::string ca_file, certificate_file, key_file;
};

// The host as the plugin sees it. Outlives the instance.
class request_log : gatepost_host {
  public:
    request_log(const gatepost_plugin& real_plugin, const gatepost_host& real_host)
        : gatepost_host(real_host), real_(&real_host), shown_(real_plugin) {
        gatepost_host::extension = lend;
        stream_ = *table<gatepost_stream>("gatepost.stream/1");
        stream_.connect = connect;
        stream_.start_tls = start_tls;
        body_ = *table<gatepost_body>("gatepost.body/1");
        body_.open = open;
        shown_.create = create;
    }
    request_log(const request_log&) = delete;
    request_log& operator=(const request_log&) = delete;

    // The same plugin, and its host is this one.
    const gatepost_plugin& plugin() {
        next() = this;
        return shown_;
    }

    std::vector<asked_stream> streams;
    std::vector<uint32_t> body_flags;

  private:
    static request_log*& next() {
        static request_log* waits = nullptr;
        return waits;
    }
    static request_log& of(const gatepost_host* host) {
        return const_cast<request_log&>(*static_cast<const request_log*>(host));
    }
    static std::string text_of(gatepost_string from) {
        return from.data == nullptr ? std::string() : std::string(from.data, from.size);
    }
    template <class Table>
    const Table* table(std::string_view id) const {
        return static_cast<const Table*>(real_->extension(real_, {id.data(), id.size()}));
    }

    // create knows no user data: the log that gave its plugin last is meant.
    static gatepost_status create(const gatepost_host*, const gatepost_settings* settings,
                                  gatepost_sink diagnostics, void** instance);

    static const void* lend(const gatepost_host* host, gatepost_string id) {
        request_log& self = of(host);
        if (text_of(id) == "gatepost.stream/1") return &self.stream_;
        if (text_of(id) == "gatepost.body/1") return &self.body_;
        return self.real_->extension(self.real_, id);
    }

    void note(asked_stream made, const gatepost_tls_options* options) {
        if (options != nullptr) {
            made.minimum_tls = options->minimum_version;
            made.verify = options->verify;
            made.ca_file = text_of(options->ca_file);
            made.certificate_file = text_of(options->certificate_file);
            made.key_file = text_of(options->key_file);
        }
        streams.push_back(std::move(made));
    }

    static gatepost_status connect(const gatepost_host* host, gatepost_call call,
                                   const gatepost_connect* request, gatepost_done done, void* user,
                                   gatepost_operation* operation) {
        request_log& self = of(host);
        asked_stream made;
        made.host = text_of(request->host);
        made.port = request->port;
        made.tls = request->tls;
        made.proxy = text_of(request->proxy);
        made.bind_address = text_of(request->bind_address);
        self.note(std::move(made), request->tls_options);
        const auto* real = self.table<gatepost_stream>("gatepost.stream/1");
        return real->connect(self.real_, call, request, done, user, operation);
    }

    static gatepost_status start_tls(const gatepost_host* host, gatepost_call call,
                                     gatepost_handle stream, const gatepost_tls_options* options,
                                     gatepost_done done, void* user,
                                     gatepost_operation* operation) {
        request_log& self = of(host);
        asked_stream made;
        made.starttls = true;
        self.note(std::move(made), options);
        const auto* real = self.table<gatepost_stream>("gatepost.stream/1");
        return real->start_tls(self.real_, call, stream, options, done, user, operation);
    }

    static gatepost_status open(const gatepost_host* host, gatepost_call call,
                                const gatepost_body_request* request, gatepost_done done,
                                void* user, gatepost_operation* operation) {
        request_log& self = of(host);
        self.body_flags.push_back(request->flags | request->required);
        const auto* real = self.table<gatepost_body>("gatepost.body/1");
        return real->open(self.real_, call, request, done, user, operation);
    }

    const gatepost_host* real_;
    gatepost_plugin shown_;
    gatepost_stream stream_{};
    gatepost_body body_{};
};

inline gatepost_status request_log::create(const gatepost_host*, const gatepost_settings* settings,
                                           gatepost_sink diagnostics, void** instance) {
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    return gatepost_plugin_v1(&info)->create(next(), settings, diagnostics, instance);
}

}  // namespace smtp_test
