/* The structured view of a message, written as JSON: every field of gatepost_message and
 * gatepost_request. */
#ifndef CONTRACT_VIEW_H
#define CONTRACT_VIEW_H

#include "json_out.h"

/* Members of an object that the caller opened. */
void write_request(json_out* out, const gatepost_request* request);
void write_settings(json_out* out, const gatepost_settings* settings);
/* The facts of one part, without its content. */
void write_part(json_out* out, const gatepost_part* part);

const gatepost_part* part_at(const gatepost_message* message, uint32_t index);

#endif
