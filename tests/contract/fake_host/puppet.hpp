// A plugin whose every move a test decides: on_start and on_cancel are functions of the test, and a
// request to a service takes a function for its answer.
#pragma once

#include <gatepost/abi.h>

#include <functional>
#include <list>
#include <string>

#include "check/fake_host.hpp"

namespace gatepost::check {

struct puppet {
    std::function<void(gatepost_call, const gatepost_request&)> on_start;
    std::function<void(gatepost_call, uint32_t)> on_cancel;
    const gatepost_host* host = nullptr;
    std::list<std::function<void(const gatepost_result&)>> answers;

    gatepost_plugin table();

    template <class Table>
    const Table& service(const char* id) const {
        return *static_cast<const Table*>(host->extension(host, borrow(id)));
    }
    // `user` for gatepost_done; the function lives as long as the puppet.
    void* then(std::function<void(const gatepost_result&)> what) {
        answers.push_back(std::move(what));
        return &answers.back();
    }
    static void done(void* user, gatepost_operation, const gatepost_result* result) {
        (*static_cast<std::function<void(const gatepost_result&)>*>(user))(*result);
    }
    gatepost_status sleep(gatepost_call call, uint64_t nanoseconds,
                          std::function<void(const gatepost_result&)> what,
                          gatepost_operation* operation = nullptr) {
        gatepost_operation unused = 0;
        return service<gatepost_timer>("gatepost.timer/1")
            .sleep(host, call, nanoseconds, done, then(std::move(what)),
                   operation == nullptr ? &unused : operation);
    }
    void complete(gatepost_call call, uint32_t verdict = GATEPOST_DEFERRED) const {
        gatepost_outcome outcome{};
        outcome.size = sizeof outcome;
        outcome.verdict = verdict;
        host->complete(host, call, &outcome);
    }
};

// The puppet of the running test; create() finds it here.
inline puppet* current_puppet = nullptr;

inline gatepost_plugin puppet::table() {
    current_puppet = this;
    gatepost_plugin out{};
    out.size = sizeof out;
    out.abi_major = GATEPOST_ABI_MAJOR;
    out.id = borrow("puppet");
    out.version = borrow("1");
    out.create = [](const gatepost_host* with, const gatepost_settings*, gatepost_sink,
                    void** instance) -> gatepost_status {
        current_puppet->host = with;
        *instance = current_puppet;
        return GATEPOST_OK;
    };
    out.destroy = [](void*) {};
    out.start = [](void* instance, gatepost_call call, const gatepost_request* request) {
        static_cast<puppet*>(instance)->on_start(call, *request);
    };
    out.cancel = [](void* instance, gatepost_call call, uint32_t why) {
        auto* self = static_cast<puppet*>(instance);
        if (self->on_cancel) self->on_cancel(call, why);
    };
    return out;
}

inline bool has_rule(const fake_host& host, const std::string& rule) {
    for (const violation& one : host.violations()) {
        if (one.rule == rule) return true;
    }
    return false;
}

}  // namespace gatepost::check
