// One function a route; the files are named after what they handle. A handler answers, or keeps the
// exchange and answers later.
#pragma once

#include <string>

#include "api/service.hpp"

namespace gatepost::api {

// messages_post.cpp
handling post_message(service&, const request&, const std::string&, exchange_ptr);
// messages.cpp
handling list_messages(service&, const request&, const std::string&, exchange_ptr);
handling show_message(service&, const request&, const std::string& id, exchange_ptr);
handling message_content(service&, const request&, const std::string& id, exchange_ptr);
handling cancel_message(service&, const request&, const std::string& id, exchange_ptr);
handling retry_message(service&, const request&, const std::string& id, exchange_ptr);
// setup.cpp
handling list_providers(service&, const request&, const std::string&, exchange_ptr);
handling list_connections(service&, const request&, const std::string&, exchange_ptr);
handling show_connection(service&, const request&, const std::string& name, exchange_ptr);
// tests.cpp
handling test_connection(service&, const request&, const std::string& name, exchange_ptr);
handling test_settings(service&, const request&, const std::string&, exchange_ptr);
// oauth.cpp
handling oauth_device(service&, const request&, const std::string& name, exchange_ptr);
handling oauth_authorize(service&, const request&, const std::string& name, exchange_ptr);
handling oauth_finish(service&, const request&, const std::string& name, exchange_ptr);
// system.cpp
handling health(service&, const request&, const std::string&, exchange_ptr);
handling version(service&, const request&, const std::string&, exchange_ptr);
handling openapi(service&, const request&, const std::string&, exchange_ptr);

}  // namespace gatepost::api
