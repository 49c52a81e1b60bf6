// What the gateway must keep and nobody else may read is sealed before it is written: AES-256-GCM
// with a key of this machine and a random nonce, bound to the connection's name, so that a blob
// moved to another row does not open.
//
// The key is the systemd credential `gatepost-seal-key`, if there is one, else STATE/seal.key: 32
// bytes, made at the first start, 0600. A backup of the spool without it is of no use to a thief;
// without it the gateway's logins are lost, and people must log in again.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatepost::config {

class sealer {
  public:
    // Reads the key, or makes it. `config` for a key file that others may read, or that is none.
    static result<sealer> open(const std::filesystem::path& state);
    // 32 bytes.
    static result<sealer> with_key(secret key);

    result<std::string> seal(const secret& text, std::string_view bound_to) const;
    result<secret> unseal(std::string_view sealed, std::string_view bound_to) const;

  private:
    explicit sealer(secret key) : key_(std::move(key)) {}
    secret key_;
};

}  // namespace gatepost::config
