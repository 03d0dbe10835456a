/* dlopen, an engine, dlclose while its threads run: they go on, and the library can be used again. */
#include <calltap.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

typedef int32_t (*create_function)(const calltap_engine_config *, const calltap_policy *, calltap_engine **,
                                   calltap_error *);
typedef void (*destroy_function)(calltap_engine **);

/* ISO C knows no way from a pointer to a function. */
static void find(void *library, const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    CHECK(*(void **)function != NULL);
}

int main(int count, char **arguments)
{
    calltap_engine *engines[2] = {NULL, NULL};
    destroy_function destroy = NULL;
    struct timespec moment = {0, 50000000};
    void *first;
    CHECK(count == 2);
    /* It stays where it is from the first time on, whether or not something of it runs. */
    first = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(first != NULL);
    CHECK(dlclose(first) == 0);
    CHECK(dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) != NULL);
    for (int round = 0; round < 2; round++) {
        create_function create = NULL;
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        find(library, "calltap_engine_create", &create);
        find(library, "calltap_engine_destroy", &destroy);
        CHECK(create(NULL, NULL, &engines[round], NULL) == CALLTAP_OK);
        CHECK(dlclose(library) == 0);
        /* Its threads run a few ticks. */
        nanosleep(&moment, NULL);
    }
    destroy(&engines[1]);
    destroy(&engines[0]);
    return 0;
}
