// From how a transfer ended to what the plugin is told: the status of the ABI, where a connection
// failed, and a sentence for people. Pure; this is the place where certainty is decided:
//
//     no session                     CONNECT        nothing was sent
//     the body not wholly given      DISCONNECTED   (TIMEOUT) not taken over
//     wholly given, no response      UNCERTAIN      also when time ran out
//     a complete response            OK
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <string>

namespace gatepost::services {

struct http_ending {
    int code = 0;             // CURLcode
    bool session = false;     // the way stood, and the request began
    bool whole = false;       // the body was given to its last byte
    bool over_limit = false;  // the response was larger than it may be
    bool answered = false;    // its status is known
    bool dialled = false;     // TCP stood
    bool tls = false;         // https
    bool proxied = false;
    bool own_ca = false;       // the settings name a CA file
    long proxy_answer = 0;     // to CONNECT
    long certificate = 0;      // X509_V_ERR_*
    std::string body_problem;  // the content could not be read
    std::string where, first_where, detail;
};

struct http_judgement {
    gatepost_status status = GATEPOST_OK;
    uint32_t failed_at = 0;
    std::string text, advice;
};

http_judgement judge_ending(const http_ending& how);

}  // namespace gatepost::services
