/* A sink that calls functions of its own call from inside of a callback: they act, and answer at once. */
#include "scene.h"

static struct {
    calltap_engine *engine;
    calltap_call *call;
    int done;
    int releases;
} scene;

static void released(void *context)
{
    (void)context;
    __atomic_add_fetch(&scene.releases, 1, __ATOMIC_SEQ_CST);
}

static int32_t idle(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    return 0;
}

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    calltap_sink_spec sink_spec = {sizeof(sink_spec), CALLTAP_MONITOR, 0, 0, 0};
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_AGENT);
    calltap_leg *leg = NULL;
    calltap_ledger ledger;
    calltap_sink sink;
    uint32_t number = 9, count = 9;
    uint64_t began = now_ns();
    (void)context, (void)state, (void)audio;
    if (scene.done) {
        return 0;
    }
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = idle;
    sink.release = released;

    ANSWERS(CALLTAP_OK, calltap_call_decision(scene.call, CALLTAP_RECORD, &decision, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_digits_are_data(scene.call, 1, 0, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_digits_are_data(scene.call, 0, 0, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_digit(scene.call, 0, '5', 0, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_add_sink(scene.call, &sink_spec, &sink, &number, NULL));
    CHECK(number == 0 && scene.releases == 0);
    ANSWERS(CALLTAP_E_STATE, calltap_call_open_leg(scene.call, &leg_spec, &leg, NULL));
    CHECK(leg == NULL);
    ANSWERS(CALLTAP_PENDING, calltap_call_ledger(scene.call, 0, &ledger, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_sink_ledger(scene.call, 0, 0, &ledger, NULL));
    CHECK(ledger.pushed == 0);
    ANSWERS(CALLTAP_PENDING, calltap_call_permitted(scene.call, CALLTAP_RECORD, 0, NULL, 0, &count, NULL));
    CHECK(count == 0);
    ANSWERS(CALLTAP_PENDING, calltap_call_holds_audio(scene.call, CALLTAP_RECORD, &count, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_pause(scene.call, 0, 60000, NULL, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_resume(scene.call, 0, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_withdraw(scene.call, "agent", 0, 60000, NULL, NULL));
    ANSWERS(CALLTAP_PENDING, calltap_call_end(scene.call, 0, 60000, NULL, NULL));
    /* Each would have waited for a minute. */
    CHECK(now_ns() - began < 30000 * MS);
    __atomic_store_n(&scene.done, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void run(uint32_t how)
{
    calltap_policy *policy = a_policy();
    calltap_engine_config config;
    calltap_sink_spec spec = {sizeof(spec), CALLTAP_RECORD, 0, 0, 0};
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    struct stream caller = {NULL, 0, 0};
    calltap_sink sink;
    uint64_t give_up = now_ns() + 60000 * MS;
    memset(&config, 0, sizeof(config));
    config.struct_size = sizeof(config);
    config.deadline_ms = 60000;
    /* No writer and no worker is replaced while valgrind takes its time. */
    config.stuck_after_ms = 600000;
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;
    sink.release = released;
    spec.run = how;

    scene.done = scene.releases = 0;
    ANSWERS(CALLTAP_OK, calltap_engine_create(&config, policy, &scene.engine, NULL));
    scene.call = a_call(scene.engine);
    caller.leg = a_leg(scene.call, CALLTAP_CALLER);
    ANSWERS(CALLTAP_OK, calltap_call_add_sink(scene.call, &spec, &sink, NULL, NULL));
    permitted(scene.call, &caller, CALLTAP_RECORD);
    /* What was told inside is done after it: the caller withdrew. */
    do {
        CHECK(now_ns() < give_up);
        pace(&caller);
        nap(5 * MS);
        ANSWERS(CALLTAP_OK, calltap_call_decision(scene.call, CALLTAP_RECORD, &decision, NULL));
    } while (decision.reason != CALLTAP_REASON_WITHDRAWN);
    CHECK(__atomic_load_n(&scene.done, __ATOMIC_SEQ_CST) == 1);

    calltap_leg_destroy(&caller.leg);
    calltap_call_destroy(&scene.call);
    calltap_engine_destroy(&scene.engine);
    calltap_policy_destroy(&policy);
    CHECK(scene.releases == 1);
}

int main(void)
{
    run(CALLTAP_RUN_DIRECT);
    run(CALLTAP_RUN_QUEUED);
    return 0;
}
