/* Links calltap and another library with a Rust runtime in it, and uses both. */
#include <calltap.h>

#include <inttypes.h>
#include <stdio.h>

uint32_t beside_catches_its_panic(void);

int main(void)
{
    printf("%s %" PRIu32 "\n", calltap_version(), beside_catches_its_panic());
    return 0;
}
