/* A good guest: the library's threads have its name and block every signal, its descriptors are closed on exec, the
 * process' handlers and mask stay as they were. */
#include "scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

/* Signals 1 to 31 without SIGKILL and SIGSTOP, which cannot be blocked. */
#define ALL_SIGNALS (0x7fffffffull & ~(1ull << (SIGKILL - 1)) & ~(1ull << (SIGSTOP - 1)))

static int threads_of_the_library(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        char path[512], line[256], name[256] = "";
        unsigned long long blocked = 0;
        FILE *status;
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        if (entry->d_name[0] == '.' || (status = fopen(path, "r")) == NULL) {
            continue;
        }
        while (fgets(line, sizeof(line), status) != NULL) {
            if (strncmp(line, "Name:", 5) == 0) {
                snprintf(name, sizeof(name), "%s", line + 6);
            }
            if (strncmp(line, "SigBlk:", 7) == 0) {
                blocked = strtoull(line + 7, NULL, 16);
            }
        }
        fclose(status);
        if (strncmp(name, "calltap", 7) == 0) {
            CHECK((blocked & ALL_SIGNALS) == ALL_SIGNALS);
            count++;
        }
    }
    closedir(folder);
    return count;
}

static int all_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void descriptors_close_on_exec(const char *but)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        int descriptor = atoi(entry->d_name), flags = fcntl(descriptor, F_GETFD);
        if (entry->d_name[0] == '.' || but[descriptor] || flags < 0) {
            continue;
        }
        CHECK(flags & FD_CLOEXEC);
    }
    closedir(folder);
}

int main(void)
{
    /* Descriptors that were there before: the program's, and those of who runs it. */
    static char before[65536];
    struct sigaction handlers[32], now;
    sigset_t mask, mask_now;
    calltap_policy *policy;
    calltap_engine *engine;
    calltap_call *call;
    struct stream caller = {NULL, 0, 0};
    calltap_wav *wav = NULL;
    char folder[] = "/tmp/calltap-guest-XXXXXX";
    for (int descriptor = 0; descriptor < 65536; descriptor++) {
        before[descriptor] = fcntl(descriptor, F_GETFD) >= 0;
    }
    for (int number = 1; number < 32; number++) {
        CHECK(sigaction(number, NULL, &handlers[number]) == 0);
    }
    CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
    CHECK(mkdtemp(folder) != NULL);

    policy = a_policy();
    engine = an_engine(policy);
    call = a_call(engine);
    caller.leg = a_leg(call, CALLTAP_CALLER);
    ANSWERS(CALLTAP_OK, calltap_wav_open(folder, &wav, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_add_wav(call, wav, NULL, NULL, NULL));
    permitted(call, &caller, CALLTAP_RECORD);
    for (int turn = 0; turn < 100; turn++) {
        pace(&caller);
        nap(5 * MS);
    }
    /* Every thread but the program's own is the library's. */
    CHECK(all_threads() > 1 && threads_of_the_library() == all_threads() - 1);
    descriptors_close_on_exec(before);
    for (int number = 1; number < 32; number++) {
        CHECK(sigaction(number, NULL, &now) == 0);
        CHECK(now.sa_handler == handlers[number].sa_handler);
    }
    CHECK(sigprocmask(SIG_SETMASK, NULL, &mask_now) == 0);
    for (int number = 1; number < 32; number++) {
        CHECK(sigismember(&mask, number) == sigismember(&mask_now, number));
    }

    ANSWERS(CALLTAP_OK, calltap_call_withdraw(call, "agent", 0, 60000, NULL, NULL));
    calltap_wav_destroy(&wav);
    calltap_leg_destroy(&caller.leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    calltap_policy_destroy(&policy);
    remove(folder);
    return 0;
}
