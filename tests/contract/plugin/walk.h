/* One send of the contract plugin: every part and the whole, opened in every form, read in windows,
 * written as JSON. */
#ifndef CONTRACT_WALK_H
#define CONTRACT_WALK_H

#include "json_out.h"

enum { MODE_VIEW = 0, MODE_WINDOWS = 1 };

typedef struct contract_instance {
    const gatepost_host* host;
    const gatepost_body* body;
    const gatepost_crypto* crypto;
    const gatepost_file* file;
    char* path; /* folder, ended by NUL */
    int mode;
    json_out settings;
} contract_instance;

void walk_start(contract_instance* self, gatepost_call call, const gatepost_request* request);
void complete_plainly(contract_instance* self, gatepost_call call, uint32_t kind, uint32_t verdict,
                      const char* text);

#endif
