// Paths and methods in one table. What the table does not know is 404, or 405 with Allow; the
// OpenAPI document is tested against it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/service.hpp"

namespace gatepost::api {

// `argument` is the segment that stands for {id} or {name}, decoded; empty if there is none.
using route_handler = handling (*)(service&, const request&, const std::string& argument,
                                   exchange_ptr);

struct route {
    std::string_view method;
    std::string_view path;  // "/v1/messages/{id}/cancel"
    route_handler handle;
};

std::span<const route> routes();
handling dispatch(service& with, const request& what, exchange_ptr to);

// The document GET /v1/openapi.json gives.
std::string_view openapi_document();

}  // namespace gatepost::api
