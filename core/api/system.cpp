// Health, version and the document of the API itself.
#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api/router.hpp"
#include "api_types/json_writer.hpp"

namespace gatepost::api {

// 200 means: a send would be taken now. 503 says why not.
handling health(service& with, const request&, const std::string&, exchange_ptr to) {
    const auto state = with.options.spool->health_now();
    if (state.sick) {
        to->answer(problem({error_kind::storage, "the spool is sick: " + state.cause}));
        return {};
    }
    std::string out;
    api_types::json_writer json(out);
    json.begin_object().member("status", "ok").member("waiting", state.waiting).end_object();
    to->answer(ok(std::move(out)));
    return {};
}

handling version(service& with, const request&, const std::string&, exchange_ptr to) {
    std::string out;
    api_types::json_writer json(out);
    json.begin_object()
        .member("name", "gatepost")
        .member("version", with.options.version)
        .member("api", "v1")
        .end_object();
    to->answer(ok(std::move(out)));
    return {};
}

handling openapi(service&, const request&, const std::string&, exchange_ptr to) {
    to->answer(ok(std::string(openapi_document())));
    return {};
}

}  // namespace gatepost::api
