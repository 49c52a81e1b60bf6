/* gatepost/abi.h: the contract between the gateway (the host) and a provider (the plugin).
 * C11, and C++.
 *
 * DRAFT. The layout may change until 1.0 is tagged; sdk/CHANGELOG.md lists every change. After
 * that nothing that was released changes again: tables grow at their end, meanings never.
 *
 * A plugin is a shared object that exports one function, gatepost_plugin_v1. ALL I/O IS THE
 * HOST'S: a plugin asks for it and is called back, so it never blocks, owns no thread, socket or
 * file, and can be tested without a network.
 *
 * RULES
 *
 * Size. Every table and growing struct begins with `size`, set by whoever fills it. A field exists
 * if its end lies within `size` (GATEPOST_HAS), and a function exists if it is also not NULL.
 * Append only.
 *
 * Arrays. {items, count, stride}: step by `stride`, which may be larger than the struct you were
 * compiled with.
 *
 * Required. Requests to the host carry `required` bits. A host that does not know a set bit
 * refuses the request (GATEPOST_UNSUPPORTED) instead of leaving something out.
 *
 * Memory. Nobody frees the other side's memory. What is passed to `start` is borrowed until the
 * plugin calls `complete` for that call; what a request to a service points to, until its `done`
 * ran (or the service refused); what `done` is given, until `done` returns; an outcome, until
 * `complete` returns. Strings are {data, size} in UTF-8, without a NUL at the end; data may be
 * NULL if size is 0.
 *
 * Async. A service function either refuses at once (any status but GATEPOST_OK, and `done` never
 * runs) or answers GATEPOST_OK and calls `done` exactly once, later, never from inside the service
 * function. Cancelling is a request: `done` still comes, with GATEPOST_CANCELLED or with what won
 * the race.
 *
 * Calls. An operation belongs to a call and ends with it. The plugin completes every call exactly
 * once, when all operations of the call are done; it may do so inside `start`. An operation that
 * still runs when its call ends is cancelled, and its `done` is not called any more. After
 * `complete` the call id is dead.
 *
 * Threads. An instance is entered by one thread at a time, in a fixed order (a strand). Provider
 * code needs no lock. `create`, `extension` and the check extension may run on other threads, each
 * by one thread at a time for one instance. Only now, wall_now, random and log may be called from
 * any thread.
 *
 * Time. Deadlines are absolute, in nanoseconds of the host's monotonic clock (`now`), and the host
 * keeps them.
 *
 * Only `gatepost_done` crosses as a function pointer outside the tables. Handles are ids: 0 is
 * none. No exception, longjmp or signal may cross this boundary.
 */
#ifndef GATEPOST_ABI_H
#define GATEPOST_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GATEPOST_ABI_MAJOR 1u
#define GATEPOST_ABI_MINOR 0u
#define GATEPOST_ABI_DRAFT 1 /* 0 once 1.0 is tagged */

#define GATEPOST_EXPORT __attribute__((visibility("default")))

/* True if `field` of the struct at `pointer` lies within its `size`. */
#define GATEPOST_HAS(type, pointer, field) \
    ((pointer)->size >= offsetof(type, field) + sizeof((pointer)->field))

/* ---- values: frozen for ever, because they stand inside arrays and other structs ---- */

typedef struct gatepost_string {
    const char* data; /* borrowed, UTF-8 unless said otherwise, not ended by NUL */
    uint64_t size;    /* bytes */
} gatepost_string;

typedef struct gatepost_array {
    const void* items; /* NULL if count is 0 */
    uint32_t count;
    uint32_t stride; /* bytes from one item to the next */
} gatepost_array;

typedef uint64_t gatepost_call;      /* one running start(); never reused */
typedef uint64_t gatepost_operation; /* one running service request; never reused */
typedef uint64_t gatepost_handle;    /* an open body, a stream */
typedef uint64_t gatepost_sink; /* where diagnostics go; valid during the call it was passed to */

/* Status of a service request. Negative is failure; unknown negative values mean GATEPOST_FAILED.
 */
typedef int32_t gatepost_status;
enum {
    GATEPOST_OK = 0,
    GATEPOST_FAILED = -1,        /* the text says why */
    GATEPOST_CANCELLED = -2,     /* the call was cancelled */
    GATEPOST_TIMEOUT = -3,       /* the call's deadline, or the request's own */
    GATEPOST_UNSUPPORTED = -4,   /* a required bit or value this host does not know */
    GATEPOST_INVALID = -5,       /* the request breaks a rule of this file: the plugin's fault */
    GATEPOST_NOT_FOUND = -6,     /* no such file, key, part, handle */
    GATEPOST_LIMIT = -7,         /* a cap of the host: too many operations, too large */
    GATEPOST_DENIED = -8,        /* outside what manifest and settings name */
    GATEPOST_GONE = -9,          /* the parked stream is closed; open a new one, it is no attempt */
    GATEPOST_EXISTS = -10,       /* the file is there already */
    GATEPOST_CONNECT = -11,      /* no connection: name, route, refusal, TLS; nothing was sent */
    GATEPOST_DISCONNECTED = -12, /* the peer went away after the connection stood */
    GATEPOST_UNCERTAIN =
        -13,             /* all of a request was handed over, and nobody said what became of it */
    GATEPOST_UNFIT = -14 /* the message cannot be had in that form, now or later */
};

/* The one shape of every answer. `detail` is the service's own struct, named at its function, or
 * NULL. */
typedef struct gatepost_result {
    uint32_t size;
    gatepost_status status;
    gatepost_string text; /* for people, when status is not GATEPOST_OK */
    gatepost_handle handle;
    uint64_t length;
    gatepost_string data; /* bytes, not necessarily UTF-8 */
    const void* detail;
} gatepost_result;

/* Runs once per accepted request, on the instance's strand, never inline. */
typedef void (*gatepost_done)(void* user, gatepost_operation operation,
                              const gatepost_result* result);

/* ---- settings ---- */

enum { GATEPOST_STRING = 1, GATEPOST_INTEGER = 2, GATEPOST_NUMBER = 3, GATEPOST_BOOLEAN = 4 };
enum { GATEPOST_SETTING_SECRET = 1u };

typedef struct gatepost_setting {
    gatepost_string path; /* "host", "auth.username", "tags.0" */
    uint32_t type;
    uint32_t flags;
    gatepost_string text; /* of a string */
    int64_t integer;      /* of an integer; 0 or 1 of a boolean */
    double number;        /* of a number, and of an integer too */
} gatepost_setting;

/* Checked against the manifest's schema, defaults filled in. The same content twice: as JSON, and
 * flat for plugins without a parser. */
typedef struct gatepost_settings {
    uint32_t size;
    uint32_t reserved;
    gatepost_string json;
    gatepost_array values;      /* of gatepost_setting */
    gatepost_string connection; /* the connection's name, for texts */
} gatepost_settings;

enum { GATEPOST_NOTE = 1, GATEPOST_WARNING = 2, GATEPOST_ERROR = 3 };

typedef struct gatepost_diagnostic {
    uint32_t size;
    uint32_t severity;
    gatepost_string pointer; /* RFC 6901 into the settings or the message; may be empty */
    gatepost_string text;    /* what is wrong */
    gatepost_string advice;  /* what to do; may be empty */
} gatepost_diagnostic;

/* ---- the message ---- */

typedef struct gatepost_mailbox {
    gatepost_string address;       /* local@domain, UTF-8 */
    gatepost_string ascii_address; /* domain as A-labels; empty if the local part needs SMTPUTF8 */
    gatepost_string name;          /* display name, decoded; may be empty */
} gatepost_mailbox;

enum { GATEPOST_TO = 1, GATEPOST_CC = 2, GATEPOST_BCC = 3 };
enum {
    GATEPOST_NOTIFY_NEVER = 1u,
    GATEPOST_NOTIFY_SUCCESS = 2u,
    GATEPOST_NOTIFY_FAILURE = 4u,
    GATEPOST_NOTIFY_DELAY = 8u
};

typedef struct gatepost_recipient {
    gatepost_mailbox mailbox;
    uint32_t role;       /* GATEPOST_TO ... */
    uint32_t index;      /* its number in the message; results name it */
    uint32_t dsn_notify; /* GATEPOST_NOTIFY_* bits, 0 if not asked for (RFC 3461 4.1) */
    uint32_t reserved;
    gatepost_string dsn_orcpt; /* RFC 3461 4.2, "rfc822;..." ; may be empty */
} gatepost_recipient;

typedef struct gatepost_pair {
    gatepost_string name;
    gatepost_string value;
} gatepost_pair;

enum {
    GATEPOST_PART_TEXT = 1,
    GATEPOST_PART_HTML = 2,
    GATEPOST_PART_ATTACHMENT = 3,
    GATEPOST_PART_INLINE = 4
};

typedef struct gatepost_part {
    uint32_t id; /* for gatepost.body/1 */
    uint32_t role;
    gatepost_string type;       /* "application/pdf"; with parameters where they matter */
    gatepost_string filename;   /* a label in UTF-8, never a path; may be empty */
    gatepost_string content_id; /* without angle brackets; may be empty */
    uint64_t content_size;      /* bytes when opened as GATEPOST_FORM_IDENTITY */
} gatepost_part;

enum {
    GATEPOST_MESSAGE_RAW = 1u, /* handed in as RFC 5322; parts were taken apart by the host */
    GATEPOST_MESSAGE_RAW_ONLY =
        2u, /* parts cannot express it (signed, encrypted): send it whole or not at all */
    GATEPOST_MESSAGE_SMTPUTF8 = 4u, /* an address needs SMTPUTF8 */
    GATEPOST_MESSAGE_TEST = 8u      /* the test mail of a test call */
};
enum { GATEPOST_RET_NONE = 0, GATEPOST_RET_FULL = 1, GATEPOST_RET_HEADERS = 2 };

typedef struct gatepost_message {
    uint32_t size;
    uint32_t flags;
    gatepost_string id;             /* the gateway's */
    gatepost_string message_id;     /* without angle brackets; the same at every attempt */
    int64_t date;                   /* milliseconds since 1970, UTC; the same at every attempt */
    gatepost_mailbox envelope_from; /* RFC 5321 reverse-path; address empty for <> */
    gatepost_mailbox from;
    gatepost_mailbox sender;      /* address empty if there is none */
    gatepost_array reply_to;      /* of gatepost_mailbox */
    gatepost_array recipients;    /* of gatepost_recipient: all of the message */
    gatepost_array carry;         /* of uint32_t: `index` of those this attempt is for */
    gatepost_string subject;      /* decoded */
    gatepost_array headers;       /* of gatepost_pair: the caller's own, in order; values decoded */
    gatepost_array tags;          /* of gatepost_string */
    gatepost_array metadata;      /* of gatepost_pair */
    gatepost_string options_json; /* this provider's part of provider_options, "{}" if none */
    gatepost_array parts;         /* of gatepost_part */
    uint32_t dsn_ret;
    uint32_t priority; /* 1 low, 2 normal, 3 high */
    gatepost_string dsn_envid;
    int64_t accepted_at; /* milliseconds since 1970, UTC: when the gateway took it, whatever its
                            Date header says; the same at every attempt */
} gatepost_message;

/* ---- calls ---- */

enum {
    GATEPOST_SEND = 1,
    GATEPOST_TEST =
        2, /* check the settings up to a test mail; report stages through gatepost.report/1 */
    GATEPOST_LOOKUP = 3 /* what became of this message? `state` is what an earlier outcome gave */
};

typedef struct gatepost_request {
    uint32_t size;
    uint32_t kind; /* unknown: complete with GATEPOST_OUTCOME_UNSUPPORTED */
    uint64_t deadline;
    uint32_t attempt; /* from 1 */
    uint32_t reserved;
    const gatepost_message* message; /* a test without a recipient has NULL */
    gatepost_string
        idempotency_key; /* stable over all attempts of this message at this connection */
    gatepost_string provider_message_id; /* lookup */
    gatepost_string state;               /* lookup */
} gatepost_request;

enum { GATEPOST_ACCEPTED = 1, GATEPOST_DEFERRED = 2, GATEPOST_REJECTED = 3, GATEPOST_UNKNOWN = 4 };

enum {
    GATEPOST_BLAME_NONE = 0,
    GATEPOST_BLAME_MESSAGE = 1,
    GATEPOST_BLAME_RECIPIENT = 2,
    GATEPOST_BLAME_SENDER = 3,
    GATEPOST_BLAME_CREDENTIAL = 4,
    GATEPOST_BLAME_QUOTA = 5,
    GATEPOST_BLAME_PROVIDER = 6,
    GATEPOST_BLAME_NETWORK = 7,
    GATEPOST_BLAME_CONFIG = 8,
    GATEPOST_BLAME_PLUGIN = 9
};

typedef struct gatepost_recipient_result {
    uint32_t index;
    uint32_t verdict;
    uint32_t blame;
    int32_t code;         /* SMTP reply, HTTP status or errno as the provider said it; 0 if none */
    gatepost_string text; /* the provider's words; capped and cleaned by the host */
    gatepost_string provider_message_id;
    uint64_t retry_after; /* nanoseconds; 0 if not said */
} gatepost_recipient_result;

enum {
    GATEPOST_OUTCOME_DONE = 0,
    GATEPOST_OUTCOME_UNSUPPORTED = 1, /* this kind of request is not known */
    GATEPOST_OUTCOME_CANCELLED =
        2 /* stopped because the host asked; the ledger decides what is known */
};
enum { GATEPOST_OUTCOME_CAPTURED = 1u /* filed or shown, delivered to nobody */ };

/* Verdict, blame, code, text ... hold for every carried recipient that `recipients` does not list.
 */
typedef struct gatepost_outcome {
    uint32_t size;
    uint32_t kind;
    uint32_t flags;
    uint32_t verdict;
    uint32_t blame;
    int32_t code;
    gatepost_string text;
    gatepost_string provider_message_id;
    uint64_t retry_after;      /* nanoseconds */
    uint64_t lookup_after;     /* nanoseconds; 0: no lookup wanted */
    gatepost_string state;     /* opaque, at most 4096 bytes, given back at lookup */
    gatepost_array recipients; /* of gatepost_recipient_result */
    gatepost_string advice;    /* test: what to change; may be empty */
} gatepost_outcome;

/* Why a call is cancelled. */
enum { GATEPOST_WHY_CALLER = 1, GATEPOST_WHY_DEADLINE = 2, GATEPOST_WHY_SHUTDOWN = 3 };

/* ---- the two tables ---- */

typedef struct gatepost_host_info {
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t flags;
    gatepost_string name;    /* "gatepost" */
    gatepost_string version; /* "0.1.0" */
} gatepost_host_info;

enum { GATEPOST_DEBUG = 1, GATEPOST_INFO = 2, GATEPOST_WARN = 3, GATEPOST_LOG_ERROR = 4 };

typedef struct gatepost_host {
    uint32_t size;
    uint32_t abi_minor;
    void* context; /* the host's own */
    /* A service table by id ("gatepost.body/1"), or NULL: not offered. Valid as long as the
     * instance. [strand, create] */
    const void* (*extension)(const struct gatepost_host* host, gatepost_string id);
    /* Monotonic nanoseconds. [any thread] */
    uint64_t (*now)(const struct gatepost_host* host);
    /* Milliseconds since 1970, UTC. [any thread] */
    int64_t (*wall_now)(const struct gatepost_host* host);
    /* Fills `out` from the system's secure generator. [any thread] */
    void (*random)(const struct gatepost_host* host, void* out, uint64_t size);
    /* One line in the host's log; `fields` of gatepost_pair; call may be 0. Never log a secret.
     * [any thread] */
    void (*log)(const struct gatepost_host* host, gatepost_call call, uint32_t level,
                gatepost_string text, gatepost_array fields);
    /* One diagnostic into a sink, while the function that was given the sink runs. */
    void (*diagnose)(const struct gatepost_host* host, gatepost_sink sink,
                     const gatepost_diagnostic* diagnostic);
    /* Exactly once per start. [strand] */
    void (*complete)(const struct gatepost_host* host, gatepost_call call,
                     const gatepost_outcome* outcome);
    /* Asks an operation to stop; its done still comes. An id that is over is ignored. [strand] */
    void (*cancel)(const struct gatepost_host* host, gatepost_operation operation);
} gatepost_host;

typedef struct gatepost_plugin {
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;      /* the header it was built with */
    uint32_t min_host_minor; /* the oldest host it can work with */
    gatepost_string id;      /* [a-z][a-z0-9-]{0,31}; the `provider` of a connection */
    gatepost_string version;
    gatepost_string sdk;      /* "c", "c++ 0.1.0", ... */
    gatepost_string manifest; /* JSON, see sdk/README.md */
    /* One instance per connection and configuration. On failure: say why in `diagnostics`, return
     * not GATEPOST_OK, leave nothing behind. `host` and its tables live longer than the instance;
     * `settings` only for this function. */
    gatepost_status (*create)(const gatepost_host* host, const gatepost_settings* settings,
                              gatepost_sink diagnostics, void** instance);
    /* Only when no call is open. */
    void (*destroy)(void* instance);
    /* Begins a call; several calls of one instance may be open at once. [strand] */
    void (*start)(void* instance, gatepost_call call, const gatepost_request* request);
    /* Asks a call to end soon; complete is still due. A call that is over is ignored. [strand] */
    void (*cancel)(void* instance, gatepost_call call, uint32_t why);
    /* A static table by id ("gatepost.check/1"), or NULL. May be NULL itself. */
    const void* (*extension)(gatepost_string id);
} gatepost_plugin;

/* The one exported function. No side effects; may be called more than once; NULL means: not with
 * this host. */
#define GATEPOST_ENTRY "gatepost_plugin_v1"
typedef const gatepost_plugin* (*gatepost_entry)(const gatepost_host_info* host);
GATEPOST_EXPORT const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host);

/* ---- what a plugin may offer ---- */

/* "gatepost.check/1": says before acceptance what this provider would refuse. A pure function, no
 * service may be used; any thread, also while no instance exists. An ERROR diagnostic refuses the
 * message; its pointer is into the message as the API takes it ("/attachments/0"). */
typedef struct gatepost_check {
    uint32_t size;
    uint32_t reserved;
    void (*check)(const gatepost_host* host, const gatepost_settings* settings,
                  const gatepost_message* message, gatepost_sink diagnostics);
} gatepost_check;

/* ---- what the host lends ---- */

/* A write is a list of segments; a body passes through without being copied into the plugin. */
enum {
    GATEPOST_SEGMENT_BYTES = 1,
    GATEPOST_SEGMENT_BODY = 2,  /* the whole of an opened body */
    GATEPOST_SEGMENT_WINDOW = 3 /* a part of one, which must lie inside it */
};
typedef struct gatepost_segment {
    uint32_t kind;
    uint32_t reserved;
    gatepost_string bytes; /* SEGMENT_BYTES: borrowed until done */
    gatepost_handle body;  /* SEGMENT_BODY and _WINDOW: it stays open */
    uint64_t offset;       /* SEGMENT_WINDOW: where it begins */
    uint64_t length;       /* SEGMENT_WINDOW */
} gatepost_segment;

/* The certainty ledger. A request that carries this flag may hand the message over from its first
 * byte on. None begun, or begun and not fully written: the message was certainly not taken over.
 * Fully written: unknown, unless the plugin got an answer and says what it was. The host holds
 * every outcome against this. */
enum { GATEPOST_COMMITS = 1u };

/* "gatepost.body/1": the content of the call's message. */
enum { GATEPOST_BODY_PART = 1, GATEPOST_BODY_WHOLE = 2 /* RFC 5322, CRLF lines, no Bcc */ };
enum {
    GATEPOST_FORM_IDENTITY = 1,
    GATEPOST_FORM_BASE64 = 2, /* one line */
    GATEPOST_FORM_JSON =
        3, /* escaped for a JSON string, without the quotes; content must be UTF-8 */
    GATEPOST_FORM_DOT_STUFFED = 4 /* RFC 5321 4.5.2, without the closing dot line; only the whole */
};
enum {
    GATEPOST_BODY_7BIT = 1u, /* the whole: only 7-bit content-transfer-encodings (no 8BITMIME) */
    GATEPOST_BODY_UTF8 = 2u  /* the whole: headers in UTF-8 (RFC 6532) instead of encoded words */
};
typedef struct gatepost_body_request {
    uint32_t size;
    uint32_t required;
    uint32_t what;
    uint32_t part; /* gatepost_part.id, for GATEPOST_BODY_PART */
    uint32_t form;
    uint32_t flags;
} gatepost_body_request;

typedef struct gatepost_body {
    uint32_t size;
    uint32_t reserved;
    /* done: handle, and length, exact, before any byte is made. */
    gatepost_status (*open)(const gatepost_host* host, gatepost_call call,
                            const gatepost_body_request* request, gatepost_done done, void* user,
                            gatepost_operation* operation);
    /* done: data, at most `max` and at most 65536 bytes from `offset`; empty at the end. */
    gatepost_status (*read)(const gatepost_host* host, gatepost_call call, gatepost_handle body,
                            uint64_t offset, uint64_t max, gatepost_done done, void* user,
                            gatepost_operation* operation);
    /* Optional: bodies end with their call. */
    void (*close)(const gatepost_host* host, gatepost_handle body);
} gatepost_body;

/* "gatepost.timer/1" */
typedef struct gatepost_timer {
    uint32_t size;
    uint32_t reserved;
    gatepost_status (*sleep)(const gatepost_host* host, gatepost_call call, uint64_t nanoseconds,
                             gatepost_done done, void* user, gatepost_operation* operation);
} gatepost_timer;

/* "gatepost.crypto/1": done: data, the raw digest. */
enum { GATEPOST_SHA256 = 1, GATEPOST_HMAC_SHA256 = 2, GATEPOST_HMAC_MD5 = 3 };
typedef struct gatepost_digest_request {
    uint32_t size;
    uint32_t required;
    uint32_t algorithm;
    uint32_t reserved;
    gatepost_string key;     /* of an HMAC */
    gatepost_array segments; /* of gatepost_segment */
} gatepost_digest_request;
typedef struct gatepost_crypto {
    uint32_t size;
    uint32_t reserved;
    gatepost_status (*digest)(const gatepost_host* host, gatepost_call call,
                              const gatepost_digest_request* request, gatepost_done done,
                              void* user, gatepost_operation* operation);
} gatepost_crypto;

/* "gatepost.file/1": only below folders that the manifest names from settings. Paths are absolute,
 * without "..". */
enum {
    GATEPOST_FILE_REPLACE = 2u /* an existing file is replaced; else GATEPOST_EXISTS */
};
typedef struct gatepost_file_write {
    uint32_t size;
    uint32_t required; /* GATEPOST_COMMITS is known */
    uint32_t flags;    /* GATEPOST_FILE_* */
    uint32_t mode;     /* permission bits; 0 means 0600 */
    gatepost_string
        temp; /* where it is written first: same file system; empty: beside the target */
    gatepost_string path; /* where rename puts it after fsync; its folder is synced before done */
    gatepost_array segments;
} gatepost_file_write;
typedef struct gatepost_file {
    uint32_t size;
    uint32_t reserved;
    /* Durable when done says GATEPOST_OK. done: length. */
    gatepost_status (*write)(const gatepost_host* host, gatepost_call call,
                             const gatepost_file_write* request, gatepost_done done, void* user,
                             gatepost_operation* operation);
    /* Makes the folder and what is missing above it, 0700. That it exists is no failure. */
    gatepost_status (*mkdir)(const gatepost_host* host, gatepost_call call, gatepost_string path,
                             gatepost_done done, void* user, gatepost_operation* operation);
    /* done: data; at most 65536 bytes, else GATEPOST_LIMIT. */
    gatepost_status (*read)(const gatepost_host* host, gatepost_call call, gatepost_string path,
                            gatepost_done done, void* user, gatepost_operation* operation);
    gatepost_status (*remove)(const gatepost_host* host, gatepost_call call, gatepost_string path,
                              gatepost_done done, void* user, gatepost_operation* operation);
} gatepost_file;

/* "gatepost.cache/1": a small key-value store of the instance, in memory, gone at a restart. */
typedef struct gatepost_cache {
    uint32_t size;
    uint32_t reserved;
    /* done: data, or GATEPOST_NOT_FOUND. */
    gatepost_status (*get)(const gatepost_host* host, gatepost_call call, gatepost_string key,
                           gatepost_done done, void* user, gatepost_operation* operation);
    /* `lifetime` in nanoseconds, 0: until it is pushed out. An empty value removes. */
    gatepost_status (*put)(const gatepost_host* host, gatepost_call call, gatepost_string key,
                           gatepost_string value, uint64_t lifetime, gatepost_done done, void* user,
                           gatepost_operation* operation);
} gatepost_cache;

/* "gatepost.report/1": the stages of a test, as they happen; ignored in other calls. A quota that
 * is told in a send and has the name of a rate of the manifest's limits ("per_second",
 * "lookups_per_hour" ...) holds for the connection from then on, unless its owner set a lower one;
 * `used` says nothing there, nor does a `limit` of 0. */
enum { GATEPOST_STARTED = 1, GATEPOST_PASSED = 2, GATEPOST_STAGE_FAILED = 3, GATEPOST_SKIPPED = 4 };
typedef struct gatepost_stage {
    uint32_t size;
    uint32_t state;
    gatepost_string id;    /* "login", "sender" ... */
    gatepost_string title; /* for people */
    int32_t code;
    uint32_t reserved;
    gatepost_string text;   /* what was seen */
    gatepost_string advice; /* what to change */
} gatepost_stage;
typedef struct gatepost_quota {
    uint32_t size;
    uint32_t reserved;
    gatepost_string name; /* "24 hours"; in a send "per_day" */
    uint64_t limit;
    uint64_t used;
} gatepost_quota;
typedef struct gatepost_report {
    uint32_t size;
    uint32_t reserved;
    void (*stage)(const gatepost_host* host, gatepost_call call, const gatepost_stage* stage);
    void (*quota)(const gatepost_host* host, gatepost_call call, const gatepost_quota* quota);
} gatepost_report;

/* "gatepost.stream/1": TCP and TLS. The host reads ahead into a bounded buffer, so a peer's early
 * answer is never lost behind a failed write, and a read is served from what has come already. */
enum { GATEPOST_TLS_OFF = 0, GATEPOST_TLS_ON = 1 };
enum { GATEPOST_READ_SOME = 1, GATEPOST_READ_LINE = 2, GATEPOST_READ_EXACTLY = 3 };
enum { GATEPOST_STREAM_SECRET = 2u /* a write's bytes are a secret: never shown in a trace */ };
/* Where a connect or start_tls failed, so that the right one is blamed. */
enum {
    GATEPOST_AT_NAME = 1,    /* the name has no address */
    GATEPOST_AT_CONNECT = 2, /* route, refusal, silence */
    GATEPOST_AT_PROXY = 3,
    GATEPOST_AT_TLS = 4,        /* the handshake: version, cipher, the peer went away */
    GATEPOST_AT_CERTIFICATE = 5 /* the peer's certificate: name, authority, dates */
};
typedef struct gatepost_tls_options {
    uint32_t size;
    uint32_t minimum_version;         /* 0x0303 TLS 1.2 (and 0), 0x0304 TLS 1.3 */
    gatepost_string host_name;        /* for SNI and the certificate; empty: the connect's host */
    gatepost_string ca_file;          /* PEM; empty: the system's */
    gatepost_string certificate_file; /* of the client, PEM; may be empty */
    gatepost_string key_file;
    uint32_t verify; /* 1 always, unless a setting says otherwise in words */
    uint32_t reserved;
} gatepost_tls_options;
typedef struct gatepost_connect {
    uint32_t size;
    uint32_t required;
    gatepost_string host; /* name or address; "unix:/path" for a Unix socket */
    uint32_t port;
    uint32_t tls;
    const gatepost_tls_options* tls_options;
    uint64_t timeout; /* nanoseconds; 0: the call's deadline alone */
    gatepost_string bind_address;
    gatepost_string
        proxy; /* "socks5://...", "http://..."; empty: none. The environment never applies */
} gatepost_connect;
/* detail of connect, start_tls and take; of a failed connect or start_tls too */
typedef struct gatepost_stream_facts {
    uint32_t size;
    uint32_t tls_version; /* 0 in clear */
    gatepost_string peer; /* "192.0.2.1:587" */
    gatepost_string tls_cipher;
    int64_t certificate_until; /* milliseconds since 1970 */
    uint32_t failed_at;        /* GATEPOST_AT_*; 0 if nothing failed */
    uint32_t tls_verified;     /* 1: name and authority of the certificate were checked and right */
} gatepost_stream_facts;
typedef struct gatepost_stream_write {
    uint32_t size;
    uint32_t required; /* GATEPOST_COMMITS, GATEPOST_STREAM_SECRET */
    gatepost_handle stream;
    gatepost_array segments;
} gatepost_stream_write;
typedef struct gatepost_stream_read {
    uint32_t size;
    uint32_t mode; /* GATEPOST_READ_* */
    gatepost_handle stream;
    uint64_t max;     /* bytes; a line longer than this is GATEPOST_LIMIT */
    uint64_t timeout; /* nanoseconds; 0: the call's deadline alone */
} gatepost_stream_read;
typedef struct gatepost_park {
    uint32_t size;
    uint32_t reserved;
    gatepost_handle stream;
    gatepost_string key;      /* what take asks for */
    uint64_t idle;            /* nanoseconds until the host closes it */
    gatepost_string farewell; /* written before an orderly close, e.g. QUIT */
    gatepost_string state;    /* the plugin's own notes, at most 4096 bytes, given back by take */
} gatepost_park;
typedef struct gatepost_stream {
    uint32_t size;
    uint32_t reserved;
    /* done: handle, detail. GATEPOST_CONNECT: nothing was sent. */
    gatepost_status (*connect)(const gatepost_host* host, gatepost_call call,
                               const gatepost_connect* request, gatepost_done done, void* user,
                               gatepost_operation* operation);
    /* Fails if a byte stands in the buffer already: it came in clear. */
    gatepost_status (*start_tls)(const gatepost_host* host, gatepost_call call,
                                 gatepost_handle stream, const gatepost_tls_options* options,
                                 gatepost_done done, void* user, gatepost_operation* operation);
    gatepost_status (*write)(const gatepost_host* host, gatepost_call call,
                             const gatepost_stream_write* request, gatepost_done done, void* user,
                             gatepost_operation* operation);
    /* done: data; a line comes with its line end. Empty data and GATEPOST_DISCONNECTED at the end.
     */
    gatepost_status (*read)(const gatepost_host* host, gatepost_call call,
                            const gatepost_stream_read* request, gatepost_done done, void* user,
                            gatepost_operation* operation);
    /* Leaves the stream with the instance for its next call; the handle is dead afterwards. */
    gatepost_status (*park)(const gatepost_host* host, gatepost_call call,
                            const gatepost_park* request, gatepost_done done, void* user,
                            gatepost_operation* operation);
    /* done: handle, data (the state), detail; GATEPOST_NOT_FOUND: none there; GATEPOST_GONE: it had
     * died. */
    gatepost_status (*take)(const gatepost_host* host, gatepost_call call, gatepost_string key,
                            gatepost_done done, void* user, gatepost_operation* operation);
    void (*close)(const gatepost_host* host, gatepost_handle stream);
} gatepost_stream;

/* "gatepost.http/1": whole requests. No redirect is followed, nothing is sent twice, no cookie is
 * kept, and no content coding is asked for. The host itself writes Host, Content-Length and the
 * Content-Type of a multipart form. */
enum {
    GATEPOST_HTTP_MULTIPART =
        2u,                  /* `parts` instead of `body`; the host builds multipart/form-data */
    GATEPOST_HTTP_CLEAR = 4u /* http:// is allowed: a setting of the owner says so in words */
};
typedef struct gatepost_form_part {
    gatepost_string name;
    gatepost_string filename; /* empty: a plain field */
    gatepost_string type;     /* may be empty */
    gatepost_array content;   /* of gatepost_segment */
} gatepost_form_part;
typedef struct gatepost_http_request {
    uint32_t size;
    uint32_t required; /* GATEPOST_COMMITS, GATEPOST_HTTP_MULTIPART, GATEPOST_HTTP_CLEAR */
    gatepost_string method;
    gatepost_string url;
    gatepost_array headers;  /* of gatepost_pair */
    gatepost_array body;     /* of gatepost_segment */
    gatepost_array parts;    /* of gatepost_form_part */
    uint64_t max_response;   /* bytes; 0: 1 MiB */
    uint64_t timeout;        /* nanoseconds; 0: the call's deadline alone */
    gatepost_string ca_file; /* PEM; empty: the system's */
    gatepost_string proxy;   /* "http://..."; empty: none. The environment never applies */
} gatepost_http_request;
/* detail of fetch, of a failed one too; data is the body */
typedef struct gatepost_http_response {
    uint32_t size;
    uint32_t http_status;   /* 0: no answer */
    gatepost_array headers; /* of gatepost_pair, names in lower case */
    uint32_t failed_at;     /* GATEPOST_AT_*: where the connection failed; 0 if it stood */
    uint32_t reserved;
} gatepost_http_response;
typedef struct gatepost_http {
    uint32_t size;
    uint32_t reserved;
    /* Refused at once with GATEPOST_INVALID: a line end or NUL in a name, value, method or url; a
     * header that the host writes. Else `done` says, with http_status and headers as far as they
     * came:
     * - GATEPOST_OK: a complete response came, whatever its status
     * - GATEPOST_DENIED: the url is no destination of the manifest or the settings, or is http://
     *   without GATEPOST_HTTP_CLEAR; nothing was sent
     * - GATEPOST_CONNECT: no connection, nothing was sent; failed_at says where
     * - GATEPOST_DISCONNECTED: a connection, but the request was not sent whole: not taken over
     * - GATEPOST_TIMEOUT: it was not sent whole in time: not taken over
     * - GATEPOST_UNCERTAIN: sent whole, and no complete response came, or not in time
     * - GATEPOST_LIMIT: the response is larger than max_response; the body is cut */
    gatepost_status (*fetch)(const gatepost_host* host, gatepost_call call,
                             const gatepost_http_request* request, gatepost_done done, void* user,
                             gatepost_operation* operation);
} gatepost_http;

/* "gatepost.oauth/1" */
typedef struct gatepost_oauth {
    uint32_t size;
    uint32_t reserved;
    /* done: data, the access token. force_refresh: the provider refused the last one. */
    gatepost_status (*token)(const gatepost_host* host, gatepost_call call, uint32_t force_refresh,
                             gatepost_done done, void* user, gatepost_operation* operation);
} gatepost_oauth;

#ifdef __cplusplus
}
#endif

#endif /* GATEPOST_ABI_H */
