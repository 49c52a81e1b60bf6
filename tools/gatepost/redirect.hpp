// Where a browser ends after a consent: the address it was sent to, read as text, and the small
// server on 127.0.0.1 that it comes to if it runs on this machine.
//
// The listener answers one redirect and nothing else: a request without the login's own `state` is
// turned away and changes nothing, since any program and any page of this machine can send one.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::cli {

struct redirected {
    std::string state, code;
    std::string problem;  // "access_denied: ...", as the provider says it
};

// "http://localhost:1/?code=...&state=...", or the part from the question mark on. `invalid` if
// that is not what was pasted.
result<redirected> read_redirect(std::string_view address);

class redirect_listener {
  public:
    // On a free port; `io` if there is none.
    static result<redirect_listener> open();

    std::string address() const;

    struct visit {
        redirected what;
        unique_fd browser;
        // A small plain page; the browser is gone afterwards.
        void answer(std::string_view text);
    };
    // The redirect that carries `state`; `request_timeout` if none comes until then.
    result<visit> wait(const std::string& state, std::chrono::steady_clock::time_point deadline);

  private:
    redirect_listener(unique_fd socket, unsigned port) : socket_(std::move(socket)), port_(port) {}
    unique_fd socket_;
    unsigned port_;
};

}  // namespace gatepost::cli
