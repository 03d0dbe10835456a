/* A host that loads its module, and with it the library, when it already runs. Whoever allocates or frees on a thread that
 * said it must not ends the program. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

static __thread int guarded;

/* From now on this thread must not allocate. */
void guard_this_thread(void);
void guard_this_thread(void)
{
    guarded = 1;
}

void *malloc(size_t size)
{
    return guarded ? (abort(), NULL) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return guarded ? (abort(), NULL) : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return guarded ? (abort(), NULL) : __libc_realloc(old, size);
}

void free(void *old)
{
    if (guarded) {
        abort();
    }
    __libc_free(old);
}

int main(int count, char **arguments)
{
    void *module;
    int (*run)(void) = NULL;
    if (count != 2 || (module = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL)) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    /* ISO C knows no way from a pointer to a function. */
    *(void **)&run = dlsym(module, "run");
    return run == NULL ? 1 : run();
}
