// A provider whose `send` is whatever coroutine the test sets, and a run of it on the fake host.
#pragma once

#include <gatepost/provider.hpp>

#include <string>

#include "fake_host.hpp"

namespace probe {

using shape = gatepost::sdk::task<gatepost::sdk::outcome> (*)(gatepost::sdk::context&,
                                                              gatepost::sdk::message);

const gatepost_plugin* plugin();
void set(shape next);

// Counts its living copies, so that what is destroyed twice or never shows.
struct counted {
    explicit counted(std::string given = "a text too long for the small buffer of a string")
        : text(std::move(given)) {
        ++alive;
    }
    counted(const counted& other) : text(other.text) { ++alive; }
    counted(counted&& other) noexcept : text(std::move(other.text)) { ++alive; }
    counted& operator=(const counted&) = default;
    counted& operator=(counted&&) = default;
    ~counted() { --alive; }

    std::string text;
    static inline int alive = 0;
};

// One instance, one call, for as long as it lives.
class run {
  public:
    explicit run(shape with, std::set<std::string> missing = {});
    ~run();
    run(const run&) = delete;
    run& operator=(const run&) = delete;

    gatepost_call start(uint32_t kind = GATEPOST_SEND);
    void cancel(uint32_t why = GATEPOST_WHY_CALLER) { plugin()->cancel(instance, call, why); }
    // start and run to the end; the one completion.
    fake::completion finish();
    fake::completion the_completion() const;

    fake::host host;
    fake::mail message{{"first@example.net", "second@example.net"}};
    void* instance;
    gatepost_call call = 0;
};

}  // namespace probe
