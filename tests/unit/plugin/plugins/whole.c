/* A plugin that does nothing but be one. Its variants are made by definitions:
 *   PLUGIN_ID, PLUGIN_MAJOR, PLUGIN_MIN_HOST, PLUGIN_SIZE, PLUGIN_DECLINES, PLUGIN_START,
 *   PLUGIN_MANIFEST. */
#include <gatepost/abi.h>

#ifndef PLUGIN_ID
#define PLUGIN_ID "whole"
#endif
#ifndef PLUGIN_MAJOR
#define PLUGIN_MAJOR GATEPOST_ABI_MAJOR
#endif
#ifndef PLUGIN_MIN_HOST
#define PLUGIN_MIN_HOST 0
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(struct longer_table)
#endif
#ifndef PLUGIN_START
#define PLUGIN_START start
#endif
#ifndef PLUGIN_MANIFEST
#define PLUGIN_MANIFEST "{\"id\":\"" PLUGIN_ID "\",\"settings\":{\"type\":\"object\"}}"
#endif
#define TEXT(literal) {literal, sizeof(literal) - 1}

static gatepost_status create(const gatepost_host* host, const gatepost_settings* settings,
                              gatepost_sink diagnostics, void** instance) {
    (void)settings;
    (void)diagnostics;
    *instance = (void*)host;
    return GATEPOST_OK;
}

static void destroy(void* instance) {
    (void)instance;
}

__attribute__((unused)) static inline void start(void* instance, gatepost_call call,
                                                 const gatepost_request* request) {
    const gatepost_host* host = instance;
    gatepost_outcome outcome = {
        .size = sizeof outcome, .verdict = GATEPOST_REJECTED, .blame = GATEPOST_BLAME_CONFIG};
    (void)request;
    host->complete(host, call, &outcome);
}

static void cancel(void* instance, gatepost_call call, uint32_t why) {
    (void)instance;
    (void)call;
    (void)why;
}

/* As a later header might have it. */
struct longer_table {
    gatepost_plugin known;
    void (*later)(void);
};

const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host) {
    static const struct longer_table table = {
        {PLUGIN_SIZE, PLUGIN_MAJOR, GATEPOST_ABI_MINOR, PLUGIN_MIN_HOST, TEXT(PLUGIN_ID),
         TEXT("1.0"), TEXT("c"), TEXT(PLUGIN_MANIFEST), create, destroy, PLUGIN_START, cancel, 0},
        0};
#ifdef PLUGIN_DECLINES
    (void)table;
    (void)host;
    return 0;
#else
    return host->abi_major == GATEPOST_ABI_MAJOR ? &table.known : 0;
#endif
}
