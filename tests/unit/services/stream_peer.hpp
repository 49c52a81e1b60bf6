// The other end of a stream: a real socket, a thread of its own, and a script in plain blocking
// code. And short forms of the requests that a plugin makes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "certificates.hpp"
#include "fake_host.hpp"

namespace gatepost::tests {

struct peer_tls {
    certificate own;
    int highest = 0;             // TLS1_VERSION ...; 0: all
    std::string client_ca = {};  // PEM: a client certificate is wanted
    bool h2 = false;             // speaks nothing but HTTP/2
};

// One connection as the script sees it. Every wait ends after ten seconds.
class talk {
  public:
    explicit talk(int socket) : socket_(socket) {}
    ~talk();
    talk(const talk&) = delete;
    talk& operator=(const talk&) = delete;

    bool start_tls(const peer_tls& how);
    bool resumed() const;
    // What the client asked for by SNI; "(none)" if it named nobody.
    std::string asked_name() const { return asked_name_; }
    std::string cipher() const;
    std::string client() const;  // the address it came from, as a number
    void tickets(int count);     // TLS 1.3 sessions to resume, all at once
    void say(const std::string& bytes);
    std::string line();  // with its end; what there is at the end of all
    std::string bytes(size_t count);
    std::string rest();  // to the end
    void half_close();
    void reset();  // and closes
    void close();
    int socket() const { return socket_; }
    // What must be so. Assertions belong to the test's own thread: the peer makes them at its end.
    void want(bool right) { wrong_ += right ? 0 : 1; }
    int wrong() const { return wrong_; }

  private:
    long get(char* into, size_t size);

    int socket_;
    int wrong_ = 0;
    std::shared_ptr<SSL> ssl_;
    std::string held_, asked_name_ = "(no handshake)";
};

class peer {
  public:
    using script = std::function<void(talk&)>;
    // 127.0.0.1, or ::1 (see has_ipv6), or a Unix socket.
    explicit peer(script play, const std::string& where = "127.0.0.1");
    ~peer();
    uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    // Waits for the scripts to end.
    void join();

  private:
    void accept_all();

    script play_;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::atomic<int> connections_{0}, wrong_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::vector<std::thread> talks_;
    std::thread acceptor_;
};

// A port where nobody listens.
uint16_t dead_port();

// False, and a warning in the test's output, where this machine has no ::1.
bool has_ipv6();

struct connect_facts {
    std::string host = "127.0.0.1", proxy = {}, bind = {};
    bool tls = false, verify = true;
    std::string ca_file = {}, name = {}, certificate_file = {}, key_file = {};
    uint32_t minimum = 0;
    uint64_t timeout = 0;
    uint32_t required = 0;
};

// The requests of a plugin on one stream.
class wire {
  public:
    explicit wire(stage& on) : on_(on) {}
    heard connect(uint16_t port, const connect_facts& how = {});
    gatepost_status begin_connect(heard& answer, uint16_t port, const connect_facts& how = {});
    heard start_tls(const connect_facts& how);
    heard write(const std::string& bytes, uint32_t required = 0);
    heard write(const std::vector<gatepost_segment>& segments, uint32_t required = 0);
    gatepost_status begin_write(heard& answer, const std::vector<gatepost_segment>& segments,
                                uint32_t required = 0);
    heard line(uint64_t max = 1000, uint64_t timeout = 0);
    heard some(uint64_t max = 65536, uint64_t timeout = 0);
    heard exactly(uint64_t size, uint64_t timeout = 0);
    gatepost_status begin_read(heard& answer, uint32_t mode, uint64_t max, uint64_t timeout = 0);
    heard park(const std::string& key, uint64_t idle, const std::string& farewell = {},
               const std::string& state = {});
    heard take(const std::string& key);
    void close();

    gatepost_handle handle = 0;

  private:
    heard read(uint32_t mode, uint64_t max, uint64_t timeout);
    stage& on_;
};

}  // namespace gatepost::tests
