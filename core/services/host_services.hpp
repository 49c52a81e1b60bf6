// What the host lends to plugins: the tables behind `gatepost.<name>/<rev>`.
//
// Promises: no service function blocks or throws; what may wait for a disk runs on the services'
// own threads, so that a delivery loop never waits for an fsync. Offered now are body/1, timer/1,
// crypto/1, file/1, cache/1, report/1, stream/1, http/1 and, with an engine, oauth/1; any other id
// is null, which means not offered.
//
// One at a time in a process, because the tables of C functions have no place for a context: while
// one lives, make() gives null. It must outlive every instance that was handed its lookup, and the
// running of the loops they live on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace gatepost::services {

class oauth_engine;

struct options {
    const gatepost::clock* clock = &machine_clock();
    size_t blocking_threads = limits::blocking_threads;  // at most; they start when needed
    oauth_engine* oauth = nullptr;  // outlives the services; none: oauth/1 is not offered
};

class host_services {
  public:
    virtual ~host_services() = default;
    // The table, or null. Any thread.
    virtual const void* lookup(std::string_view id) const = 0;
    // Does what was taken, then refuses; the loops that instances run on must still stand. Any
    // thread but the services' own; again is harmless.
    virtual void stop() = 0;
    // For tests and figures: the largest piece of a body ever made at once, and the number of
    // folder syncs, which under load is smaller than the number of files.
    virtual size_t largest_window() const = 0;
    virtual uint64_t folder_syncs() const = 0;
};

std::unique_ptr<host_services> make(options how = {});

}  // namespace gatepost::services
