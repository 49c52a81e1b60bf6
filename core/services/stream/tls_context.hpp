// What TLS needs before a handshake: protocol versions, authorities, a client certificate. Made
// from files, which takes milliseconds (the system's list of authorities is long), so it is kept by
// its options, and made anew when one of its files has changed.
//
// get() reads files: not on a loop. A context is for any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace gatepost::services {

struct tls_wish {
    uint32_t minimum_version = 0;  // 0x0303 (and 0), 0x0304
    std::string host_name;         // for SNI and the certificate
    std::string ca_file, certificate_file, key_file;
    bool verify = true;
};

class tls_context {
  public:
    explicit tls_context(ssl_ctx_st* owned) : context_(owned) {}
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;
    ssl_ctx_st* get() const { return context_; }

  private:
    ssl_ctx_st* context_;
};

class tls_contexts {
  public:
    // `config` with a sentence that names the file that cannot be used.
    result<std::shared_ptr<tls_context>> get(const tls_wish& how);

  private:
    struct entry {
        std::string key;  // options, and what is known of the files
        std::shared_ptr<tls_context> context;
    };
    std::mutex mutex_;
    std::list<entry> newest_first_;
};

}  // namespace gatepost::services
