// POST /v1/connections/NAME/test and POST /v1/test: a fresh instance, the same code path as real
// mail, not spooled, never retried. The host reports the stage `settings`; the plugin reports the
// rest.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "delivery/dispatcher.hpp"

namespace gatepost::delivery {

struct test_parts {
    boost::asio::any_io_executor executor;
    plugin::service_lookup services;
    const gatepost::clock* clock = nullptr;
    std::shared_ptr<const plugin::loaded_plugin> provider;
    std::string connection;
    std::string settings_json;
};

// On the executor, which also runs `done`, exactly once. The returned function cancels; on the
// executor only.
std::function<void()> run_test(test_parts with, test_request request,
                               std::function<void(test_result)> done);

}  // namespace gatepost::delivery
