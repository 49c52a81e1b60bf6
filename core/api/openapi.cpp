// The API described by itself (OpenAPI 3.1), compiled in: a document beside the binary could be of
// another version. A test holds its paths and methods against the router's table.
#include "api/router.hpp"

namespace gatepost::api {

std::string_view openapi_document() {
    return R"json({
"openapi": "3.1.0",
"info": {"title": "Gatepost", "version": "1",
  "description": "Mail gateway on a Unix socket. A 202 means: on disk. Errors are application/problem+json (RFC 9457)."},
"servers": [{"url": "http://gatepost"}],
"paths": {
 "/v1/messages": {
  "post": {"summary": "Send a mail", "operationId": "send",
   "parameters": [
    {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
     "description": "The same key with the same content within 24 hours gives the first answer again; with other content 422."},
    {"name": "Prefer", "in": "header", "schema": {"type": "string"},
     "description": "wait=N (at most 120): 200 with the message once every recipient is final, else 202 after N seconds."}],
   "requestBody": {"required": true, "content": {
    "application/json": {"schema": {"$ref": "#/components/schemas/send"}},
    "message/rfc822": {"schema": {"type": "string"}}},
    "description": "With message/rfc822 the envelope stands in the query: from, to (repeated), connection, organization, priority, on_unknown, tag, notify, ret, envid, send_at, expires_at."},
   "responses": {
    "200": {"description": "Every recipient is final", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/message"}}}},
    "202": {"description": "On disk", "headers": {"Location": {"schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/accepted"}}}},
    "400": {"$ref": "#/components/responses/problem"}, "413": {"$ref": "#/components/responses/problem"},
    "415": {"$ref": "#/components/responses/problem"}, "422": {"$ref": "#/components/responses/problem"},
    "503": {"$ref": "#/components/responses/problem"}}},
  "get": {"summary": "List messages, newest first", "operationId": "listMessages",
   "parameters": [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
    {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "next of the page before"},
    {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/status"}},
    {"name": "recipient", "in": "query", "schema": {"type": "string"}},
    {"name": "tag", "in": "query", "schema": {"type": "string"}}],
   "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object",
     "properties": {"messages": {"type": "array", "items": {"$ref": "#/components/schemas/message"}}, "next": {"type": ["string", "null"]}}}}}},
    "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/messages/{id}": {
  "parameters": [{"$ref": "#/components/parameters/id"}],
  "get": {"summary": "One message with its recipients and attempts", "operationId": "showMessage",
   "responses": {"200": {"$ref": "#/components/responses/message"}, "404": {"$ref": "#/components/responses/problem"}}}},
 "/v1/messages/{id}/content": {
  "parameters": [{"$ref": "#/components/parameters/id"}],
  "get": {"summary": "The mail as RFC 5322", "operationId": "messageContent",
   "parameters": [
    {"name": "smtputf8", "in": "query", "schema": {"type": "boolean", "default": false},
     "description": "As a server with SMTPUTF8 gets mail that needs it: header fields in UTF-8 (RFC 6532) instead of encoded words"}],
   "responses": {"200": {"description": "The mail", "content": {"message/rfc822": {"schema": {"type": "string"}}}},
    "404": {"$ref": "#/components/responses/problem"}, "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/messages/{id}/cancel": {
  "parameters": [{"$ref": "#/components/parameters/id"}],
  "post": {"summary": "Cancel the recipients that are still open", "operationId": "cancelMessage",
   "responses": {"200": {"$ref": "#/components/responses/message"}, "404": {"$ref": "#/components/responses/problem"}, "409": {"$ref": "#/components/responses/problem"}}}},
 "/v1/messages/{id}/retry": {
  "parameters": [{"$ref": "#/components/parameters/id"}],
  "post": {"summary": "Try again now what is open, held or failed; its time begins anew, unless an expires_at of its own lies ahead", "operationId": "retryMessage",
   "responses": {"200": {"$ref": "#/components/responses/message"}, "404": {"$ref": "#/components/responses/problem"}, "409": {"$ref": "#/components/responses/problem"}}}},
 "/v1/providers": {
  "get": {"summary": "The catalogue: what each provider plugin can and needs, and refused plugins with the reason", "operationId": "listProviders",
   "responses": {"200": {"$ref": "#/components/responses/object"}}}},
 "/v1/connections": {
  "get": {"summary": "The connections and how they are", "operationId": "listConnections",
   "responses": {"200": {"$ref": "#/components/responses/object"}}}},
 "/v1/connections/{name}": {
  "parameters": [{"$ref": "#/components/parameters/name"}],
  "get": {"summary": "One connection; administrators see its settings, secrets as set or not set, and how its OAuth stands", "operationId": "showConnection",
   "responses": {"200": {"$ref": "#/components/responses/object"}, "404": {"$ref": "#/components/responses/problem"}}}},
 "/v1/connections/{name}/test": {
  "parameters": [{"$ref": "#/components/parameters/name"}],
  "post": {"summary": "Test a connection, with a test mail if `to` is given (administrators)", "operationId": "testConnection",
   "requestBody": {"required": false, "content": {"application/json": {"schema": {"type": "object", "additionalProperties": false,
     "properties": {"to": {"type": "string"}, "from": {"type": "string"}, "trace": {"type": "boolean", "description": "show the dialogue with the server too, without secrets"}}}}}},
   "responses": {"200": {"$ref": "#/components/responses/test"}, "403": {"$ref": "#/components/responses/problem"},
    "404": {"$ref": "#/components/responses/problem"}, "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/connections/{name}/oauth/device": {
  "parameters": [{"$ref": "#/components/parameters/name"}],
  "post": {"summary": "Begin a login by device code (administrators). It goes on by itself: oauth.login of the connection says how it stands", "operationId": "oauthDevice",
   "responses": {"200": {"description": "Open verification_uri in any browser and type user_code", "content": {"application/json": {"schema": {"type": "object",
     "required": ["user_code", "verification_uri", "interval", "expires_in"],
     "properties": {"user_code": {"type": "string"}, "verification_uri": {"type": "string"}, "verification_uri_complete": {"type": "string"},
      "interval": {"type": "integer"}, "expires_in": {"type": "integer"}}}}}},
    "403": {"$ref": "#/components/responses/problem"}, "404": {"$ref": "#/components/responses/problem"}, "409": {"$ref": "#/components/responses/problem"}}}},
 "/v1/connections/{name}/oauth/authorize": {
  "parameters": [{"$ref": "#/components/parameters/name"}],
  "post": {"summary": "Begin a login by redirect, with PKCE (administrators)", "operationId": "oauthAuthorize",
   "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "additionalProperties": false, "required": ["redirect_uri"],
     "properties": {"redirect_uri": {"type": "string", "description": "http://127.0.0.1:PORT/, where the browser will end"}}}}}},
   "responses": {"200": {"description": "Open authorize_url; what it redirects to carries state and code", "content": {"application/json": {"schema": {"type": "object",
     "required": ["authorize_url", "state", "expires_in"],
     "properties": {"authorize_url": {"type": "string"}, "state": {"type": "string"}, "expires_in": {"type": "integer"}}}}}},
    "403": {"$ref": "#/components/responses/problem"}, "404": {"$ref": "#/components/responses/problem"},
    "409": {"$ref": "#/components/responses/problem"}, "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/connections/{name}/oauth/finish": {
  "parameters": [{"$ref": "#/components/parameters/name"}],
  "post": {"summary": "End a login by redirect: trades the code for the token, and keeps it (administrators)", "operationId": "oauthFinish",
   "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "additionalProperties": false, "required": ["state", "code"],
     "properties": {"state": {"type": "string"}, "code": {"type": "string"}}}}}},
   "responses": {"200": {"description": "Logged in", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/oauth"}}}},
    "403": {"$ref": "#/components/responses/problem"}, "404": {"$ref": "#/components/responses/problem"},
    "409": {"$ref": "#/components/responses/problem"}, "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/test": {
  "post": {"summary": "Test settings that are not saved (administrators)", "operationId": "testSettings",
   "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "additionalProperties": false, "required": ["provider"],
     "properties": {"provider": {"type": "string"}, "settings": {"type": "object"}, "to": {"type": "string"}, "from": {"type": "string"}, "trace": {"type": "boolean"}}}}}},
   "responses": {"200": {"$ref": "#/components/responses/test"}, "403": {"$ref": "#/components/responses/problem"},
    "422": {"$ref": "#/components/responses/problem"}}}},
 "/v1/health": {
  "get": {"summary": "Whether a send would be taken now", "operationId": "health",
   "responses": {"200": {"$ref": "#/components/responses/object"}, "503": {"$ref": "#/components/responses/problem"}}}},
 "/v1/version": {
  "get": {"summary": "The gateway's version", "operationId": "version",
   "responses": {"200": {"$ref": "#/components/responses/object"}}}},
 "/v1/openapi.json": {
  "get": {"summary": "This document", "operationId": "openapi",
   "responses": {"200": {"$ref": "#/components/responses/object"}}}}
},)json"
           R"json(
"components": {
 "parameters": {
  "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
  "name": {"name": "name", "in": "path", "required": true, "schema": {"type": "string"}}},
 "responses": {
  "problem": {"description": "What is wrong", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}},
  "message": {"description": "The message", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/message"}}}},
  "object": {"description": "As the summary says", "content": {"application/json": {"schema": {"type": "object"}}}},
  "test": {"description": "The outcome; with Accept: application/x-ndjson a line {\"stage\": ...} for each stage (and {\"trace\": ...} for each line of the dialogue, if asked for) while it happens, then {\"result\": ...}",
   "content": {"application/json": {"schema": {"$ref": "#/components/schemas/test"}}, "application/x-ndjson": {"schema": {"type": "string"}}}}},
 "schemas": {
  "status": {"enum": ["scheduled", "queued", "sending", "sent", "partial", "failed", "unknown", "held", "expired", "cancelled"]},
  "mailbox": {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": false, "required": ["email"],
   "properties": {"email": {"type": "string"}, "name": {"type": "string"}}}]},
  "mailboxes": {"oneOf": [{"$ref": "#/components/schemas/mailbox"}, {"type": "array", "items": {"$ref": "#/components/schemas/mailbox"}}]},
  "send": {"type": "object", "additionalProperties": false, "properties": {
   "from": {"$ref": "#/components/schemas/mailbox"}, "sender": {"$ref": "#/components/schemas/mailbox"},
   "to": {"$ref": "#/components/schemas/mailboxes"}, "cc": {"$ref": "#/components/schemas/mailboxes"},
   "bcc": {"$ref": "#/components/schemas/mailboxes"}, "reply_to": {"$ref": "#/components/schemas/mailboxes"},
   "subject": {"type": "string"}, "text": {"type": "string"}, "html": {"type": "string"},
   "headers": {"type": "object", "additionalProperties": {"type": "string"}},
   "attachments": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["content"], "properties": {
    "filename": {"type": "string"}, "content_type": {"type": "string", "default": "application/octet-stream"},
    "content": {"type": "string", "contentEncoding": "base64"}, "disposition": {"enum": ["attachment", "inline"]}, "content_id": {"type": "string"}}}},
   "tags": {"type": "array", "items": {"type": "string"}},
   "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
   "organization": {"type": "string"}, "connection": {"type": "string"},
   "priority": {"enum": ["low", "normal", "high"]}, "on_unknown": {"enum": ["retry", "hold"]},
   "provider_options": {"type": "object", "additionalProperties": {"type": "object"}},
   "dsn": {"type": "object", "additionalProperties": false, "properties": {
    "notify": {"type": "array", "items": {"enum": ["never", "success", "failure", "delay"]}}, "ret": {"enum": ["full", "headers"]}, "envid": {"type": "string"}}},
   "send_at": {"type": "string", "format": "date-time"}, "expires_at": {"type": "string", "format": "date-time"}}},
  "accepted": {"type": "object", "required": ["id", "status"], "properties": {"id": {"type": "string"}, "status": {"$ref": "#/components/schemas/status"}}},
  "message": {"type": "object", "required": ["id", "status", "recipients"], "properties": {
   "id": {"type": "string"}, "status": {"$ref": "#/components/schemas/status"}, "created": {"type": "string"}, "updated": {"type": "string"},
   "from": {"type": "string"}, "subject": {"type": "string"}, "message_id": {"type": "string"}, "connection": {"type": "string"},
   "bytes": {"type": "integer"}, "send_at": {"type": "string"}, "expires_at": {"type": "string"}, "next_attempt": {"type": "string"},
   "tags": {"type": "array", "items": {"type": "string"}},
   "recipients": {"type": "array", "items": {"type": "object"}}, "attempts": {"type": "array", "items": {"type": "object"}}}},
  "test": {"type": "object", "required": ["success", "message", "details", "stages"], "properties": {
   "success": {"type": "boolean"}, "message": {"type": "string"}, "advice": {"type": "string"},
   "details": {"type": "object"}, "stages": {"type": "array", "items": {"type": "object"}},
   "trace": {"type": "array", "description": "if it was asked for", "items": {"type": "object", "properties": {
    "at_ms": {"type": "integer"}, "direction": {"enum": [">", "<", "*"]}, "text": {"type": "string"}}}}}},
  "oauth": {"type": "object", "required": ["grant", "logged_in"], "description": "for administrators; never a token", "properties": {
   "grant": {"enum": ["refresh_token", "client_credentials", "service_account"]}, "profile": {"type": "string"}, "logged_in": {"type": "boolean"},
   "token_source": {"enum": ["login", "rotation", "settings"]}, "expires_at": {"type": "string"}, "last_refresh": {"type": "string"},
   "problem": {"type": "string"}, "permanent": {"type": "boolean", "description": "the problem does not pass by itself"},
   "login": {"type": "object", "properties": {"state": {"enum": ["pending", "done", "failed"]}, "text": {"type": "string"}, "expires_in": {"type": "integer"}}},
   "settings": {"type": "object", "description": "the [oauth] table; secrets as set or not set"}}},
  "problem": {"type": "object", "properties": {
   "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
   "errors": {"type": "array", "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}}}}}}
}
})json";
}

}  // namespace gatepost::api
