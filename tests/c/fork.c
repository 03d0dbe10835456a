/* After fork() the child gets a status from everything, and no audio; it may make an engine of its own. The parent goes
 * on as if nothing had been. */
#include "scene.h"

#include <sys/wait.h>
#include <unistd.h>

static int frames;

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    __atomic_add_fetch(&frames, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void release(void *context)
{
    (void)context;
    CHECK(!"nothing was lent");
}

static void child(calltap_engine *engine, calltap_call *call, calltap_leg *leg)
{
    calltap_call_spec spec = a_call_spec();
    calltap_call *other = NULL;
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_CALLER);
    calltap_leg *other_leg = NULL;
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_engine_counters counters = {sizeof(counters), 0, 0, 0, 0, 0, 0, 0, 0, 0};
    calltap_ledger ledger;
    calltap_event event;
    calltap_frame given = a_frame(0);
    uint8_t packet[172] = {0x80, 8, 0, 1};
    void *data = NULL;
    uint32_t room = 0;
    int fd = -1, before = frames;
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);
    memset(&event, 0, sizeof(event));
    event.struct_size = sizeof(event);

    ANSWERS(CALLTAP_E_STATE, calltap_leg_push(leg, &given));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_push_rtp(leg, packet, sizeof(packet), now_ns()));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_reserve(leg, &data, &room));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_commit(leg, &given));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_lend(leg, &given, release, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_digit(leg, '9', 0, 0));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_hold(leg, 1, now_ns()));

    ANSWERS(CALLTAP_E_STATE, calltap_call_notice_started(call, "en", 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_pause(call, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_withdraw(call, "agent", 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_end(call, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_decision(call, CALLTAP_RECORD, &decision, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_ledger(call, 0, &ledger, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_open_leg(call, &leg_spec, &other_leg, NULL));

    ANSWERS(CALLTAP_E_STATE, calltap_call_start(engine, &spec, NULL, NULL, &other, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_engine_counters_read(engine, &counters, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_engine_next_event(engine, &event, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_engine_event_fd(engine, &fd, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_engine_shutdown(engine, 0, NULL));

    calltap_leg_destroy(&leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);

    engine = an_engine(NULL);
    call = a_call(engine);
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    CHECK(frames == before);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    struct stream caller = {a_leg(call, CALLTAP_CALLER), 0, 0};
    calltap_sink_spec spec = {sizeof(spec), CALLTAP_RECORD, 0, 0, CALLTAP_RUN_DIRECT};
    calltap_sink sink;
    uint64_t give_up;
    int before, status = -1;
    pid_t process;
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;

    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &spec, &sink, NULL, NULL));
    permitted(call, &caller, CALLTAP_RECORD);
    process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        child(engine, call, caller.leg);
        _exit(0);
    }
    CHECK(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    before = __atomic_load_n(&frames, __ATOMIC_SEQ_CST);
    give_up = now_ns() + 60000 * MS;
    while (__atomic_load_n(&frames, __ATOMIC_SEQ_CST) < before + 3) {
        CHECK(now_ns() < give_up);
        pace(&caller);
        nap(5 * MS);
    }
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    calltap_leg_destroy(&caller.leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    calltap_policy_destroy(&policy);
    return 0;
}
