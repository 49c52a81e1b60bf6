// JSON for authors: a writer whose strings may be opened bodies, and a small strict reader.
//
//     json_writer json;
//     json.begin_object();
//     json.member("subject", mail.subject());
//     json.key("content");
//     json.body(opened.handle);  // opened as body_form::json or base64
//     json.end_object();
//     request.body = json.finish();
//
//     const json_document answer = read_json(response.data);
//     if (answer.ok()) id = answer.root["data"]["id"].text();
#pragma once

#include <gatepost/json_reader.hpp>
#include <gatepost/json_writer.hpp>
