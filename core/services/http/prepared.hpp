// A request that libcurl is told all about, and what its handle points to. Telling it costs a tenth
// of a small request, so whoever went well is kept by the room (take, keep), and serves the next
// request that is like it: the same method, url, headers and way. Only the body, the time and who
// hears of it are new. Internal to the folder.
#pragma once

#include <string>

#include "services/http/easy.hpp"

namespace gatepost::services {

class transfer;

struct prepared {
    std::string like;            // all that it was told, but for what is new each time
    transfer* serves = nullptr;  // libcurl's callbacks are given the prepared
    string_list headers, addresses;
    char problem[CURL_ERROR_SIZE] = {};
    easy_handle easy;  // ends before what it points to
};

}  // namespace gatepost::services
