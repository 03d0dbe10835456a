/* Fifty rounds of everything: no thread and no descriptor is left behind. */
#include "scene.h"

#include <dirent.h>

static int entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* The kernel takes a moment longer to forget a thread than those who wait for it. */
static void settles(const char *path, int expected)
{
    uint64_t give_up = now_ns() + 60000 * MS;
    while (entries(path) != expected) {
        CHECK(now_ns() < give_up);
        nap(MS);
    }
}

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    return 0;
}

static void released(void *context)
{
    ++*(int *)context;
}

static void round_of_everything(const char *folder)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_leg *caller = a_leg(call, CALLTAP_CALLER), *agent = a_leg(call, CALLTAP_AGENT);
    calltap_sink_spec sink_spec = {sizeof(sink_spec), CALLTAP_RECORD, 0, 0, 0};
    calltap_wav *wav = NULL;
    calltap_sink sink;
    calltap_frame given = a_frame(0);
    uint32_t number = 7;
    int releases = 0, fd = -1;
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;
    sink.context = &releases;
    sink.release = released;

    ANSWERS(CALLTAP_OK, calltap_engine_event_fd(engine, &fd, NULL));
    ANSWERS(CALLTAP_OK, calltap_wav_open(folder, &wav, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &sink_spec, &sink, &number, NULL));
    CHECK(number == 0);
    ANSWERS(CALLTAP_OK, calltap_call_add_wav(call, wav, NULL, &number, NULL));
    CHECK(number == 1);
    CHECK(calltap_call_notice_started(call, "en", 0, NULL) >= 0);
    CHECK(calltap_leg_push(caller, &given) >= 0);
    CHECK(calltap_leg_push(agent, &given) >= 0);
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    calltap_wav_destroy(&wav);
    calltap_leg_destroy(&agent);
    calltap_leg_destroy(&caller);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    calltap_policy_destroy(&policy);
    CHECK(releases == 1);
}

int main(void)
{
    char folder[] = "/tmp/calltap-rounds-XXXXXX";
    int threads, descriptors;
    CHECK(mkdtemp(folder) != NULL);
    /* What the first round needs for the process, as the system's libraries do, stays. */
    round_of_everything(folder);
    settles("/proc/self/task", entries("/proc/self/task"));
    threads = entries("/proc/self/task");
    descriptors = entries("/proc/self/fd");
    for (int round = 0; round < 50; round++) {
        round_of_everything(folder);
    }
    settles("/proc/self/task", threads);
    settles("/proc/self/fd", descriptors);
    /* Of its own: the program's thread, "." and "..". */
    CHECK(threads == 3);
    CHECK(remove(folder) == 0);
    return 0;
}
