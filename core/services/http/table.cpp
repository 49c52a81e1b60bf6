// http/1 as the ABI has it.
#include <curl/curl.h>

#include "plugin/strings.hpp"
#include "services/backstage.hpp"
#include "services/http/transfer.hpp"

namespace gatepost::services {
namespace {

// Once in a process, before the first handle.
bool libcurl_is_ready() {
    static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return ready;
}

gatepost_status http_fetch(const gatepost_host* host, gatepost_call call,
                           const gatepost_http_request* request, gatepost_done done, void* user,
                           gatepost_operation* operation) {
    return serve(host, call, done, [&](plugin::call_context& context, backstage& house) {
        if (request == nullptr || !libcurl_is_ready()) return gatepost_status{GATEPOST_INVALID};
        const auto from = plugin::copy_sized(request);
        http_order order;
        http_place& last = http_room::of(context, house.clock)->last_place;
        if (const auto status = read_request(from, context, last, order); status != GATEPOST_OK)
            return status;
        const auto objects = read_owners_part(from, context, order);
        gatepost_status refused = GATEPOST_FAILED;
        auto begun = context.begin(done, user, operation, refused);
        if (!begun) return refused;
        const auto made = std::make_shared<transfer>(std::move(order), house, context);
        objects ? made->refuse(begun, *objects) : made->start(std::move(begun));
        return gatepost_status{GATEPOST_OK};
    });
}

}  // namespace

const gatepost_http http_table{sizeof(gatepost_http), 0, http_fetch};

}  // namespace gatepost::services
