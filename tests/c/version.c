/* Prints the library's version and the interface's number; fails when the library is older than these headers. */
#include <calltap.h>

#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    printf("%s %" PRIu32 "\n", calltap_version(), calltap_abi_version());
    return calltap_abi_version() >= CALLTAP_ABI_VERSION ? 0 : 1;
}
