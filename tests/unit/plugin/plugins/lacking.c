/* A plugin that needs a function nobody has: the loader must say which. */
#include <gatepost/abi.h>

extern const gatepost_plugin* function_that_nobody_has(void);

const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host) {
    (void)host;
    return function_that_nobody_has();
}
